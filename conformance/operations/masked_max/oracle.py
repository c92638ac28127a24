"""The exact ``masked_max``, which rounds nothing, and its subgradient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, pooled, selected

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
    """Return the exact maximum ``[B, ...]``; 0 for a row without valid positions."""
    del options
    x = selected(batch, "x", -np.inf)
    empty = (batch.counts == 0).reshape((-1,) + (1,) * (x.ndim - 2))
    top = x.max(axis=1, initial=-np.inf)
    return np.asarray(np.where(empty, 0.0, top))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: the maximum is one of the values, bit for bit."""
    del dtype
    return np.zeros_like(answer(options, batch))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative with ties sharing alike.

    Other non-negative shares that sum to the cotangent are right too: see
    :func:`gradient_shares`.
    """
    ties = _ties(options, batch)
    count = np.maximum(ties.sum(axis=1, keepdims=True), 1)
    return {"x": np.where(ties, cotangent[:, None] / count, 0.0)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return zero off the maxima; on tied ones any share of the cotangent.

    The sum of the shares is judged by :func:`gradient_shares`.
    """
    ties = _ties(options, batch)
    count = ties.sum(axis=1, keepdims=True)
    size = np.abs(cotangent)[:, None]
    rounding = 2.0**-51 * size
    return {"x": np.where(ties, np.where(count > 1, size, 0.0) + rounding, 0.0)}


def gradient_shares(
    options: Mapping[str, str], batch: Batch, cotangent: Array, got: Array
) -> str:
    """Return what is wrong with the shares of tied maxima, or nothing.

    Shares must not have the opposite sign of the cotangent and must sum to it.
    """
    ties = _ties(options, batch)
    signed = got * np.sign(cotangent)[:, None]
    if (np.where(ties, signed, 0.0) < 0).any():
        return "a tied maximum has a negative share of the cotangent"
    total = np.where(ties, got, 0.0).sum(axis=1)
    filled = ties.any(axis=1)
    if (filled & (np.abs(total - cotangent) > 2.0**-48 * np.abs(cotangent))).any():
        return "the shares of tied maxima do not sum to the cotangent"
    return ""


def _ties(options: Mapping[str, str], batch: Batch) -> Array:
    x = batch.arrays["x"]
    top = answer(options, batch)[:, None]
    return np.asarray(over_time(batch.mask, x) & (np.asarray(x, np.float64) == top))
