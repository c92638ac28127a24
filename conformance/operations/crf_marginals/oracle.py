"""The exact ``crf_marginals`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common import chain
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = chain.ROWS


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, emissions ``[B, T, K]``."""
    del options
    return {"emissions": chain.generate_emissions(draw, mask)}


def generate_weights(options: Mapping[str, str], draw: Draw) -> dict[str, Array]:
    """Return transitions ``[K, K]``, and start and end ``[K]`` if ends are scored."""
    return chain.choose_weights(draw, options["ends"])


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact shares, ``[B, T, K]``, zero at padding."""
    del options
    found = np.zeros(batch.arrays["emissions"].shape)
    for row in range(batch.rows):
        sums = chain.sum_paths(batch, row)
        found[row, batch.mask[row]] = np.exp(sums.ahead + sums.behind - sums.whole)
    return found


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    A share is the exponential of what both ends bring and the sum over all paths; each
    carries the roundings of its steps, which are taken in float32 or better.
    """
    del options
    p = PRECISIONS[dtype]
    found = np.zeros(batch.arrays["emissions"].shape)
    for row in range(batch.rows):
        sums = chain.sum_paths(batch, row)
        logs = sums.ahead + sums.behind - sums.whole
        share, carried = np.exp(logs), _count_roundings(batch, sums) * p.v
        if carried < 1:
            each = share * np.expm1(carried)
        else:  # nothing is more than one whole
            grown = np.exp(np.minimum(logs + carried, 0.0))
            each = np.maximum(grown - share, share)
        found[row, batch.mask[row]] = p.factor * (each + 2 * p.u * share + p.eta)
    return found


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the covariance of each part's use with the cotangent's sum over a path.

    It is what the shares become when the cotangent is added to the emissions, a little.
    """
    del options
    found = chain.no_parts(batch)
    for row in range(batch.rows):
        sums, pulled = chain.sum_paths(batch, row), cotangent[row, batch.mask[row]]
        chain.add_parts(found, batch, row, _move_shares(sums, pulled))
    return found


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64.

    A covariance is a difference of sums of shares, each at most the part's share times
    the largest cotangents' sum.
    """
    del options
    p = PRECISIONS["float64"]
    found = chain.no_parts(batch)
    for row in range(batch.rows):
        share = chain.count_shares(chain.sum_paths(batch, row))
        n = int(batch.counts[row])
        pulled = np.abs(cotangent[row, batch.mask[row]]).max(axis=1, initial=0.0).sum()
        relative = chain.bound_shares(n, chain.measure_row(batch, row))
        each = 4 * (relative + 4 * (n + 1) * p.u)
        weight = p.factor * float(pulled)
        parts = {name: weight * (share[name] * each + p.eta) for name in found}
        chain.add_parts(found, batch, row, parts)
    for name in found.keys() - {"emissions"}:
        found[name] *= 1 + batch.rows * p.u
    return found


def _count_roundings(batch: Batch, sums: chain.Sums) -> float:
    """Return the sum of all steps' roundings, in unit roundoffs, twice."""
    width = sums.emissions.shape[1]
    transitions, start, end = map(_largest, chain.weights(batch))
    own = 12 + 2 * width + 4 * np.log(width)
    size = 0.0
    for messages in (sums.ahead, sums.behind):
        reached = np.asarray([_largest(each) for each in messages])
        now = np.asarray([_largest(each) for each in sums.emissions])
        size += float((3 * reached + now).sum())
    n = len(sums.emissions)
    edges = 2 * n * transitions + start + end + 3 * abs(sums.whole)
    return float(2 * (2 * (n + 1) * own + size + edges))


def _largest(array: Array) -> float:
    """Return the largest finite magnitude: what is forbidden is on no path."""
    return float(np.abs(np.where(np.isfinite(array), array, 0.0)).max(initial=0.0))


def _move_shares(sums: chain.Sums, pulled: Array) -> dict[str, Array]:
    """Return how the parts' shares move with the emissions, by ``pulled [n, K]``."""
    share = chain.count_shares(sums)
    moved = {name: np.zeros_like(each) for name, each in share.items()}
    n = len(pulled)
    if not n:
        return moved
    ahead, behind = np.zeros_like(pulled), np.zeros_like(pulled)
    ahead[0] = pulled[0]
    for t in range(1, n):
        steps = sums.ahead[t - 1][:, None] + sums.transitions
        ahead[t] = _weigh(steps, ahead[t - 1][:, None], 0) + pulled[t]
        back = n - 1 - t
        steps = sums.transitions + sums.emissions[back + 1] + sums.behind[back + 1]
        behind[back] = _weigh(steps, pulled[back + 1] + behind[back + 1], 1)
    whole = (share["emissions"][-1] * ahead[-1]).sum()
    moved["emissions"] = share["emissions"] * (ahead + behind - whole)
    moved["start"], moved["end"] = moved["emissions"][0], moved["emissions"][-1]
    for t in range(1, n):
        change = ahead[t - 1][:, None] + pulled[t] + behind[t] - whole
        moved["transitions"] += chain.share_pairs(sums, t) * change
    return moved


def _weigh(scores: Array, moved: Array, axis: int) -> Array:
    """Return the mean of what moved, weighed by the softmax of the scores."""
    top = scores.max(axis=axis, keepdims=True)
    power = np.exp(scores - np.where(np.isfinite(top), top, 0.0))
    total = power.sum(axis=axis)
    return np.asarray((power * moved).sum(axis=axis) / np.where(total > 0, total, 1.0))
