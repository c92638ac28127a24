"""The exact ``masked_mean`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import (
    over_time,
    pooled,
    row_counts,
    selected,
)
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 32


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``: rank 3 and rank 2 by turns."""
    del options
    return {"x": pooled(draw, mask)}


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact mean ``[B, ...]``; 0 for a row without valid positions."""
    del options
    x = selected(batch, "x", 0.0)
    return np.asarray(x.sum(axis=1) / row_counts(batch, x.ndim - 1))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    n - 1 additions, a division and the sum's own order: (n + 1) v of the mean
    magnitude; then one rounding into a storage dtype, allowed twice.
    """
    p = PRECISIONS[dtype]
    x = selected(batch, "x", 0.0)
    n = row_counts(batch, x.ndim - 1)
    size = np.abs(x).sum(axis=1) / n
    stored = 2 * p.u * np.abs(answer(options, batch)) if p.low else 0.0
    return np.asarray(p.factor * ((n + 1) * p.v * size + stored + p.eta))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: each valid position has its share of the cotangent."""
    del options
    x = batch.arrays["x"]
    share = cotangent / row_counts(batch, cotangent.ndim)
    return {"x": np.where(over_time(batch.mask, x), share[:, None], 0.0)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64: a division and two casts."""
    p = PRECISIONS["float64"]
    exact = gradient(options, batch, cotangent)["x"]
    return {"x": p.factor * (4 * p.u * np.abs(exact) + p.eta)}
