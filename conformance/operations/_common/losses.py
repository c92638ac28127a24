"""What the mutants of losses are made of: right reductions, in an array namespace."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import count, lengths


def reduce_losses(
    xp: Any, losses: Any, keep: Any, reduction: str, worth: Any = None
) -> Any:
    """Return the losses, reduced as they should be.

    Args:
        xp: The array namespace.
        losses: Each position's loss ``[B, T]``, zero at padding.
        keep: The mask as booleans.
        reduction: The variant's reduction.
        worth: What each position counts in a weighted mean, ``[B, T]``, zero at
            padding.
    """
    if reduction == "none":
        return losses
    if reduction == "sum":
        return xp.sum(losses)
    if reduction == "mean":
        return xp.sum(losses) / at_least_one(xp, lengths(xp, keep), losses)
    if reduction == "weighted_mean":
        total = xp.sum(worth)
        return xp.sum(losses) / xp.where(total > 0, total, xp.ones_like(total))
    means = xp.sum(losses, axis=1) / count(xp, keep, losses[:, 0])
    there = xp.astype(xp.any(keep, axis=1), xp.int32)
    return xp.sum(means) / at_least_one(xp, there, losses)


def at_least_one(xp: Any, numbers: Any, like: Any) -> Any:
    """Return the sum of counts, at least 1, in the dtype of the losses."""
    total = xp.sum(numbers)
    return xp.astype(xp.where(total > 0, total, 1), like.dtype)
