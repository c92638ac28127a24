"""The exact ``masked_cumsum`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import draw_pooled, over_time, select_valid
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 32


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``: with features and without by turns."""
    del options
    return {"x": draw_pooled(draw, mask)}


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact sums ``[B, T, ...]``; 0 at padding."""
    found, _, _ = held(options, batch, "float64")
    return np.where(over_time(batch.mask, found), found, 0.0)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    found, error, _ = held(options, batch, dtype)
    return np.where(over_time(batch.mask, found), error, 0.0)


def held(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array, Array]:
    """Return the sum up to each position, padded ones too.

    Returns:
        The sums ``[B, T, ...]``, their bound, and that every row has them.
    """
    del options
    p, x = PRECISIONS[dtype], select_valid(batch, "x", 0.0)
    found = np.cumsum(x, axis=1)
    # Of n terms, in any order, each goes through n - 1 additions at most.
    terms = over_time(np.cumsum(batch.mask, axis=1), x)
    error = terms * p.v * np.cumsum(np.abs(x), axis=1) + p.eta
    if p.low:
        error = error + 2 * p.u * np.abs(found)
    # Where the answer is NaN it is nothing else.
    error = np.nan_to_num(p.factor * error, nan=0.0, posinf=np.inf)
    return found, error, np.ones((1,) * x.ndim, dtype=bool)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: the cotangents from each position on, summed."""
    del options
    return {"x": _sum_from(batch, cotangent)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64."""
    del options
    p, size = PRECISIONS["float64"], _sum_from(batch, np.abs(cotangent))
    return {"x": p.factor * ((batch.time + 1) * p.u * size + (size > 0) * p.eta)}


def _sum_from(batch: Batch, cotangent: Array) -> Array:
    here = over_time(batch.mask, cotangent)
    pulled = np.where(here, cotangent, 0.0)
    return np.where(here, np.cumsum(pulled[:, ::-1], axis=1)[:, ::-1], 0.0)
