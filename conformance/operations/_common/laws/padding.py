"""Laws about padding: what stands there, how much of it, and on which side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.bits import compare_bits
from conformance.trial.draw import GARBAGE, LADDER, fill_padding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def value(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The answer is the exact one."""
    yield subject.agrees(sample)


def padding_content(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other garbage in the same shape: the same answer, bit for bit if eager."""
    other = sample.replace_padding(replace_garbage(sample))
    yield subject.agrees(other, note="with other numbers at padding")
    if subject.route == "eager":
        first = subject.answer(sample.batch, like=sample.want)
        again = subject.answer(other.batch, like=sample.want)
        # What stands at padding may be what stood there.
        declared = sample.variant.padding == "declared"
        yield compare_bits(
            again,
            first,
            sample,
            other,
            promised=subject.framework.promises_bits(),
            where=sample.valid if declared else None,
            note="bit for bit, with other numbers at padding",
        )


def extra_padding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Padding up to the next step of the ladder."""
    longer = sample.replace_batch(extend_padding(sample, next_step(sample.batch.time)))
    yield subject.agrees(longer, note="with more padding behind every row")


def left_padding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The valid positions moved to the end of each row."""
    batch = sample.batch
    order = np.argsort(batch.mask, axis=1, kind="stable")
    yield subject.agrees(
        sample.replace_batch(reorder(batch, order)), note="padded on the left"
    )


def gaps(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The valid positions spread, in their order, over a longer row."""
    longer = extend_padding(sample, next_step(sample.batch.time))
    draw = sample.draw("gaps")
    spread = np.argsort(draw.below(1 << 30, longer.mask.shape), axis=1, kind="stable")
    # Row by row: which positions hold valid ones, then those in their own order.
    place = np.argsort(spread, axis=1, kind="stable")
    chosen = place < longer.counts[:, None]
    order = np.empty_like(place)
    for row in range(longer.rows):
        valid, rest = (
            np.flatnonzero(longer.mask[row]),
            np.flatnonzero(~longer.mask[row]),
        )
        order[row, chosen[row]], order[row, ~chosen[row]] = valid, rest
    yield subject.agrees(sample.replace_batch(reorder(longer, order)), note="with gaps")


def next_step(time: int) -> int:
    """Return the next length of the ladder above ``time``."""
    return next((step for step in LADDER if step > time), time + 3)


def extend_padding(sample: Sample, time: int) -> Batch:
    """Return the batch with garbage behind every row, up to ``time`` positions."""
    more = time - sample.batch.time
    garbage = sample.draw("extended")

    def lengthen(array: Array) -> Array:
        shape = (array.shape[0], more, *array.shape[2:])
        if array.dtype.kind == "b":
            tail = np.zeros(shape, dtype=array.dtype)
        elif array.dtype.kind in "iu":
            tail = np.broadcast_to(array[:, :1], shape)
        else:
            tail = garbage.rows_of(GARBAGE, shape).astype(array.dtype)
        return np.concatenate([array, tail], axis=1)

    return sample.batch.each(lengthen)


def replace_garbage(sample: Sample) -> Batch:
    """Return the batch with other finite numbers, or labels, at padding."""
    batch, draw = sample.batch, sample.draw("regarbled")

    def change(array: Array) -> Array:
        if array.dtype.kind == "b":
            return array
        if array.dtype.kind in "iu":
            top = int(array.max(initial=0)) + 1
            return fill_padding(array, (array + 1) % top, batch.mask)
        fresh = draw.rows_of(GARBAGE, array.shape)
        old = np.asarray(array, dtype=np.float64)
        fresh = np.where(fresh == old, -5e3, fresh)
        return fill_padding(array, fresh.astype(array.dtype), batch.mask)

    return batch.each(change)


def reorder(batch: Batch, order: Array) -> Batch:
    """Return the batch with each row's positions in the given order, ``[B, T]``."""
    rows = np.arange(batch.rows)[:, None]
    return batch.each(lambda array: array[rows, order])
