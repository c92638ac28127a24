"""What oracles share: selection along time, never arithmetic with the mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from conformance.batch import Array, Batch


def wide(array: Array) -> Array:
    """Return ``array`` in float64."""
    return np.asarray(array, dtype=np.float64)


def over_time(mask: Array, array: Array) -> Array:
    """Return ``mask [B, T]`` with as many axes as ``array [B, T, ...]``."""
    return mask.reshape(mask.shape + (1,) * (array.ndim - 2))


def selected(batch: Batch, name: str, fill: float) -> Array:
    """Return an input in float64 with ``fill`` at padding, whatever stood there."""
    array = batch.arrays[name]
    return np.where(over_time(batch.mask, array), wide(array), fill)


def row_counts(batch: Batch, ndim: int) -> Array:
    """Return each row's number of valid positions, at least 1, ``[B, 1, ...]``."""
    counts = np.maximum(batch.counts, 1).astype(np.float64)
    return counts.reshape(counts.shape + (1,) * (ndim - 1))
