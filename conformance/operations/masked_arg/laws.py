"""Laws of the position of an extreme value alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.padding import reorder
from conformance.operations._common.oracle import over_time
from conformance.trial.draw import GARBAGE, fill_padding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


LONG = (130, 300, 2052)
"""Lengths whose last positions int8, bfloat16 and float16 do not hold."""


def first_of_ties(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """One number at every valid position."""
    for number in (2.0, -3.0):
        note = f"with {number:g} at every valid position"
        yield subject.agrees(_fill_valid(sample, number), note=note)


def peak(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Zeros, and at the last valid position what stands out."""
    places: Array = np.arange(LONG[-1])
    ends = np.asarray(LONG)[:, None]
    out = 1.0 if sample.variant.options["of"] == "max" else -1.0
    old = sample.batch.arrays["x"]
    garbage = sample.draw("peak").rows_of(GARBAGE, (3, LONG[-1], *old.shape[2:]))
    x = np.where(over_time(places == ends - 1, garbage), out, 0.0)
    mask = places < ends
    arrays = {"x": fill_padding(x, garbage, mask).astype(old.dtype)}
    batch = replace(sample.batch, arrays=arrays, mask=mask)
    note = "with one that stands out at the end of rows of 130, 300 and 2052"
    yield subject.agrees(sample.replace_batch(batch), note=note)


def losing_infinity(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Minus infinity where the largest is looked for, infinity for the smallest."""
    batch = sample.batch
    left = reorder(batch, np.argsort(batch.mask, axis=1, kind="stable"))
    number = -np.inf if sample.variant.options["of"] == "max" else np.inf
    filled = _fill_valid(sample.replace_batch(left), number)
    note = f"with {number:g} at every valid position, padded on the left"
    yield subject.agrees(filled, note=note)


def _fill_valid(sample: Sample, number: float) -> Sample:
    old = sample.batch.arrays["x"]
    x = fill_padding(np.full(old.shape, number), old, sample.batch.mask)
    arrays = {"x": x.astype(old.dtype)}
    return sample.replace_batch(replace(sample.batch, arrays=arrays))
