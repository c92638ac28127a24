"""The exact ``crf_partition`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common import chain
from conformance.operations._common.chain_batches import reverse_chain
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
    """Return the exact answers ``[B]``; 0 for a row without positions."""
    return solve(options, batch, "float64")[0]


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    return solve(options, batch, dtype)[1]


def solve(options: Mapping[str, str], batch: Batch, dtype: str) -> tuple[Array, Array]:
    """Return both, in one pass over the paths."""
    del options
    p = PRECISIONS[dtype]
    found, error = chain.log_partition(batch, dtype)
    # An implementation may as well go through the row from its end.
    error = np.maximum(error, chain.log_partition(reverse_chain(batch), dtype)[1])
    total = error + 2 * p.u * np.abs(found) + p.eta
    return found, np.asarray(p.factor * np.where(batch.counts > 0, total, p.eta))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return how often all paths, each by its share, use each part of the score."""
    del options
    found = chain.no_parts(batch)
    for row in range(batch.rows):
        share = chain.count_shares(chain.sum_paths(batch, row))
        parts = {name: cotangent[row] * share[name] for name in found}
        chain.add_parts(found, batch, row, parts)
    return found


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64: that of a path's share."""
    del options
    p = PRECISIONS["float64"]
    found = chain.no_parts(batch)
    for row in range(batch.rows):
        share = chain.count_shares(chain.sum_paths(batch, row))
        n = int(batch.counts[row])
        relative = chain.bound_shares(n, chain.measure_row(batch, row))
        weight = p.factor * np.abs(cotangent[row]) * (n > 0)
        parts = {
            name: weight * (share[name] * (relative + 4 * (n + 1) * p.u) + p.eta)
            for name in found
        }
        chain.add_parts(found, batch, row, parts)
    for name in found.keys() - {"emissions"}:
        found[name] *= 1 + batch.rows * p.u
    return found
