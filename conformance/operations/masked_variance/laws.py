"""Laws of the variance alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import shift_valid
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import clamp, judge_range, relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid values rounded so that the shift is exact, then shifted far."""
    far = 64.0 if PRECISIONS[sample.dtype].low else 65536.0
    plain, moved = shift_valid(sample, far)
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    note = f"as before {far:g} was added to every valid value"
    yield relate(second, first, plain, moved, note=note)


def not_negative(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """At least zero, far from zero too; no bound is needed for a sum of squares."""
    far = 64.0 if PRECISIONS[sample.dtype].low else 65536.0
    for each in (sample, shift_valid(sample, far)[1]):
        got = subject.answer(each.batch, like=each.want)
        wide = np.asarray(got, dtype=np.float64)
        note = "a variance is not below zero"
        nearest = clamp(wide, 0, np.inf)
        nothing = np.zeros_like(wide)
        yield judge_range(wide, nearest, each, allowed=nothing, note=note)
