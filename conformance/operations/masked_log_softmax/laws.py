"""The law of the logarithm of the softmax alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def not_above_zero(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """At most zero at valid positions, within the bound."""
    got = np.asarray(subject.answer(sample.batch, like=sample.want), dtype=np.float64)
    nearest = np.minimum(got, 0.0)
    allowed = np.where(sample.valid, sample.allowed, np.inf)
    note = "the logarithm of a probability is not above zero"
    yield compare(got, nearest, allowed, batch=sample.batch, note=note)
