"""Laws of the convolution with a stride: a convolution's, and those of lengths."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.draw import GARBAGE, LOGITS, SIGNALS, fill_padding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

SHORT = tuple(range(1, 10))
"""Every remainder of every stride, with windows that fit and that do not."""

LONG = (259, 520, 4099)
"""Lengths that come out longer than int8, bfloat16 and float16 can count to."""


def lengths(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows of one to nine positions."""
    rows = with_lengths(sample, SHORT)
    yield subject.agrees(rows, note="rows of one to nine positions")


def long_lengths(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Long rows of small whole numbers."""
    rows = with_lengths(sample, LONG)
    yield subject.agrees(rows, note="rows of 259, 520 and 4099 positions")


def with_lengths(sample: Sample, counts: Sequence[int]) -> Sample:
    """Return a sample whose rows have these lengths, garbage behind them."""
    old = sample.batch.arrays["x"]
    mask = np.arange(max(counts)) < np.asarray(counts)[:, None]
    draw = sample.draw(f"rows of {counts[0]} and more")
    shape = (*mask.shape, *old.shape[2:])
    valid = draw.rows_of((SIGNALS[0], LOGITS[0]), shape)
    x = fill_padding(valid, draw.rows_of(GARBAGE, shape), mask).astype(old.dtype)
    return sample.replace_batch(replace(sample.batch, arrays={"x": x}, mask=mask))
