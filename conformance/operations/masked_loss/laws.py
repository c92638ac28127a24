"""Laws of the loss alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.draw import fill_padding
from conformance.trial.exact import both
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.trial.batch import Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

LABELS = (-100, -1, 3, 255, 2**31 - 1)
"""Labels that are no class: the usual ignore index, one before and one behind."""


def additive(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Two parts of unequal length; a mean is weighted by their valid positions."""
    mean = subject.variant.options["reduction"] == "mean"

    def count(batch: Batch) -> float:
        return float(batch.mask.sum()) if mean else 0.0

    yield from add_parts(subject, sample, count)


def add_parts(
    subject: Subject, sample: Sample, count: Callable[[Batch], float]
) -> Iterator[Verdict]:
    """Judge the batch's loss by those of its shorter and of its longer rows.

    Args:
        subject: The adapter's function.
        sample: The sample.
        count: What the reduction divides a batch's sum by, 0 where it is a sum.
    """
    batch = sample.batch
    if batch.rows < 2:  # noqa: PLR2004 - nothing to split
        yield subject.agrees(sample)
        return
    order = np.argsort(batch.counts, kind="stable")
    half = batch.rows // 2
    parts = [
        sample.replace_batch(batch.take(rows)) for rows in (order[:half], order[half:])
    ]
    counts = [count(part.batch) for part in parts]
    share = sum(counts) or 1.0
    weights = counts if any(counts) else [1.0, 1.0]
    answers = [
        float(np.asarray(subject.answer(part.batch, like=part.want), dtype=np.float64))
        for part in parts
    ]
    want = sum(a * w for a, w in zip(answers, weights, strict=True)) / share
    slack = sum(float(part.allowed) * w for part, w in zip(parts, weights, strict=True))
    got = subject.answer(batch, like=sample.want)
    allowed = sample.allowed + slack / share
    note = "the loss of two parts of the batch, put together"
    known = np.isfinite(want) or not np.isfinite(sample.want)
    yield compare(
        got,
        np.asarray(want) if known else sample.want,
        allowed,
        open_by=both(sample.open_by, *(part.open_by for part in parts)),
        batch=batch,
        note=note,
    )


def padding_labels(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Labels at padding that are no class."""
    for label in LABELS:
        old = sample.batch.arrays["targets"]
        targets = fill_padding(old, np.full_like(old, label), sample.batch.mask)
        arrays = {**sample.batch.arrays, "targets": targets}
        other = sample.replace_padding(replace(sample.batch, arrays=arrays))
        yield subject.agrees(other, note=f"label {label} at padding")
