"""The exact ``apply_mask``, which computes nothing, and its derivative."""

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
    """Return x with zeros at padding, ``[B, T, ...]``."""
    del options
    return select_valid(batch, "x", 0.0)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: every element is one of the inputs, or zero."""
    del dtype
    return np.zeros_like(answer(options, batch))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: the cotangent at valid positions."""
    del options
    return {"x": np.where(over_time(batch.mask, cotangent), cotangent, 0.0)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return zeros: every element is one of the cotangent's, or zero."""
    exact = gradient(options, batch, cotangent)
    return {name: np.zeros_like(array) for name, array in exact.items()}
