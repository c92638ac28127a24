"""Laws of attention pooling alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations import load_oracle
from conformance.operations._common.oracle import shift_valid, to_float64
from conformance.trial.draw import fill_padding
from conformance.trial.sample import judge, relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

SHIFT = 64.0
FAR = 8192.0
"""Between two scores: the powers of the smaller ones are zero in every dtype."""


def score_shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid scores rounded so that the shift is exact, then shifted."""
    score = to_float64(sample.batch.arrays["score"])
    step = 1.0 if sample.dtype == "bfloat16" else 4.0
    rounded = np.clip(np.round(score * step) / step, -30.0, 30.0)
    plain, moved = (_with_score(sample, s) for s in (rounded, rounded + SHIFT))
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    yield judge(first, plain)
    second = subject.answer(moved.batch, like=moved.want)
    note = f"as before {SHIFT:g} was added to every valid score"
    yield relate(second, first, plain, moved, note=note)


def scores_alike(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """One score at all valid positions: small, then larger than those at padding."""
    options, old = sample.variant.options, sample.batch.arrays["score"]
    for number in (-1.5, 16384.0):
        equal = _with_score(sample, np.full(old.shape, number))
        want = load_oracle("masked_mean").answer({}, equal.batch)
        if options["pool"] == "mean_std":
            variance = load_oracle("masked_variance").answer({"ddof": "0"}, equal.batch)
            floor = dict(sample.variant.values)["floor"]
            root = np.sqrt(np.maximum(variance, floor))
            want = np.concatenate([want, root], axis=1)
        want = np.where((sample.batch.counts > 0)[:, None], want, equal.want)
        got = subject.answer(equal.batch, like=want)
        note = f"expected the row's plain statistics: all scores are {number:g}"
        yield relate(got, want, equal, note=note)


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid values rounded so that the shift is exact, then shifted."""
    plain, moved = (
        sample.replace_batch(
            replace(sample.batch, arrays={**sample.batch.arrays, **each.batch.arrays})
        )
        for each in shift_valid(sample, SHIFT)
    )
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    features = sample.batch.arrays["x"].shape[2]
    is_mean = np.arange(first.shape[1]) < features
    note = f"the mean plus {SHIFT:g}, as all valid values are"
    yield relate(second, first + SHIFT * is_mean, plain, moved, note=note)


def one_score(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """A score that no other comes near, at the last valid position, then the first."""
    batch, wide = sample.batch, sample.batch.arrays["score"].ndim
    seen = np.cumsum(batch.mask, axis=1)
    for end, chosen in (("last", seen == batch.counts[:, None]), ("first", seen == 1)):
        there = chosen.reshape(chosen.shape + (1,) * (wide - 2))
        score = np.broadcast_to(np.where(there, FAR, -FAR), batch.arrays["score"].shape)
        other = _with_score(sample, score)
        yield subject.agrees(other, note=f"all weight is on the {end} valid position")


def _with_score(sample: Sample, score: Array) -> Sample:
    old = sample.batch.arrays["score"]
    # Not through the padding's own numbers, which may be NaN.
    filled = fill_padding(score, to_float64(old), sample.batch.mask).astype(old.dtype)
    arrays = {**sample.batch.arrays, "score": filled}
    return sample.replace_batch(replace(sample.batch, arrays=arrays))
