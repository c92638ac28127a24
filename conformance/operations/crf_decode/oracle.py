"""The exact ``crf_decode`` in float64, and where rounding cannot change a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common import chain
from conformance.operations._common.oracle import select_valid
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 16
UNDECIDED = True
"""Whether an infinite bound says that more than one answer is right."""


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, emissions ``[B, T, K]``."""
    del options
    return {"emissions": chain.generate_emissions(draw, mask)}


def generate_weights(options: Mapping[str, str], draw: Draw) -> dict[str, Array]:
    """Return transitions ``[K, K]``, start ``[K]`` and end ``[K]``."""
    del options
    return chain.draw_weights(draw)


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the tags of a best path, ``[B, T]``, and 0 at padding."""
    del options
    tags = np.zeros(batch.mask.shape)
    for row in range(batch.rows):
        tags[row, batch.mask[row]] = best_path(batch, row)
    return tags


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return 0 where one tag alone can be right in ``dtype``, else infinity.

    Each path's score is off by at most its rounding; what is best among the rounded
    ones is worse than the best by at most twice that.
    """
    del options
    allowed = np.zeros(batch.mask.shape)
    slack = 2 * rounding(batch, dtype)
    for row in range(batch.rows):
        best = np.sort(_through(batch, row), axis=1)
        with np.errstate(invalid="ignore"):  # two that are minus infinity
            sure = best[:, -1] - best[:, -2] > slack[row] if best.shape[1] > 1 else True
        allowed[row, batch.mask[row]] = np.where(sure, 0.0, np.inf)
    return allowed


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return nothing: tags have no derivative."""
    del options, batch, cotangent
    return {}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return nothing: tags have no derivative."""
    del options, batch, cotangent
    return {}


def rounding(batch: Batch, dtype: str) -> Array:
    """Return how far the score of any path may be off, ``[B]``."""
    p = PRECISIONS[dtype]
    transitions, start, end = (
        np.abs(np.where(np.isfinite(each), each, 0.0)) for each in chain.weights(batch)
    )
    n = batch.counts
    emissions = select_valid(batch, "emissions", 0.0)
    # What is forbidden by minus infinity is on no path that matters.
    size = np.abs(np.where(np.isfinite(emissions), emissions, 0.0))
    size = size.max(axis=2).sum(axis=1)
    size = size + np.maximum(n - 1, 0) * transitions.max() + start.max() + end.max()
    return np.asarray(p.factor * ((2 * n + 2) * p.u * size + p.eta))


def best_path(batch: Batch, row: int) -> Array:
    """Return the tags of one row's best path at its valid positions."""
    transitions, start, end = chain.weights(batch)
    scores = select_valid(batch, "emissions", 0.0)[row, batch.mask[row]]
    if not len(scores):
        return np.zeros(0)
    reached, came = start + scores[0], []
    for now in scores[1:]:
        steps = reached[:, None] + transitions
        came.append(steps.argmax(axis=0))
        reached = steps.max(axis=0) + now
    path = [int(np.argmax(reached + end))]
    for step in reversed(came):
        path.append(int(step[path[-1]]))
    return np.asarray(path[::-1])


def _through(batch: Batch, row: int) -> Array:
    """Return the best score of any path through each tag, ``[n, K]``."""
    transitions, start, end = chain.weights(batch)
    scores = select_valid(batch, "emissions", 0.0)[row, batch.mask[row]]
    ahead, behind = np.zeros_like(scores), np.zeros_like(scores)
    n = len(scores)
    for t in range(n):
        step = (ahead[t - 1][:, None] + transitions).max(axis=0) if t else start
        ahead[t] = step + scores[t]
    for t in range(n - 1, -1, -1):
        last = t == n - 1
        behind[t] = (
            end if last else (transitions + scores[t + 1] + behind[t + 1]).max(axis=1)
        )
    whole: Array = ahead + behind
    return whole
