"""The exact ``masked_sum`` in float64, its error bound and its derivative."""

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
    """Return the exact sum ``[B, ...]``; 0 for a row without valid positions."""
    del options
    return np.asarray(selected(batch, "x", 0.0).sum(axis=1))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    n - 1 additions in any order, with one to spare; then one rounding into a storage
    dtype, allowed twice.
    """
    p = PRECISIONS[dtype]
    x = selected(batch, "x", 0.0)
    n = row_counts(batch, x.ndim - 1)
    stored = 2 * p.u * np.abs(answer(options, batch)) if p.low else 0.0
    return np.asarray(p.factor * (n * p.v * np.abs(x).sum(axis=1) + stored + p.eta))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: each valid position has the whole cotangent."""
    del options
    x = batch.arrays["x"]
    return {"x": np.where(over_time(batch.mask, x), cotangent[:, None], 0.0)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64: a mean's count and back."""
    p = PRECISIONS["float64"]
    exact = gradient(options, batch, cotangent)["x"]
    return {"x": p.factor * (2 * p.u * np.abs(exact) + p.eta)}
