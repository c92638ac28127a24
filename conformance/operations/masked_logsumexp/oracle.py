"""The exact ``masked_logsumexp`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import row_counts, selected
from conformance.operations.masked_softmax import oracle as softmax
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = softmax.ROWS
generate = softmax.generate


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact value ``[B]``; 0 for a row without valid positions."""
    del options
    top, above = parts(batch)
    return (top + above)[:, 0]


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    The sum of exponentials moves by u (sum p d + 4) + n v of itself, which is what its
    logarithm moves by; the logarithm, the addition to M and the store round.
    """
    p = PRECISIONS[dtype]
    share, distance = softmax.parts(batch)
    top, above = parts(batch)
    spread = (share * distance).sum(axis=1)
    found = np.abs(answer(options, batch))
    terms = spread + 4 + 4 * above[:, 0] + 2 * found + np.abs(top[:, 0])
    n = row_counts(batch, 1)
    return np.asarray(p.factor * (p.u * terms + n * p.v + p.eta))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: the softmax times the cotangent."""
    return {"x": softmax.answer(options, batch) * cotangent[:, None]}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return its bound in float64: exp(x - answer), or the softmax itself."""
    p = PRECISIONS["float64"]
    share, distance = softmax.parts(batch)
    own = bound(options, batch, "float64")[:, None]
    far = np.abs(answer(options, batch))[:, None] + distance
    # |x| is at most |answer| + L + d, and its difference rounds once.
    relative = own + p.factor * p.u * (2 * far + parts(batch)[1] + 12)
    size = share * np.abs(cotangent)[:, None]
    error = softmax.bound(options, batch, "float64") * np.abs(cotangent)[:, None]
    return {"x": size * relative + error}


def parts(batch: Batch) -> tuple[Array, Array]:
    """Return each row's maximum M and L ``[B, 1]``; zeros for an empty row."""
    x = selected(batch, "x", -np.inf)
    there = batch.counts[:, None] > 0
    top = np.where(there, x.max(axis=1, keepdims=True, initial=-np.inf), 0.0)
    with np.errstate(invalid="ignore"):  # infinities among the values: NaN
        total = np.exp(x - top).sum(axis=1, keepdims=True)
    return top, np.log(np.where(there, total, 1.0))
