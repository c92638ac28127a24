"""The exact ``masked_softmax`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import row_counts, select_valid
from conformance.trial.draw import GARBAGE, VALUES, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 32


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, ``x [B, T]``."""
    del options
    valid = draw.rows_of(VALUES, mask.shape)
    return {"x": fill_padding(valid, draw.rows_of(GARBAGE, mask.shape), mask)}


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact probabilities ``[B, T]``; all 0 for a row without any."""
    del options
    return parts(batch)[0]


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    The rounded difference x - M moves each exponential by u d, the exponential
    itself by 4 u, and the sum by their mean and n v; exact zero at padding.
    """
    del options
    p = PRECISIONS[dtype]
    share, distance = parts(batch)
    spread = (share * distance).sum(axis=1, keepdims=True)
    relative = p.u * (distance + spread + 10) + row_counts(batch, 2) * p.v
    error = p.factor * (share * relative + 2 * p.eta)
    return np.where(batch.mask, error, 0.0)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative p (g - sum p g)."""
    share = answer(options, batch)
    inner = (share * cotangent).sum(axis=1, keepdims=True)
    return {"x": share * (cotangent - inner)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64: p's own, carried through."""
    p = PRECISIONS["float64"]
    share = answer(options, batch)
    error = bound(options, batch, "float64")
    size = np.abs(cotangent) + (share * np.abs(cotangent)).sum(axis=1, keepdims=True)
    carried = (error * np.abs(cotangent)).sum(axis=1, keepdims=True)
    rounding = (row_counts(batch, 2) + 4) * p.u * share * size
    return {"x": error * size + share * carried + p.factor * rounding}


def parts(batch: Batch) -> tuple[Array, Array]:
    """Return the probabilities and each logit's distance to the row's maximum."""
    return soften(select_valid(batch, "x", -np.inf), batch.mask)


def soften(x: Array, here: Array) -> tuple[Array, Array]:
    """Return the probabilities over time and each logit's distance to their maximum.

    Args:
        x: The logits ``[B, T, ...]``, minus infinity at padding.
        here: Where a position counts, with as many axes.
    """
    top = x.max(axis=1, keepdims=True, initial=-np.inf)
    with np.errstate(invalid="ignore"):  # an empty row's -inf - -inf, not selected
        distance = np.where(here, top - x, 0.0)
    weight = np.where(here, np.exp(-distance), 0.0)
    total = weight.sum(axis=1, keepdims=True)
    share = weight / np.where(total == 0, 1.0, total)
    # A logit of minus infinity is no term at all: it brings no rounding either.
    distance = np.where(np.isposinf(distance), 0.0, distance)
    return np.where(here, share, 0.0), distance


def totals(batch: Batch) -> tuple[Array, Array]:
    """Return each row's maximum M and L ``[B, 1]``; zeros for an empty row.

    M is zero where the maximum is not finite: an infinite L is then the answer, that
    of a row of minus infinities too.
    """
    x = select_valid(batch, "x", -np.inf)
    there = batch.counts[:, None] > 0
    top = x.max(axis=1, keepdims=True, initial=-np.inf)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        total = np.exp(x - top).sum(axis=1, keepdims=True)
        return top, np.log(np.where(there, total, 1.0))
