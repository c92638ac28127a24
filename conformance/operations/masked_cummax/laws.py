"""The law of the cumulative maximum alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import to_float64
from conformance.trial.sample import relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def climbs(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each answer is the larger one of its own value and the answer before it."""
    batch, x = sample.batch, to_float64(sample.batch.arrays["x"])
    got = np.asarray(subject.answer(batch, like=sample.want), np.float64)
    want = got.copy()
    for row in range(batch.rows):
        valid = batch.mask[row]
        answers = got[row, valid]
        before = np.concatenate([np.full_like(answers[:1], -np.inf), answers[:-1]])
        want[row, valid] = np.maximum(before, x[row, valid])
    note = "the larger one of its value and the answer before it"
    yield relate(got, want, sample, where=sample.valid, note=note)
