"""Laws of the last valid position alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.draw import fill_padding
from conformance.trial.sample import judge, relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def earlier_values(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other numbers at every valid position but the last."""
    x, mask = sample.batch.arrays["x"], sample.batch.mask
    behind = np.cumsum(mask[:, ::-1], axis=1)[:, ::-1]
    earlier = mask & (behind > 1)
    batch = replace(sample.batch, arrays={"x": fill_padding(x, -x - 3, ~earlier)})
    got = subject.answer(batch, like=sample.want)
    note = "with other numbers at earlier positions"
    yield judge(got, replace(sample, batch=batch), note=note)


def ascending(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The number of each position, padding counted, as its value."""
    x, mask = sample.batch.arrays["x"], sample.batch.mask
    numbers = 1 + np.arange(mask.shape[1])
    wide = numbers.reshape((1, -1) + (1,) * (x.ndim - 2))
    each = np.broadcast_to(wide, x.shape).astype(x.dtype)
    batch = replace(sample.batch, arrays={"x": each})
    largest: Array = np.where(mask, numbers, 0).max(axis=1, initial=0)
    want = np.broadcast_to(
        largest.reshape((-1,) + (1,) * (x.ndim - 2)), sample.want.shape
    ).astype(np.float64)
    got = subject.answer(batch, like=want)
    note = "of positions numbered from one"
    yield relate(got, want, replace(sample, batch=batch), note=note)
