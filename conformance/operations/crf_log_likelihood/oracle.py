"""The exact ``crf_log_likelihood`` in float64, its error bound and its derivative."""

from __future__ import annotations

from itertools import pairwise
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
    return solve(options, batch, "float64")[0]


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    The partition's running error, the path's sum in any order, their difference and
    the store.
    """
    return solve(options, batch, dtype)[1]


def solve(options: Mapping[str, str], batch: Batch, dtype: str) -> tuple[Array, Array]:
    """Return both, in one pass over the paths."""
    del options
    p = PRECISIONS[dtype]
    score, size = chain.path_score(batch, batch.arrays["tags"])
    whole, error = chain.log_partition(batch, dtype)
    found = np.asarray(score - whole)
    total = error + (2 * batch.counts + 2) * p.u * size
    total = total + 2 * p.u * np.abs(found) + p.eta
    return found, np.asarray(p.factor * np.where(batch.counts > 0, total, p.eta))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return what the path has of each parameter minus what all paths have of it."""
    del options
    found = chain.no_parts(batch)
    for row in range(batch.rows):
        taken, share = _count_uses(batch, row)
        parts = {name: cotangent[row] * (taken[name] - share[name]) for name in found}
        chain.add_parts(found, batch, row, parts)
    return found


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64."""
    del options
    p = PRECISIONS["float64"]
    found = chain.no_parts(batch)
    for row in range(batch.rows):
        taken, share = _count_uses(batch, row)
        n = int(batch.counts[row])
        relative = chain.bound_shares(n, chain.measure_row(batch, row))
        parts = {}
        for name in found:
            total = share[name] * relative + 4 * (n + 1) * p.u * taken[name] + p.eta
            total = total if n else 0.0 * total
            parts[name] = p.factor * np.abs(cotangent[row]) * total
        chain.add_parts(found, batch, row, parts)
    for name in found.keys() - {"emissions"}:
        found[name] *= 1 + batch.rows * p.u
    return found


def _count_uses(batch: Batch, row: int) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return how often one row's path, and all paths by their share, use each part."""
    sums = chain.sum_paths(batch, row)
    tags = batch.arrays["tags"][row, batch.mask[row]]
    share = chain.count_shares(sums)
    taken = {name: np.zeros_like(each) for name, each in share.items()}
    ones = np.eye(sums.emissions.shape[1])
    taken["emissions"] = ones[tags]
    if len(tags):
        taken["start"], taken["end"] = ones[tags[0]], ones[tags[-1]]
    for before, after in pairwise(tags):
        taken["transitions"][before, after] += 1
    return taken, share
