"""The exact ``moe_routing`` in float64: losses of what is chosen, weights of seats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.loss_oracle import bound_reduced, reduce_losses
from conformance.operations.moe_routing.oracle_choice import (
    fill_seats,
    find_log_sums,
    route,
    weigh_chosen,
)
from conformance.trial.draw import GARBAGE, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.operations.moe_routing.oracle_choice import Routed
    from conformance.trial.batch import Array, Batch

ROWS = 5
EXPERTS = 4
UNDECIDED = True
"""Whether an infinite bound says that more than one answer is right."""

_LEVELS = (
    (2, 1, 0, -1),
    (-1, -3, -5.5, -8),
    (1.7, 0.5, -1 / 3, -1.3),
    (0.75, 0.25, -0.25, -0.75),
    (8, 3, -2, -9),
)
"""A position's logits in some order, far enough apart to be told apart as shares."""

_OFFSETS = (0, 1, -2, 3.5, -6, 10, 0.5, -0.25)


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return logits ``[B, T, E]`` that differ at each position, garbage at padding."""
    del options
    rows, time = mask.shape
    shape = (rows, time, EXPERTS)
    tiers = draw.below(len(_LEVELS), rows)
    order = np.argsort(draw.below(1 << 30, shape), axis=2, kind="stable")
    levels = np.asarray(_LEVELS)[tiers][:, None]
    levels = np.take_along_axis(np.broadcast_to(levels, shape), order, axis=2)
    valid = levels + draw.of(_OFFSETS, (rows, time, 1))
    return {"logits": fill_padding(valid, draw.rows_of(GARBAGE, shape), mask)}


def enlarge(options: Mapping[str, str], old: Array, large: Array) -> Array:
    """Return logits as large, of which no two are equal: each keeps its rank."""
    del options
    rank = np.argsort(np.argsort(-old, axis=2, kind="stable"), axis=2, kind="stable")
    return np.asarray(large * (1 - rank / 8))


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact loss, ``[]``, 0 without valid positions; or the weights."""
    if options["part"] == "z_loss":
        squares = find_log_sums(batch, "float64")[0] ** 2
        return reduce_losses("mean", batch, squares)
    routed = route(options, batch, "float64")
    if options["part"] == "balance":
        picked, likely = _fractions(routed, batch)
        return np.asarray(batch.arrays["logits"].shape[2] * (picked * likely).sum())
    weight = weigh_chosen(options, batch, routed, "float64")[0]
    return np.where(fill_seats(options, routed), weight, 0.0)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    p = PRECISIONS[dtype]
    if options["part"] == "z_loss":
        logs, error = find_log_sums(batch, dtype)
        each = 2 * np.abs(logs) * error + p.u * logs**2
        return bound_reduced("mean", batch, dtype, logs**2, each)
    routed = route(options, batch, dtype)
    if options["part"] == "balance":
        return _bound_balance(routed, batch, dtype)
    error = weigh_chosen(options, batch, routed, dtype)[1]
    found = np.where(fill_seats(options, routed), error, 0.0)
    return np.where(_undecided(routed), np.inf, found)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through the logits; none of it goes through a choice."""
    routed = route(options, batch, "float64")
    if options["part"] == "dispatch":
        weight = weigh_chosen(options, batch, routed, "float64")[0]
        pulled = np.where(fill_seats(options, routed), cotangent, 0.0)
        inner = (weight * pulled).sum(axis=2, keepdims=True)
        return {"logits": weight * (pulled - inner)}
    number = _number(batch)
    if options["part"] == "z_loss":
        logs = find_log_sums(batch, "float64")[0][..., None]
        return {"logits": 2 * logs * routed.share * (cotangent / number)}
    picked = _fractions(routed, batch)[0]
    inner = (routed.share * picked).sum(axis=2, keepdims=True)
    scale = routed.share.shape[2] * cotangent / number
    return {"logits": scale * routed.share * (picked - inner)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64: the shares' own, carried."""
    p = PRECISIONS["float64"]
    routed = route(options, batch, "float64")
    here = batch.mask[..., None]
    width = routed.share.shape[2]
    if options["part"] == "dispatch":
        weight, error = weigh_chosen(options, batch, routed, "float64")
        pulled = np.where(fill_seats(options, routed), np.abs(cotangent), 0.0)
        found = _carry(weight, error, pulled, (width + 6) * p.u)
        found = np.where(_undecided(routed), np.inf, found + p.eta)
        return {"logits": np.where(here, found, 0.0)}
    number, g = _number(batch), abs(float(cotangent))
    if options["part"] == "z_loss":
        logs, off = (each[..., None] for each in find_log_sums(batch, "float64"))
        found = 2 * (off * routed.share + np.abs(logs) * routed.error)
        found = (found + 12 * p.u * np.abs(logs) * routed.share) * (g / number)
    else:
        picked = np.broadcast_to(_fractions(routed, batch)[0], routed.share.shape)
        found = _carry(routed.share, routed.error, picked, (width + 10) * p.u)
        # Each position that may choose another expert moves its f by one of N.
        moved = routed.unsure.sum(axis=(0, 1)) / number
        inner = (routed.share * moved).sum(axis=2, keepdims=True)
        found = (found + routed.share * (moved + inner)) * (width * g / number)
    return {"logits": np.where(here, p.factor * found + p.eta, 0.0)}


def _number(batch: Batch) -> int:
    return max(int(batch.mask.sum()), 1)


def _fractions(routed: Routed, batch: Batch) -> tuple[Array, Array]:
    """Return f and P of each expert, ``[E]``."""
    number = _number(batch)
    picked = routed.chosen.sum(axis=(0, 1)) / number
    return picked, routed.share.sum(axis=(0, 1)) / number


def _bound_balance(routed: Routed, batch: Batch, dtype: str) -> Array:
    """Return the bound of the balance: shares, sums, and choices that may differ.

    A position that may as well choose other experts moves f, by one of N for each of
    its choices that is open, between experts whose P are known.
    """
    p, number, width = PRECISIONS[dtype], _number(batch), routed.share.shape[2]
    picked, likely = _fractions(routed, batch)
    carried = (picked * routed.error.sum(axis=(0, 1))).sum() / number
    high = np.where(routed.unsure, likely, -np.inf).max(axis=2, initial=-np.inf)
    low = np.where(routed.unsure, likely, np.inf).min(axis=2, initial=np.inf)
    swing = np.where(routed.unsure.any(axis=2), high - low, 0.0)
    open_choices = (routed.chosen & routed.unsure).sum(axis=2)
    moved = (open_choices * swing).sum() / number
    total = width * (picked * likely).sum()
    rounding = ((number + width) * p.v + 4 * p.u) * total + 6 * width * p.eta
    return np.asarray(p.factor * (width * carried + rounding) + width * moved)


def _undecided(routed: Routed) -> Array:
    """Return the valid positions of rows that rounding may send elsewhere."""
    rows = np.asarray(routed.unsure.any(axis=(1, 2)))[:, None, None]
    here = routed.chosen.any(axis=2, keepdims=True)
    return np.broadcast_to(rows & here, routed.share.shape)


def _carry(weight: Array, error: Array, pulled: Array, rounding: float) -> Array:
    """Return how far weight (pulled - sum weight pulled) may be off."""
    size = pulled + (weight * pulled).sum(axis=2, keepdims=True)
    carried = (error * pulled).sum(axis=2, keepdims=True)
    return np.asarray(error * size + weight * carried + rounding * weight * size)
