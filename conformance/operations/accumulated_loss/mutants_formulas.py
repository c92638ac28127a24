"""A loss in micro-batches over an array namespace, which the mutants change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import count, lengths, read_mask
from conformance.operations._common.losses import at_least_one
from conformance.operations.masked_loss.mutants_formulas import positions

if TYPE_CHECKING:
    from collections.abc import Callable


def correct(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Return the loss, 0 where nothing counts."""
    return accumulate(xp, p, t, read_mask(xp, p, mask), **how)


def accumulate(
    xp: Any,
    p: Any,
    t: Any,
    keep: Any,
    *,
    part: Callable[..., Any] | None = None,
    pair: Callable[..., Any] | None = None,
    **how: Any,
) -> Any:
    """Return the sum of what the micro-batches add.

    Args:
        xp: The array namespace.
        p: Logits ``[B, T, C]``.
        t: Labels ``[B, T]``.
        keep: The mask as booleans.
        part: Instead of :func:`divide`, what a micro-batch adds.
        pair: Instead of :func:`predict`, which logits predict which labels.
        how: The variant's keywords.
    """
    z, y, keep = (pair or predict)(p, t, keep, how["labels"])
    losses = positions(xp, z, y, keep, "cross_entropy")
    total = xp.zeros_like(xp.sum(losses))
    for first in range(0, p.shape[0], how["rows"]):
        micro = slice(first, first + how["rows"])
        total = total + (part or divide)(xp, losses[micro], keep[micro], keep, **how)
    return xp.astype(total, p.dtype)


def predict(p: Any, t: Any, keep: Any, labels: str) -> tuple[Any, Any, Any]:
    """Return logits, the labels that they predict, and which of them count."""
    if labels == "same":
        return p, t, keep
    return p[:, :-1], t[:, 1:], keep[:, :-1] & keep[:, 1:]


def divide(
    xp: Any, losses: Any, keep: Any, whole: Any, *, reduction: str, **how: Any
) -> Any:
    """Return what a micro-batch adds: its share of the whole batch's loss.

    Args:
        xp: The array namespace.
        losses: The micro-batch's losses.
        keep: What of it counts.
        whole: What counts in the whole batch, or whatever is counted instead.
        reduction: The variant's reduction.
        how: The variant's other keywords.
    """
    if reduction == "seq_mean_token_mean":
        losses = losses / count(xp, keep, losses)
    total = xp.sum(losses)
    if reduction == "token_mean":
        return total / at_least_one(xp, lengths(xp, whole), losses)
    if reduction.startswith("seq"):
        there = xp.astype(xp.any(whole, axis=1), xp.int32)
        total = total / at_least_one(xp, there, losses)
    return total / how["length"] if reduction.endswith("norm") else total
