"""What positions choose, and where rounding may choose another expert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import select_valid
from conformance.operations.moe_routing import CAPACITY
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch


@dataclass(frozen=True, slots=True)
class Routed:
    """What a batch's positions choose.

    Attributes:
        share: The experts' shares ``[B, T, E]``, zero at padding.
        error: How far each may be off.
        order: The experts of each position, the likeliest first.
        chosen: Which are chosen, ``[B, T, E]``.
        unsure: Which may be chosen or not, since rounding decides.
    """

    share: Array
    error: Array
    order: Array
    chosen: Array
    unsure: Array


def route(options: Mapping[str, str], batch: Batch, dtype: str) -> Routed:
    """Return what the valid positions of a batch choose, as a dtype may see it."""
    share, relative = _soften(batch, dtype)
    p = PRECISIONS[dtype]
    error = np.where(batch.mask[..., None], share * relative + 2 * p.eta, 0.0)
    z = select_valid(batch, "logits", 0.0)
    top = _read_top(options, z)
    order = np.argsort(-z, axis=2, kind="stable")
    # Of two choices, dispatch asks as well which is the first.
    ranks = range(1 if options["part"] == "dispatch" else top, top + 1)
    sure = np.ones_like(share, bool)
    for rank in ranks:
        sure &= _settle(share, p.factor * error, order, rank)
    here = batch.mask[..., None]
    chosen = _pick(order, range(top))
    return Routed(share, error, order, chosen & here, ~sure & here)


def fill_seats(options: Mapping[str, str], routed: Routed) -> Array:
    """Return which choices have a place, ``[B, T, E]``: the first ones of each row."""
    taken = np.zeros((routed.order.shape[0], 1, routed.order.shape[2]))
    seated = np.zeros_like(routed.chosen)
    for rank in range(_read_top(options, routed.order)):
        asks = _pick(routed.order, [rank]) & routed.chosen
        place = taken + np.cumsum(asks, axis=1)
        seated |= asks & (place <= CAPACITY)
        # Second choices queue behind all first ones of their row.
        taken = taken + asks.sum(axis=1, keepdims=True)
    return seated


def weigh_chosen(
    options: Mapping[str, str], batch: Batch, routed: Routed, dtype: str
) -> tuple[Array, Array]:
    """Return what each expert weighs, and how far that may be off, ``[B, T, E]``.

    Of two experts it may be made of their logits, or of their shares among all, whose
    common divisor cancels: a power and its division cost u (d + 6).
    """
    if _read_top(options, routed.order) == 1:
        return routed.share, routed.error
    p = PRECISIONS[dtype]
    z = select_valid(batch, "logits", 0.0)
    distance = z.max(axis=2, keepdims=True) - z
    powers = np.where(routed.chosen, np.exp(-distance), 0.0)
    total = powers.sum(axis=2, keepdims=True)
    weight = powers / np.where(total == 0, 1.0, total)
    mean = (weight * distance).sum(axis=2, keepdims=True)
    error = weight * p.u * (distance + mean + 15) + 4 * p.eta
    return weight, np.where(routed.chosen, error, 0.0)


def find_log_sums(batch: Batch, dtype: str) -> tuple[Array, Array]:
    """Return log sum exp z of each position, and how far it may be off, ``[B, T]``."""
    p = PRECISIONS[dtype]
    z = select_valid(batch, "logits", 0.0)
    top = z.max(axis=2)
    distance = top[..., None] - z
    total = np.exp(-distance).sum(axis=2)
    spread = (np.exp(-distance) * distance).sum(axis=2) / total
    above = np.log(total)
    logs = top + above
    terms = spread + 4 + 4 * above + 2 * np.abs(logs) + np.abs(top)
    error = p.u * terms + z.shape[2] * p.v
    return np.where(batch.mask, logs, 0.0), np.where(batch.mask, error, 0.0)


def _read_top(options: Mapping[str, str], logits: Array) -> int:
    return min(int(options.get("top", "1")), int(logits.shape[2]))


def _soften(batch: Batch, dtype: str) -> tuple[Array, Array]:
    """Return the experts' shares, zero at padding, and their relative error."""
    p = PRECISIONS[dtype]
    z = select_valid(batch, "logits", 0.0)
    distance = z.max(axis=2, keepdims=True) - z
    powers = np.exp(-distance)
    share = powers / powers.sum(axis=2, keepdims=True)
    spread = (share * distance).sum(axis=2, keepdims=True)
    relative = p.u * (distance + spread + 10) + z.shape[2] * p.v
    return np.where(batch.mask[..., None], share, 0.0), relative


def _settle(share: Array, error: Array, order: Array, rank: int) -> Array:
    """Return which experts are surely among the first ``rank``, or surely not."""
    if rank == share.shape[2]:
        return np.ones_like(share, bool)
    last, behind = order[..., rank - 1 : rank], order[..., rank : rank + 1]
    least = np.take_along_axis(share - error, last, axis=2)
    most = np.take_along_axis(share + error, behind, axis=2)
    return np.asarray((share - error > most) | (share + error < least))


def _pick(order: Array, ranks: range | list[int]) -> Array:
    """Return which expert has one of some ranks, ``[B, T, E]``."""
    experts = np.arange(order.shape[2])
    found = np.zeros(order.shape, bool)
    for rank in ranks:
        found |= experts == order[..., rank : rank + 1]
    return found
