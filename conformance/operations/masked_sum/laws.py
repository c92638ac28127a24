"""Laws of the sum alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.compare import compare
from conformance.inputs import garbled
from conformance.operations.base import shifted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.compare import Verdict
    from conformance.sample import Sample
    from conformance.subject import Subject

SHIFT = 64.0


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid values rounded so that the shift is exact, then shifted."""
    plain, moved = shifted(sample, SHIFT)
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    counts = sample.batch.counts.reshape((-1,) + (1,) * (first.ndim - 1))
    allowed = plain.allowed + moved.allowed
    note = f"the sum plus {SHIFT:g} for each valid position"
    yield compare(second, first + SHIFT * counts, allowed, batch=moved.batch, note=note)


def ones(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Ones at valid positions, whatever stands at padding."""
    x = sample.batch.arrays["x"]
    filled = garbled(np.ones(x.shape), x, sample.batch.mask).astype(x.dtype)
    batch = replace(sample.batch, arrays={"x": filled})
    counts = sample.batch.counts.reshape((-1,) + (1,) * (x.ndim - 2))
    want = np.broadcast_to(counts, sample.want.shape).astype(np.float64)
    got = subject.answer(batch, like=want)
    nothing = np.zeros_like(want)
    yield compare(got, want, nothing, batch=batch, note="the sum of ones")
