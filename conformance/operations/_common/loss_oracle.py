"""What the first oracles of losses share: reductions of positions, and their bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import row_counts
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from conformance.trial.batch import Array, Batch


def reduce_losses(
    reduction: str, batch: Batch, losses: Array, worth: Array | None = None
) -> Array:
    """Reduce per-position numbers ``[B, T]`` that are zero at padding.

    Args:
        reduction: The variant's reduction.
        batch: The batch.
        losses: The numbers.
        worth: What each position counts in a weighted mean, 1 by default.
    """
    if reduction == "none":
        return losses
    if reduction == "sum":
        return np.asarray(losses.sum())
    if reduction in {"mean", "weighted_mean"}:
        return np.asarray(losses.sum() / _divisor(batch, worth))
    rows = losses.sum(axis=1) / row_counts(batch, 1)
    return np.asarray(rows.sum() / max(int((batch.counts > 0).sum()), 1))


def bound_reduced(
    reduction: str,
    batch: Batch,
    dtype: str,
    losses: Array,
    each: Array,
    *,
    worth: Array | None = None,
) -> Array:
    """Return how far a right implementation may be off when it has reduced.

    Each position's bound is carried through the reduction, which adds (N + 1) v of
    the magnitudes that it sums; a mean then divides and is stored. Weights of classes
    are few-digit numbers, whose sum is exact.

    Args:
        reduction: The variant's reduction.
        batch: The batch.
        dtype: The dtype of the answer.
        losses: The magnitudes of the positions' losses ``[B, T]``.
        each: The bound of each.
        worth: What each position counts in a weighted mean.
    """
    p = PRECISIONS[dtype]
    each = p.factor * np.where(batch.mask, each, 0.0)
    if reduction == "none":
        return each
    carried = reduce_losses(reduction, batch, each, worth)
    total = reduce_losses(reduction, batch, losses, worth)
    n = batch.counts.sum() + (batch.rows if reduction == "sequence_mean" else 0)
    stored = 2 * p.u * np.abs(total) if p.low else p.u * np.abs(total)
    return np.asarray(carried + p.factor * ((n + 1) * p.v * total + stored + p.eta))


def weigh_positions(
    reduction: str, batch: Batch, cotangent: Array, worth: Array | None = None
) -> Array:
    """Return what each position's loss weighs in the cotangent's product, [B, T]."""
    weight = np.broadcast_to(cotangent, batch.mask.shape).astype(np.float64)
    if reduction in {"mean", "weighted_mean"}:
        weight = weight / _divisor(batch, worth)
    if reduction == "sequence_mean":
        rows = max(int((batch.counts > 0).sum()), 1)
        weight = weight / (row_counts(batch, 2) * rows)
    return np.where(batch.mask, weight, 0.0)


def _divisor(batch: Batch, worth: Array | None) -> float:
    total = float(np.where(batch.mask, 1.0 if worth is None else worth, 0.0).sum())
    return total if total > 0 else 1.0
