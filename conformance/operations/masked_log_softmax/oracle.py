"""The exact ``masked_log_softmax`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import row_counts, select_valid
from conformance.operations.masked_softmax import oracle as softmax
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = softmax.ROWS
generate = softmax.generate


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact logarithms ``[B, T]``; 0 at padding."""
    del options
    top, above = softmax.totals(batch)
    with np.errstate(invalid="ignore"):  # minus infinity alone has no shares: NaN
        logs = select_valid(batch, "x", 0.0) - top - above
    # As of the softmax: of an infinite logit no share is left to compare.
    logs = np.where(np.isposinf(above), np.nan, logs)
    return np.where(batch.mask, logs, 0.0)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    As the cross entropy's: either x - M is taken first, or M + L.
    """
    p = PRECISIONS[dtype]
    share, distance = softmax.parts(batch)
    top, above = softmax.totals(batch)
    spread = (share * distance).sum(axis=1, keepdims=True)
    found = np.abs(answer(options, batch))
    size = np.abs(top) + np.abs(select_valid(batch, "x", 0.0))
    terms = spread + 4 + 4 * above + distance + 2 * found + size
    error = p.factor * (p.u * terms + row_counts(batch, 2) * p.v + p.eta)
    return np.where(batch.mask, error, 0.0)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative g - p sum g."""
    share = softmax.answer(options, batch)
    kept = np.where(batch.mask, cotangent, 0.0)
    return {"x": kept - share * kept.sum(axis=1, keepdims=True)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return its bound in float64: the softmax's own, or that of exp(answer)."""
    p = PRECISIONS["float64"]
    share = softmax.answer(options, batch)
    size = np.abs(np.where(batch.mask, cotangent, 0.0))
    total = size.sum(axis=1, keepdims=True)
    error = softmax.bound(options, batch, "float64")
    error += share * bound(options, batch, "float64")
    rounding = (row_counts(batch, 2) + 8) * p.u * (size + share * total)
    return {"x": np.where(batch.mask, total * error + p.factor * rounding, 0.0)}
