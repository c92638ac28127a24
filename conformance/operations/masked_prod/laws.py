"""The law of the product alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time
from conformance.trial.sample import relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def factor(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The first valid value of each row, times a number that rounds nothing."""
    batch, x = sample.batch, sample.batch.arrays["x"]
    first = over_time(batch.mask & (batch.mask.cumsum(axis=1) == 1), x)
    arrays = {"x": np.where(first, x * x.dtype.type(-2), x)}
    moved = sample.replace_batch(replace(batch, arrays=arrays))
    plain = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    got = subject.answer(moved.batch, like=moved.want)
    note = "minus two times as much, as the first valid value is"
    # The first answer counts twice, and so does its bound.
    yield relate(got, -2 * plain, sample, sample, moved, note=note)
