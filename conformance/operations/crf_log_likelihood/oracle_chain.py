"""The linear chain in float64: the forward algorithm, a path's score, their errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import select_valid, to_float64
from conformance.trial.draw import GARBAGE, LOGITS, SIGNALS, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from conformance.trial.batch import Array, Batch

TAGS = 3
ROWS = 8


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
    """Return transitions, start and end in float64."""
    return (
        to_float64(batch.weights["transitions"]),
        to_float64(batch.weights["start"]),
        to_float64(batch.weights["end"]),
    )


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
