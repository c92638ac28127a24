"""Laws of the weighted loss alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.numerics import raises
from conformance.operations.masked_loss.laws import add_parts
from conformance.operations.weighted_loss import WEIGHED
from conformance.operations.weighted_loss.oracle import divisor
from conformance.operations.weighted_mean.laws import replace_weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def additive(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Two parts of unequal length and weight, each as its divisor counts it."""
    options = subject.variant.options

    def count(batch: Batch) -> float:
        return divisor(options, batch)

    yield from add_parts(subject, sample, count)


def scale(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """All weights times four, then over 64: they then add up to less than one."""
    weight = sample.batch.arrays["weight"]
    for factor in (4.0, 2.0**-6):
        other = sample.replace_batch(
            replace_weights(sample.batch, weight.astype(np.float64) * factor)
        )
        yield subject.agrees(other, note=f"with weights {factor:g} times as large")


def weight_of_zero(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Zero at every other valid position, then at all but each row's first."""
    batch = sample.batch
    weight = batch.arrays["weight"].astype(np.float64)
    seen = np.cumsum(batch.mask, axis=1)
    for which, chosen in (
        ("every other valid position", seen % 2 == 0),
        ("all valid positions but the first", seen > 1),
    ):
        other = replace_weights(batch, np.where(chosen, 0.0, weight))
        note = f"with weights of zero at {which}"
        yield subject.agrees(sample.replace_batch(other), note=note)


def no_weight(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Weights of zero at all valid positions."""
    batch = replace_weights(sample.batch, np.zeros(sample.batch.mask.shape))
    if subject.variant.options["reduction"] in WEIGHED and sample.empty == "error":
        yield raises(subject, batch, sample.want, "a batch without weights")
        return
    other = sample.replace_batch(batch)
    yield subject.agrees(other, note="with weights of zero at all valid positions")
