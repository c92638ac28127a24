"""The law about the compiled route."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

SHORT = 3
"""Positions of the batch where compiling is paid for this law alone."""


def route(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Compiled for one mask, called with others of the same shape."""
    if subject.adapter.declaration.primary != subject.route:
        # Nothing else is compiled in this shape: a shorter one compiles sooner.
        sample = sample.replace_batch(sample.batch.cut(slice(0, SHORT)))
    yield subject.agrees(sample, note="compiled")
    turned = sample.rows(np.arange(sample.batch.rows)[::-1])
    yield subject.agrees(turned, note="the compiled function with another mask")
    shorter = sample.replace_batch(_shorten(sample))
    yield subject.agrees(shorter, note="the compiled function with a shorter mask")
    subject.describe_capture()


def _shorten(sample: Sample) -> Batch:
    """Return the batch with only the first valid position of each row kept."""
    first = np.cumsum(sample.batch.mask, axis=1) == 1
    return replace(sample.batch, mask=sample.batch.mask & first)
