"""Laws of the softmax alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import shift_valid
from conformance.trial.exact import both, elsewhere, over
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

SHIFT = 64.0


def zero_at_padding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Exactly zero, not nearly."""
    got = subject.answer(sample.batch, like=sample.want)
    zero = np.zeros_like(sample.want)
    note = "padding takes probability"
    padded = both(sample.open_by, elsewhere(~sample.batch.mask, zero.shape))
    yield compare(got, zero, zero, open_by=padded, batch=sample.batch, note=note)


def sums_to_one(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Over the valid positions, within the sum of their bounds."""
    batch = sample.batch
    got = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    total = np.where(batch.mask, got, 0.0).sum(axis=1)
    allowed = sample.allowed.sum(axis=1)
    one = np.ones_like(total)
    note = "the sum of each row's probabilities"
    open_by = over(sample.open_by, 1)
    yield compare(
        total, one, allowed, open_by=open_by, batch=batch, label="sum", note=note
    )


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid logits rounded so that the shift is exact, then shifted."""
    plain, moved = shift_valid(sample, -SHIFT)
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    note = f"as before {SHIFT:g} was taken from every valid logit"
    yield relate(second, first, plain, moved, note=note)
