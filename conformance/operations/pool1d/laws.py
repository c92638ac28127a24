"""Laws of pooling alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, to_float64
from conformance.trial.draw import fill_padding
from conformance.trial.sample import clamp, judge_range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def constant(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each row's valid values are one number, most of them negative."""
    old = sample.batch.arrays["x"]
    number = sample.draw("constant").below(9, (len(old), 1, old.shape[2])) - 7.0
    x = fill_padding(np.broadcast_to(number, old.shape), old, sample.batch.mask)
    batch = replace(sample.batch, arrays={"x": x.astype(old.dtype)})
    note = "rows of one number"
    yield subject.agrees(sample.replace_batch(batch), note=note)


def within(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """No answer below the smallest valid value of its row, none above the largest."""
    batch, x = sample.batch, to_float64(sample.batch.arrays["x"])
    here = over_time(batch.mask, x)
    low = np.where(here, x, np.inf).min(axis=1, keepdims=True)
    high = np.where(here, x, -np.inf).max(axis=1, keepdims=True)
    got = np.asarray(subject.answer(batch, like=sample.want), np.float64)
    nearest = np.where(sample.valid, clamp(got, low, high), got)
    note = "between the row's smallest and largest valid value"
    yield judge_range(got, nearest, sample, where=sample.valid, note=note)
