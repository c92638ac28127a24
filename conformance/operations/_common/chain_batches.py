"""What laws do to a chain: shift its emissions, turn it round, rename its tags."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import to_float64
from conformance.trial.draw import fill_padding

if TYPE_CHECKING:
    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample

SHIFT = 64.0


def shift_emissions(sample: Sample, by: float) -> Sample:
    """Return the sample with valid emissions rounded and order by ``by``.

    Quarters up to 64 plus or minus 16 are exact in every dtype but bfloat16, where
    whole numbers are.
    """
    old = sample.batch.arrays["emissions"]
    step = 1.0 if sample.dtype == "bfloat16" else 4.0
    rounded = np.clip(np.round(to_float64(old) * step) / step, -16.0, 16.0) + by
    emissions = fill_padding(rounded, to_float64(old), sample.batch.mask).astype(
        old.dtype
    )
    arrays = {**sample.batch.arrays, "emissions": emissions}
    return sample.replace_batch(replace(sample.batch, arrays=arrays))


def reverse_chain(batch: Batch) -> Batch:
    """Return the batch with valid positions reversed among themselves."""
    order = np.broadcast_to(np.arange(batch.time), batch.mask.shape).copy()
    for row, valid in enumerate(batch.mask):
        order[row, valid] = order[row, valid][::-1]
    rows = np.arange(batch.rows)[:, None]
    arrays = {name: array[rows, order] for name, array in batch.arrays.items()}
    old = batch.weights
    weights = {"transitions": np.ascontiguousarray(old["transitions"].T)}
    if "start" in old:
        weights |= {"start": old["end"], "end": old["start"]}
    return replace(batch, arrays=arrays, weights=weights)


def rename_tags(batch: Batch, order: Array) -> Batch:
    """Return the batch with tag ``order[k]`` in the place of tag k."""
    old = batch.weights
    weights = {"transitions": old["transitions"][np.ix_(order, order)]}
    weights |= {name: old[name][order] for name in ("start", "end") if name in old}
    arrays = {"emissions": batch.arrays["emissions"][..., order]}
    return replace(batch, arrays={**batch.arrays, **arrays}, weights=weights)


def isolate_positions(batch: Batch) -> Batch:
    """Return the first valid positions of two rows, as a batch with T = 1.

    They are two rows that have one, or the same row twice.
    """
    rows = np.resize(np.flatnonzero(batch.counts), 2)
    if not batch.counts.any():
        return batch
    few = batch.take(rows)
    places = np.argmax(few.mask, axis=1)[:, None]
    return few.each(lambda array: array[np.arange(2)[:, None], places])


def repeat_positions(batch: Batch, many: int) -> Batch:
    """Return the longest row's valid positions over and over, and padding behind."""
    row = int(np.argmax(batch.counts))
    places = np.flatnonzero(batch.mask[row])
    if not len(places):
        return batch
    order = np.resize(places, many + 1)
    longer = batch.take([row]).each(lambda array: array[:, order])
    return replace(longer, mask=np.arange(many + 1)[None] < many)
