"""Laws of the mask from ids alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

LARGE = np.array([256, 65536, 2**24, 2**31 - 1, 2**31 - 256, 30522, 128, 32768, 257])
"""Ids that are 0 or 1 in their last bits, or lose bits as floats."""


def large_ids(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Large ids at every valid position."""
    at = sample.draw("large").below(len(LARGE), sample.batch.mask.shape)
    large = sample.replace_batch(replace(sample.batch, arrays={"ids": LARGE[at]}))
    yield subject.agrees(large, note="with large ids")


def other_ids(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """One id at every valid position, then the next."""
    for number in range(5):
        same = np.full(sample.batch.mask.shape, number)
        batch = replace(sample.batch, arrays={"ids": same})
        yield subject.agrees(sample.replace_batch(batch), note=f"with the id {number}")
