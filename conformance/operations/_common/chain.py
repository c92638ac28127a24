"""The linear chain in float64: the forward algorithm, a path's score, their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import select_valid, to_float64
from conformance.trial.draw import GARBAGE, LOGITS, SIGNALS, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from conformance.trial.batch import Array, Batch

TAGS = 3
ROWS = 8
PARTS = ("emissions", "transitions", "start", "end")
"""What a path's score is made of."""

FREE = ("transitions",)
"""The weights of a chain without start and end scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """The logs of the sums over a row's paths, tag by tag.

    Attributes:
        emissions: The row's valid emissions, ``[n, K]``.
        transitions: ``[K, K]``.
        ahead: Up to each position, its emission included, ``[n, K]``.
        behind: From behind each position to the end, ``[n, K]``.
        whole: Over all paths; 0 without a position.
    """

    emissions: Array
    transitions: Array
    ahead: Array
    behind: Array
    whole: float


def generate_emissions(draw: Draw, mask: Array) -> Array:
    """Return emissions ``[B, T, K]`` with garbage at padding."""
    shape = (*mask.shape, TAGS)
    valid = draw.rows_of(LOGITS, shape)
    return fill_padding(valid, draw.rows_of(GARBAGE, shape), mask)


def draw_weights(draw: Draw) -> dict[str, Array]:
    """Return transitions, start and end, told apart so that few paths tie."""
    rank = np.arange(TAGS, dtype=np.float64)
    apart = (rank[:, None] * TAGS + rank) / 16
    return {
        "transitions": draw.of(SIGNALS[1], (TAGS, TAGS)) + apart,
        "start": draw.of(SIGNALS[1], (TAGS,)) + rank / 64,
        "end": draw.of(SIGNALS[1], (TAGS,)) + rank / 256,
    }


def weights(batch: Batch) -> tuple[Array, Array, Array]:
    """Return transitions, start and end in float64, zeros where there is none."""
    transitions = to_float64(batch.weights["transitions"])
    none = np.zeros(len(transitions))
    start, end = (batch.weights.get(name, none) for name in ("start", "end"))
    return transitions, to_float64(start), to_float64(end)


def choose_weights(draw: Draw, ends: str) -> dict[str, Array]:
    """Return transitions, and start and end unless the chain's ends are free."""
    drawn = draw_weights(draw)
    return {name: drawn[name] for name in drawn if ends == "scored" or name in FREE}


def log_partition(batch: Batch, dtype: str) -> tuple[Array, Array]:
    """Return the log of the sum over all paths, ``[B]``, and its error in ``dtype``.

    A padded position is no step: what was reached before it stays as it is.
    """
    transitions, start, end = weights(batch)
    emissions = select_valid(batch, "emissions", 0.0)
    p = PRECISIONS[dtype]
    reached = np.zeros((batch.rows, len(start)))
    error = np.zeros_like(reached)
    begun = np.zeros((batch.rows, 1), dtype=bool)
    for t in range(batch.time):
        here, now = batch.mask[:, t, None], emissions[:, t]
        size = np.abs(reached)[:, :, None] + np.abs(transitions)
        size = size + np.abs(now)[:, None]
        # An implementation may add the emission before the sum or behind it.
        carried = error[:, :, None] + 2 * p.u * size
        total, own = log_sum(reached[:, :, None] + transitions, carried, dtype)
        new = np.where(begun, total + now, start + now)
        first = p.u * (np.abs(start) + np.abs(now))
        own = np.where(begun, own + p.u * (np.abs(total) + np.abs(now)), first)
        reached = np.where(here, new, reached)
        error = np.where(here, own, error)
        begun |= here
    carried = error + p.u * (np.abs(reached) + np.abs(end))
    value, own = log_sum((reached + end)[:, :, None], carried[:, :, None], dtype)
    return np.where(begun, value, 0.0)[:, 0], np.where(begun, own, 0.0)[:, 0]


def log_sum(scores: Array, error: Array, dtype: str) -> tuple[Array, Array]:
    """Return log sum exp over axis 1, and its error given that of the scores."""
    p = PRECISIONS[dtype]
    top = scores.max(axis=1, keepdims=True)
    finite = np.where(np.isfinite(top), top, 0.0)
    power = np.exp(scores - finite)
    total = power.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(power > 0, power / total, 0.0)
        log = np.log(total)
        value = (finite + log)[:, 0]
        distance = np.where(power > 0, finite - scores, 0.0)
        moved = np.where(power > 0, share * (error + p.u * distance), 0.0)
        own = p.u * (4 + 4 * np.abs(log[:, 0]) + np.abs(value))
    terms = scores.shape[1]
    return value, moved.sum(axis=1) + own + terms * (p.v + p.eta)


def path_score(batch: Batch, tags: Array) -> tuple[Array, Array]:
    """Return the score of a path for each row, ``[B]``, and its terms' magnitude."""
    transitions, start, end = weights(batch)
    emissions = select_valid(batch, "emissions", 0.0)
    score, size = np.zeros(batch.rows), np.zeros(batch.rows)
    rows = np.arange(batch.rows)
    labels = np.where(batch.mask, tags, 0).astype(np.int64)
    before = np.zeros(batch.rows, dtype=np.int64)
    begun = np.zeros(batch.rows, dtype=bool)
    for t in range(batch.time):
        here, tag = batch.mask[:, t], labels[:, t]
        step = np.where(begun, transitions[before, tag], start[tag])
        now = emissions[rows, t, tag]
        score = np.where(here, score + (step + now), score)
        size = np.where(here, size + np.abs(step) + np.abs(now), size)
        before = np.where(here, tag, before)
        begun |= here
    score = np.where(begun, score + end[before], 0.0)
    return score, np.where(begun, size + np.abs(end[before]), 0.0)


def sum_paths(batch: Batch, row: int) -> Sums:
    """Return the sums over one row's paths from both of its ends."""
    transitions, start, end = weights(batch)
    emissions = select_valid(batch, "emissions", 0.0)[row, batch.mask[row]]
    ahead, behind = np.zeros_like(emissions), np.zeros_like(emissions)
    n, whole = len(emissions), 0.0
    if n:
        ahead[0], behind[-1] = start + emissions[0], end
        for t in range(1, n):
            ahead[t] = add_logs(ahead[t - 1][:, None] + transitions, 0) + emissions[t]
            back = n - 1 - t
            reached = transitions + emissions[back + 1] + behind[back + 1]
            behind[back] = add_logs(reached, 1)
        whole = float(add_logs(ahead[-1] + end, 0))
    return Sums(
        emissions=emissions,
        transitions=transitions,
        ahead=ahead,
        behind=behind,
        whole=whole,
    )


def count_shares(sums: Sums) -> dict[str, Array]:
    """Return how often all paths, each by its share, use each part of the score."""
    n, width = sums.emissions.shape
    share = {
        "emissions": np.exp(sums.ahead + sums.behind - sums.whole),
        "transitions": np.zeros((width, width)),
        "start": np.zeros(width),
        "end": np.zeros(width),
    }
    if n:
        share["start"], share["end"] = share["emissions"][0], share["emissions"][-1]
    for t in range(1, n):
        share["transitions"] += share_pairs(sums, t)
    return share


def share_pairs(sums: Sums, t: int) -> Array:
    """Return the share of the paths from each tag at t - 1 to each at t, ``[K, K]``."""
    pair = sums.ahead[t - 1][:, None] + sums.transitions
    pair = pair + sums.emissions[t] + sums.behind[t]
    return np.asarray(np.exp(pair - sums.whole))


def bound_shares(n: int, size: float) -> float:
    """Return the relative error in float64 of a path's share.

    It is a product of one softmax for each step. Each is off by what the scores before
    it carry, at most (n + 1) of their roundings, and by its own.
    """
    u = PRECISIONS["float64"].u
    return n * (n + 1) * (4 * size + 16 + 2 * TAGS) * u


def measure_row(batch: Batch, row: int) -> float:
    """Return the largest magnitude that a score of one row's chain can have."""
    transitions, start, end = (np.abs(each) for each in weights(batch))
    largest = [float(each.max(initial=0.0)) for each in (transitions, start, end)]
    n = int(batch.counts[row])
    emissions = np.abs(select_valid(batch, "emissions", 0.0)[row]).max(initial=0.0)
    return n * (float(emissions) + max(largest) + math.log(TAGS)) + max(largest)


def add_logs(scores: Array, axis: int) -> Array:
    """Return log sum exp over an axis, minus infinity where all scores are."""
    top = scores.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.exp(scores - top).sum(axis=axis)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(total) + top.squeeze(axis))


def add_parts(
    found: dict[str, Array], batch: Batch, row: int, parts: dict[str, Array]
) -> None:
    """Add one row's parts to what all rows have of the parts in ``found``."""
    for name in tuple(found):
        if name == "emissions":
            found[name][row, batch.mask[row]] = parts[name]
        else:
            found[name] += parts[name]


def no_parts(batch: Batch) -> dict[str, Array]:
    """Return zeros of the shape of each part that the chain has."""
    given = {**batch.arrays, **batch.weights}
    return {name: np.zeros(given[name].shape) for name in PARTS if name in given}


def score_best(batch: Batch) -> Array:
    """Return the score of each row's best path, ``[B]``; 0 for an empty row."""
    transitions, start, end = weights(batch)
    emissions = select_valid(batch, "emissions", 0.0)
    best = np.zeros(batch.rows)
    for row in np.flatnonzero(batch.counts):
        first, *others = emissions[row, batch.mask[row]]
        reached = start + first
        for now in others:
            reached = (reached[:, None] + transitions).max(axis=0) + now
        best[row] = (reached + end).max()
    return best
