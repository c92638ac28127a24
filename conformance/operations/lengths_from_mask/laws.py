"""Laws of lengths alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.padding import gaps, left_padding
from conformance.operations._common.oracle import to_float64
from conformance.trial.exact import elsewhere
from conformance.trial.sample import judge
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def one_more(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The answers before, and with one position more in all rows but full ones."""
    batch = sample.batch
    first = subject.answer(batch, like=sample.want)
    # Of two answers that are off alike the difference is right.
    yield judge(first, sample)
    before = to_float64(first)
    behind = np.arange(1, batch.time + 1) * batch.mask
    last = behind.max(axis=1, initial=0)
    more = batch.mask | (np.arange(batch.time) == last[:, None])
    longer = sample.replace_batch(replace(batch, mask=more))
    got = to_float64(subject.answer(longer.batch, like=longer.want))
    yield compare(
        got,
        before + 1,
        np.zeros(got.shape),
        open_by=elsewhere(last < batch.time, got.shape),
        batch=longer.batch,
        note="with one valid position more",
    )


def wherever_it_stands(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Padding on the left, then in between."""
    yield from left_padding(subject, sample)
    yield from gaps(subject, sample)


def up_to_the_last(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The same, which makes other extents."""
    yield from wherever_it_stands(subject, sample)
