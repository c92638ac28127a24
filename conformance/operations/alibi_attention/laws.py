"""Laws of attention with ALiBi alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import to_float64
from conformance.trial.draw import Draw, fill_padding
from conformance.trial.sample import cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

LONG = (130, 257, 300)
"""Lengths beyond what bfloat16 counts; a square of scores has to be held for each."""


def distance_alone(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Zeros for all valid queries."""
    old = sample.batch.arrays["query"]
    zero = np.zeros(old.shape)
    query = fill_padding(zero, to_float64(old), sample.batch.mask).astype(old.dtype)
    arrays = {**sample.batch.arrays, "query": query}
    other = sample.replace_batch(replace(sample.batch, arrays=arrays))
    yield subject.agrees(other, note="with queries of zero")


def far_keys(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows that are longer than small float types can count."""
    mask = np.arange(LONG[-1]) < np.asarray(LONG)[:, None]
    draw = Draw(sample.seed, f"{subject.variant.name}/far", sample.turn)
    arrays = sample.oracle.generate(subject.variant.options, draw, mask)
    # Queries of zero: the distances alone tell the keys apart.
    arrays["query"] = np.where(mask[..., None, None], 0.0, arrays["query"])
    batch = cast(replace(sample.batch, arrays=arrays, mask=mask), subject.dtype)
    yield subject.agrees(sample.replace_batch(batch), note="rows of 130, 257 and 300")
