"""Laws of the weighted mean alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import shift_valid
from conformance.trial.draw import fill_padding
from conformance.trial.sample import relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

SHIFT = 64.0


def scale(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """All weights times four, then over four."""
    weight = sample.batch.arrays["weight"]
    for factor in (4.0, 0.25):
        changed = (weight * weight.dtype.type(factor)).astype(weight.dtype)
        other = sample.replace_batch(replace_weights(sample.batch, changed))
        yield subject.agrees(other, note=f"with weights {factor:g} times as large")


def one_weight(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """A weight at the last valid position, then at the first, and zeros elsewhere."""
    batch = sample.batch
    seen = np.cumsum(batch.mask, axis=1)
    for end, chosen in (("last", seen == batch.counts[:, None]), ("first", seen == 1)):
        weight = np.where(chosen & batch.mask, 0.5, 0.0)
        other = sample.replace_batch(replace_weights(batch, weight))
        yield subject.agrees(other, note=f"with all weight on the {end} valid position")


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid values rounded so that the shift is exact, then shifted."""
    plain, moved = (
        sample.replace_batch(
            replace(sample.batch, arrays={**sample.batch.arrays, **each.batch.arrays})
        )
        for each in shift_valid(sample, SHIFT)
    )
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    note = f"the mean plus {SHIFT:g}, as all valid values are"
    yield relate(second, first + SHIFT, plain, moved, note=note)


def replace_weights(batch: Batch, weight: Array) -> Batch:
    """Return the batch with other weights at its valid positions."""
    old = batch.arrays["weight"]
    filled = fill_padding(weight.astype(old.dtype), old, batch.mask)
    return replace(batch, arrays={**batch.arrays, "weight": filled})
