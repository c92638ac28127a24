"""Laws of the mask from features alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def one_feature(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """One feature at every valid position, each in turn."""
    x = sample.batch.arrays["x"]
    for feature in range(x.shape[-1]):
        alone = np.zeros_like(x)
        alone[..., feature] = -2
        note = f"feature {feature} alone is not zero"
        yield subject.agrees(_replace_x(sample, alone), note=note)


def features_that_cancel(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """A feature and its negative at every valid position."""
    x = sample.batch.arrays["x"]
    pairs = np.zeros_like(x)
    pairs[..., 0] = 3
    pairs[..., -1] = -3 if x.shape[-1] > 1 else 3
    note = "features that add up to zero"
    yield subject.agrees(_replace_x(sample, pairs), note=note)


def negative_zero(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Negative zeros at all padding."""
    x = sample.batch.arrays["x"]
    zeros = np.where(sample.batch.mask[..., None], x, -np.zeros_like(x))
    yield subject.agrees(_replace_x(sample, zeros), note="-0.0 at padding")


def tiny_features(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The smallest normal number of the dtype at every valid position."""
    # PRECISIONS has float16's smallest subnormal; its smallest normal is 2^-14.
    low = 2.0**-14 if subject.dtype == "float16" else PRECISIONS[subject.dtype].eta
    x = sample.batch.arrays["x"]
    for number in (low, -low):
        tiny = np.full_like(x, number)
        yield subject.agrees(_replace_x(sample, tiny), note=f"features of {number:.3g}")


def nan_counts(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """NaN in one feature of every valid position, then in all."""
    x = sample.batch.arrays["x"]
    first = np.zeros_like(x)
    first[..., 0] = np.nan
    yield subject.agrees(_replace_x(sample, first), note="the first feature is NaN")
    every = np.full_like(x, np.nan)
    yield subject.agrees(_replace_x(sample, every), note="every feature is NaN")


def _replace_x(sample: Sample, x: Array) -> Sample:
    return sample.replace_batch(replace(sample.batch, arrays={"x": x}))
