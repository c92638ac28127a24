"""Laws of the logarithm of the sum of exponentials alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import select_valid, shift_valid
from conformance.trial.sample import clamp, judge_range, relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

SHIFT = 64.0


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid values rounded so that the shift is exact, then shifted."""
    plain, moved = shift_valid(sample, -SHIFT)
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    note = f"{SHIFT:g} less, as all valid values are"
    yield relate(second, first - SHIFT, plain, moved, note=note)


def above_the_maximum(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Between the maximum and log n above it."""
    batch = sample.batch
    top = select_valid(batch, "x", -np.inf).max(axis=1, initial=-np.inf)
    got = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    nearest = clamp(got, top, top + np.log(np.maximum(batch.counts, 1)))
    note = "between the largest valid value and log n above it"
    yield judge_range(got, nearest, sample, note=note)
