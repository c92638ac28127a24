"""The exact ``last_valid``, which computes nothing, and its derivative."""

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
    """Return the last valid vectors ``[B, ...]``; 0 for a row without any."""
    del options
    x = selected(batch, "x", 0.0)
    found = np.zeros((batch.rows, *x.shape[2:]))
    for row, keep in enumerate(batch.mask):
        for at in np.flatnonzero(keep)[-1:]:
            found[row] = x[row, at]
    return found


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: the answer is one of the inputs, bit for bit."""
    del dtype
    return np.zeros_like(answer(options, batch))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: the cotangent at the last valid position alone."""
    del options
    x = batch.arrays["x"]
    return {"x": np.where(over_time(_last(batch.mask), x), cotangent[:, None], 0.0)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return zeros: every element is one of the cotangent's, or zero."""
    exact = gradient(options, batch, cotangent)
    return {name: np.zeros_like(array) for name, array in exact.items()}


def _last(mask: Array) -> Array:
    """Return true at each row's last valid position alone."""
    behind = np.cumsum(mask[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(mask & (behind == 1))
