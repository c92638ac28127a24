"""Laws of the mean alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, shift_valid, to_float64
from conformance.trial.sample import clamp, judge_range, relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

SHIFT = 64.0


def between(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Not below the smallest valid value, not above the largest."""
    batch = sample.batch
    x = to_float64(batch.arrays["x"])
    valid = over_time(batch.mask, x)
    low = np.where(valid, x, np.inf).min(axis=1)
    high = np.where(valid, x, -np.inf).max(axis=1)
    got = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    nearest = clamp(got, low, high)
    note = "the mean lies between the smallest and the largest valid value"
    yield judge_range(got, nearest, sample, note=note)


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid values rounded so that the shift is exact, then shifted."""
    plain, moved = shift_valid(sample, SHIFT)
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    note = f"the mean plus {SHIFT:g}, as all valid values are"
    yield relate(second, first + SHIFT, plain, moved, note=note)
