"""Laws of the reversal alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import to_float64
from conformance.trial.draw import fill_padding
from conformance.trial.exact import elsewhere
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def involution(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The answer reversed again, with the first input's padding behind it."""
    batch = sample.batch
    x = batch.arrays["x"]
    first = subject.answer(batch, like=sample.want)
    back = replace(
        batch, arrays={"x": fill_padding(first, x, batch.mask).astype(x.dtype)}
    )
    got = subject.answer(back, like=sample.want)
    note = "reversed twice"
    nothing = np.zeros(x.shape)
    valid = elsewhere(sample.valid, x.shape)
    yield compare(got, to_float64(x), nothing, open_by=valid, batch=batch, note=note)


def same_values(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each row's valid values in rising order, before and after."""
    batch = sample.batch
    got = to_float64(subject.answer(batch, like=sample.want))
    # Padding sorts behind every number.
    before, after = (
        np.sort(np.where(sample.valid, values, np.inf), axis=1)
        for values in (to_float64(batch.arrays["x"]), got)
    )
    note = "the row's valid values, sorted"
    nothing = np.zeros_like(before)
    yield compare(after, before, nothing, batch=batch, note=note)
