"""The law of the logarithm of the softmax alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.sample import clamp, judge_range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def not_above_zero(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """At most zero at valid positions, within the bound."""
    got = np.asarray(subject.answer(sample.batch, like=sample.want), dtype=np.float64)
    nearest = clamp(got, -np.inf, 0.0)
    note = "the logarithm of a probability is not above zero"
    yield judge_range(got, nearest, sample, where=sample.valid, note=note)
