"""Laws of the applied mask alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.trial.sample import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

BIAS = 1.0


def idempotent(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The answer masked again."""
    first = subject.answer(sample.batch, like=sample.want)
    x = first.astype(sample.batch.arrays["x"].dtype)
    again = replace(sample.batch, arrays={"x": x})
    got = subject.answer(again, like=sample.want)
    note = "masked a second time"
    yield judge(got, replace(sample, batch=again), note=note)


def bias(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """A bias added between two masks, in the batch's own dtype."""
    first = subject.answer(sample.batch, like=sample.want)
    x = first.astype(sample.batch.arrays["x"].dtype)
    biased = sample.replace_batch(
        replace(sample.batch, arrays={"x": x + x.dtype.type(BIAS)})
    )
    got = subject.answer(biased.batch, like=biased.want)
    note = f"{BIAS:g} added to what was masked, then masked again"
    yield judge(got, biased, note=note)
