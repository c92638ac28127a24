"""Laws of the cumulative sum alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time
from conformance.trial.draw import GARBAGE, fill_padding
from conformance.trial.sample import relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

LONG = (130, 300, 2052)
"""Lengths that int8, bfloat16 and float16 cannot count to."""


def causal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other values behind each row's middle valid position."""
    batch, x = sample.batch, sample.batch.arrays["x"]
    seen = np.cumsum(batch.mask, axis=1)
    later = batch.mask & (seen > (batch.counts[:, None] + 1) // 2)
    other = fill_padding(x, (-x - 3).astype(x.dtype), ~later)
    moved = sample.replace_batch(replace(batch, arrays={"x": other}))
    yield subject.agrees(moved, note="with other values behind the middle")


def counts(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Ones at every valid position of long rows."""
    mask: Array = np.arange(LONG[-1]) < np.asarray(LONG)[:, None]
    old = sample.batch.arrays["x"]
    garbage = sample.draw("ones").rows_of(GARBAGE, (3, LONG[-1], *old.shape[2:]))
    ones = fill_padding(np.ones_like(garbage), garbage, mask).astype(old.dtype)
    batch = replace(sample.batch, arrays={"x": ones}, mask=mask)
    note = "of ones, in rows of 130, 300 and 2052"
    yield subject.agrees(sample.replace_batch(batch), note=note)


def steps(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Small whole numbers, whose sums round nowhere, and what they differ by."""
    batch, old = sample.batch, sample.batch.arrays["x"]
    whole = sample.draw("steps").below(7, old.shape) - 3.0
    arrays = {"x": fill_padding(whole, old, batch.mask).astype(old.dtype)}
    moved = sample.replace_batch(replace(batch, arrays=arrays))
    got = np.asarray(subject.answer(moved.batch, like=moved.want), np.float64)
    here = over_time(batch.mask, got)
    found = np.zeros_like(got)
    for row in range(batch.rows):
        sums = got[row, batch.mask[row]]
        found[row, batch.mask[row]] = np.diff(sums, axis=0, prepend=0.0)
    want = np.where(here, whole, 0.0)
    note = "the differences of neighbouring sums are the values"
    yield relate(found, want, moved, note=note)
