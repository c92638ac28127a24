"""What oracles share: selection along time, never arithmetic with the mask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.draw import GARBAGE, VALUES, Draw, Table, fill_padding

if TYPE_CHECKING:
    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample


def to_float64(array: Array) -> Array:
    """Return ``array`` in float64."""
    return np.asarray(array, dtype=np.float64)


def over_time(mask: Array, array: Array) -> Array:
    """Return ``mask [B, T]`` with as many axes as ``array [B, T, ...]``."""
    return mask.reshape(mask.shape + (1,) * (array.ndim - 2))


def select_valid(batch: Batch, name: str, fill: float) -> Array:
    """Return an input in float64 with ``fill`` at padding, whatever stood there."""
    array = batch.arrays[name]
    return np.where(over_time(batch.mask, array), to_float64(array), fill)


def row_counts(batch: Batch, ndim: int) -> Array:
    """Return each row's number of valid positions, at least 1, ``[B, 1, ...]``."""
    counts = np.maximum(batch.counts, 1).astype(np.float64)
    return counts.reshape(counts.shape + (1,) * (ndim - 1))


def draw_pooled(
    draw: Draw, mask: Array, *, features: bool = True, table: Table = VALUES
) -> Array:
    """Return x for an operation that takes time away: rank 3 and rank 2 by turns."""
    trailing = ((2,), ())[draw.turn % 2] if features else ()
    valid = draw.rows_of(table, mask.shape + trailing)
    return fill_padding(valid, draw.rows_of(GARBAGE, valid.shape), mask)


def shift_valid(sample: Sample, by: float) -> tuple[Sample, Sample]:
    """Return the sample with rounded valid values, and with those moved by ``by``.

    Quarters up to 60 plus or minus 64 are exact in every dtype but bfloat16, where
    whole numbers are.
    """
    x = to_float64(sample.batch.arrays["x"])
    step = 1.0 if sample.dtype == "bfloat16" else 4.0
    rounded = np.clip(np.round(x * step) / step, -60.0, 60.0)
    plain, moved = (
        fill_padding(values, x, sample.batch.mask).astype(
            sample.batch.arrays["x"].dtype
        )
        for values in (rounded, rounded + by)
    )
    return (
        sample.replace_batch(replace(sample.batch, arrays={"x": plain})),
        sample.replace_batch(replace(sample.batch, arrays={"x": moved})),
    )
