"""Laws about the batch: who else is in it, in which order, and how large it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.draw import LADDER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def batch_composition(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Some rows alone and trimmed, one for each length of the ladder."""
    yield subject.agrees(sample, note="in the batch")
    counts = sample.batch.counts
    for step in LADDER:
        if step == sample.batch.time > 1:
            continue  # nothing to trim; a full row is in the batch
        rows = np.flatnonzero(counts == step)
        if len(rows):
            trims = subject.operation.trims
            alone = sample.replace_batch(sample.batch.trim(int(rows[0]), trims))
            yield subject.agrees(alone, note=f"row {rows[0]} alone, trimmed")


def batch_order(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The same rows in another order."""
    order = sample.draw("order").order(sample.batch.rows)
    moved = sample.rows(order)
    alone = len(order) == 1
    note = "" if alone else f"with the rows in the order {_join_order(order)}"
    yield subject.agrees(moved, note=note)


def full_mask(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Every position valid, said by a mask and, where declared, by none."""
    full = sample.replace_batch(fill_padding(sample.batch))
    yield subject.agrees(full, note="with an all-true mask")
    if "none" in subject.mask_forms:
        yield subject.agrees(full, form="none", note="with mask=None")


def length_one(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """One valid position, one position in all, one row in all."""
    shortest = int(
        np.argmin(np.where(sample.batch.counts > 0, sample.batch.counts, 99))
    )
    row = sample.batch.take([shortest])
    yield subject.agrees(sample.replace_batch(row), note="one row in all")
    start = int(np.argmax(row.mask[0])) if row.time else 0
    one = row.cut(slice(start, start + 1))
    yield subject.agrees(sample.replace_batch(one), note="one row of one position")
    flat = fill_padding(sample.batch).cut(slice(0, 1))
    yield subject.agrees(sample.replace_batch(flat), note="one position in every row")


def fill_padding(batch: Batch) -> Batch:
    """Return the batch with every position valid, padding filled from valid ones."""
    start = np.argmax(batch.mask, axis=1)
    end = batch.time - 1 - np.argmax(batch.mask[:, ::-1], axis=1)
    rows = np.arange(batch.rows)

    def change(array: Array) -> Array:
        if array.ndim == 2 and array.dtype.kind == "b":  # noqa: PLR2004 - the mask
            return np.ones_like(array)
        # The last number goes on: sequences that have one each stand together.
        there = end if array.dtype.kind in "iu" else start
        first = array[rows, there][:, None]
        wide = batch.mask.reshape(batch.mask.shape + (1,) * (array.ndim - 2))
        return np.where(wide, array, first)

    return batch.each(change)


def _join_order(order: Array) -> str:
    return ", ".join(map(str, order[:8])) + (" ..." if len(order) > 8 else "")  # noqa: PLR2004
