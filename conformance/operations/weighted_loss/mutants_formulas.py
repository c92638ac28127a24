"""A weighted loss over an array namespace, which the mutants change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean, read_mask
from conformance.operations._common.losses import reduce_losses
from conformance.operations.masked_loss.mutants_formulas import positions

if TYPE_CHECKING:
    from collections.abc import Callable


def correct(xp: Any, p: Any, t: Any, mask: Any, *, weight: Any, **how: Any) -> Any:
    """Return the loss over the valid positions, 0 where nothing weighs."""
    return weigh(xp, p, t, read_mask(xp, p, mask), weight=weight, **how)


def weigh(
    xp: Any,
    p: Any,
    t: Any,
    keep: Any,
    *,
    weight: Any,
    kind: str,
    reduction: str,
    reduce: Callable[..., Any] | None = None,
) -> Any:
    """Return the loss for a mask of booleans.

    Args:
        xp: The array namespace.
        p: Predictions or logits.
        t: Targets or labels.
        keep: The mask as booleans.
        weight: The weights ``[B, T]``.
        kind: The variant's kind.
        reduction: The variant's reduction.
        reduce: Instead of :func:`divide`, ``(xp, losses, share, keep, reduction)``.
    """
    losses = positions(xp, p, t, keep, kind)
    share = clean(xp, weight, keep)
    found = (reduce or divide)(xp, losses, share, keep, reduction)
    return xp.astype(found, p.dtype)


def divide(xp: Any, losses: Any, share: Any, keep: Any, reduction: str) -> Any:
    """Return weighed losses, reduced as they should be.

    Args:
        xp: The array namespace.
        losses: Each position's loss without its weight, zero at padding.
        share: The weights, zero at padding.
        keep: The mask as booleans.
        reduction: The variant's reduction.
    """
    weighed = losses * share
    if reduction == "by_count":
        return reduce_losses(xp, weighed, keep, "mean")
    if reduction == "by_weights":
        return reduce_losses(xp, weighed, keep, "weighted_mean", share)
    if reduction == "by_nonzero":
        worth = count_nonzero(xp, share)
        return reduce_losses(xp, weighed, keep, "weighted_mean", worth)
    return reduce_losses(xp, weighed, keep, reduction)


def count_nonzero(xp: Any, share: Any) -> Any:
    """Return 1 where a weight is not zero."""
    return xp.astype(share != 0, share.dtype)


def divide_by(xp: Any, weighed: Any, total: Any) -> Any:
    """Return the sum of weighed losses over a total, which may be zero."""
    return xp.sum(weighed) / xp.where(total == 0, xp.ones_like(total), total)
