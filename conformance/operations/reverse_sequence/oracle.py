"""The exact ``reverse_sequence``, which computes nothing, and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import draw_pooled, over_time, select_valid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 32


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``: rank 3 and rank 2 by turns."""
    del options
    return {"x": draw_pooled(draw, mask)}


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the reversed rows ``[B, T, ...]``; 0 at padding."""
    del options
    return _reverse(batch.mask, select_valid(batch, "x", 0.0))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: every element is one of the inputs, bit for bit."""
    del dtype
    return np.zeros_like(answer(options, batch))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: the cotangent of valid positions, reversed back."""
    del options
    kept = np.where(over_time(batch.mask, cotangent), cotangent, 0.0)
    return {"x": _reverse(batch.mask, kept)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return zeros: every element is one of the cotangent's, bit for bit."""
    exact = gradient(options, batch, cotangent)
    return {name: np.zeros_like(array) for name, array in exact.items()}


def _reverse(mask: Array, values: Array) -> Array:
    found = np.array(values)
    for row, keep in enumerate(mask):
        found[row, keep] = values[row, keep][::-1]
    return found
