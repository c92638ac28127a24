"""The exact ``crf_log_likelihood`` in float64, its error bound and its derivative."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import select_valid
from conformance.operations.crf_log_likelihood import oracle_chain as chain
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = chain.ROWS
PARTS = ("emissions", "transitions", "start", "end")


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``: emissions ``[B, T, K]`` and tags ``[B, T]``."""
    del options
    # A real tag at padding too: what is no tag is a law of its own.
    emissions = chain.generate_emissions(draw, mask)
    return {"emissions": emissions, "tags": draw.below(chain.TAGS, mask.shape)}


def generate_weights(options: Mapping[str, str], draw: Draw) -> dict[str, Array]:
    """Return transitions ``[K, K]``, start ``[K]`` and end ``[K]``."""
    del options
    return chain.draw_weights(draw)


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact log-likelihood ``[B]``; 0 for a row without positions."""
    del options
    score, _ = chain.path_score(batch, batch.arrays["tags"])
    return np.asarray(score - chain.log_partition(batch, "float64")[0])


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    The partition's running error, the path's sum in any order, their difference and
    the store.
    """
    p = PRECISIONS[dtype]
    _, size = chain.path_score(batch, batch.arrays["tags"])
    _, error = chain.log_partition(batch, dtype)
    total = error + (2 * batch.counts + 2) * p.u * size
    total = total + 2 * p.u * np.abs(answer(options, batch)) + p.eta
    return np.asarray(p.factor * np.where(batch.counts > 0, total, p.eta))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return what the path has of each parameter minus what all paths have of it."""
    del options
    found = _zeros(batch)
    for row in range(batch.rows):
        taken, share = _count_uses(batch, row)
        for name in PARTS:
            _add(found, batch, row, name, cotangent[row] * (taken[name] - share[name]))
    return found


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64.

    A path's share is a product of one softmax for each step. Each is off by what the
    scores before it carry, at most (n + 1) of their roundings, and by its own.
    """
    del options
    p = PRECISIONS["float64"]
    found = _zeros(batch)
    largest = [float(np.abs(each).max(initial=0.0)) for each in chain.weights(batch)]
    emissions = np.abs(select_valid(batch, "emissions", 0.0)).max(
        initial=0.0, axis=(1, 2)
    )
    for row in range(batch.rows):
        taken, share = _count_uses(batch, row)
        n = int(batch.counts[row])
        size = n * (emissions[row] + max(largest) + np.log(chain.TAGS)) + max(largest)
        relative = n * (n + 1) * (4 * size + 16 + 2 * chain.TAGS) * p.u
        for name in PARTS:
            total = share[name] * relative + 4 * (n + 1) * p.u * taken[name] + p.eta
            total = total if n else 0.0 * total
            _add(found, batch, row, name, p.factor * np.abs(cotangent[row]) * total)
    for name in PARTS[1:]:
        found[name] *= 1 + batch.rows * p.u
    return found


def _zeros(batch: Batch) -> dict[str, Array]:
    return {
        name: np.zeros({**batch.arrays, **batch.weights}[name].shape) for name in PARTS
    }


def _add(
    found: dict[str, Array], batch: Batch, row: int, name: str, part: Array
) -> None:
    if name == "emissions":
        found[name][row, batch.mask[row]] = part
    else:
        found[name] += part


def _count_uses(batch: Batch, row: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return how often one row's path, and all paths by their share, use each part."""
    one = batch.trim(row)
    transitions, start, end = chain.weights(one)
    emissions = select_valid(one, "emissions", 0.0)[0]
    tags = one.arrays["tags"][0]
    n, width = emissions.shape
    ones = np.eye(width)
    taken = {name: np.zeros_like(each) for name, each in _zeros(one).items()}
    taken["emissions"] = ones[tags]
    share = {name: np.zeros_like(each) for name, each in taken.items()}
    if not n:
        return taken, share
    taken["start"], taken["end"] = ones[tags[0]], ones[tags[-1]]
    for before, after in pairwise(tags):
        taken["transitions"][before, after] += 1
    ahead, behind = np.zeros((n, width)), np.zeros((n, width))
    ahead[0], behind[-1] = start + emissions[0], end
    for t in range(1, n):
        ahead[t] = _log_sum(ahead[t - 1][:, None] + transitions, 0) + emissions[t]
        back = n - 1 - t
        reached = transitions + emissions[back + 1] + behind[back + 1]
        behind[back] = _log_sum(reached, 1)
    whole = _log_sum(ahead[-1] + end, 0)
    share["emissions"] = np.exp(ahead + behind - whole)
    share["start"], share["end"] = share["emissions"][0], share["emissions"][-1]
    for t in range(1, n):
        pair = ahead[t - 1][:, None] + transitions + emissions[t] + behind[t]
        share["transitions"] += np.exp(pair - whole)
    return taken, share


def _log_sum(scores: Array, axis: int) -> Array:
    top = scores.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    total = np.exp(scores - top).sum(axis=axis)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(total) + top.squeeze(axis))
