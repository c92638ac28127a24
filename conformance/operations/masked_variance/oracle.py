"""The exact ``masked_variance`` in float64, its error bound and its derivative."""

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
    """Return the exact variance ``[B, ...]``; 0 for a row without valid positions."""
    del options
    away, n = _away(batch)
    return np.asarray((away * away).sum(axis=1) / n)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    Each distance carries the mean's error e and a rounding of its own; its square
    moves by twice that. One pass over the values, as Welford's, stays within it.
    """
    p = PRECISIONS[dtype]
    away, n = _away(batch)
    size = np.abs(selected(batch, "x", 0.0)).sum(axis=1) / n
    valid = over_time(batch.mask, away)
    off = np.where(valid, ((n + 1) * p.v * size)[:, None] + p.v * np.abs(away), 0.0)
    moved = (off * (2 * np.abs(away) + off)).sum(axis=1) / n
    found = answer(options, batch)
    stored = 2 * p.u * found if p.low else 0.0
    error = moved + (n + 4) * p.v * found + stored + p.eta
    return np.asarray(p.factor * error)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative 2 (x - m) / n times the cotangent."""
    del options
    away, n = _away(batch)
    return {"x": 2 * away * (cotangent / n)[:, None]}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return its bound in float64.

    The distances carry the mean's error, and the derivative through the mean, which
    is zero but for that error, is added to each.
    """
    del options
    p = PRECISIONS["float64"]
    away, n = _away(batch)
    size = np.abs(selected(batch, "x", 0.0)).sum(axis=1) / n
    spread = np.abs(away).sum(axis=1) / n
    own = ((n + 2) * p.u * (2 * size + spread))[:, None] + 6 * p.u * np.abs(away)
    error = 2 * own * (np.abs(cotangent) / n)[:, None] + p.eta
    return {"x": np.where(over_time(batch.mask, away), p.factor * error, 0.0)}


def _away(batch: Batch) -> tuple[Array, Array]:
    """Return each valid value's distance to the mean, and n; zeros at padding."""
    x = selected(batch, "x", 0.0)
    n = row_counts(batch, x.ndim - 1)
    mean = (x.sum(axis=1) / n)[:, None]
    return np.where(over_time(batch.mask, x), x - mean, 0.0), n
