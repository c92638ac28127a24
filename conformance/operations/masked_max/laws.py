"""The law of the maximum alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, to_float64
from conformance.trial.sample import judge_range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def member(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The answer is found among the valid values, exactly."""
    batch = sample.batch
    x = to_float64(batch.arrays["x"])
    got = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    distance = np.where(over_time(batch.mask, x), np.abs(x - got[:, None]), np.inf)
    at = distance.argmin(axis=1)
    nearest = np.take_along_axis(x, at[:, None], axis=1)[:, 0]
    note = "the answer is one of the valid values"
    yield judge_range(got, nearest, sample, note=note)
