"""Laws of the sum alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import shift_valid
from conformance.trial.draw import fill_padding
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

SHIFT = 64.0


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid values rounded so that the shift is exact, then shifted."""
    plain, moved = shift_valid(sample, SHIFT)
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    counts = sample.batch.counts.reshape((-1,) + (1,) * (first.ndim - 1))
    note = f"the sum plus {SHIFT:g} for each valid position"
    yield relate(second, first + SHIFT * counts, plain, moved, note=note)


def ones(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Ones at valid positions, whatever stands at padding."""
    x = sample.batch.arrays["x"]
    filled = fill_padding(np.ones(x.shape), x, sample.batch.mask).astype(x.dtype)
    batch = replace(sample.batch, arrays={"x": filled})
    counts = sample.batch.counts.reshape((-1,) + (1,) * (x.ndim - 2))
    want = np.broadcast_to(counts, sample.want.shape).astype(np.float64)
    got = subject.answer(batch, like=want)
    nothing = np.zeros_like(want)
    yield compare(got, want, nothing, batch=batch, note="the sum of ones")
