"""Laws of the convolution alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, to_float64
from conformance.trial.draw import LOGITS, fill_padding
from conformance.trial.exact import elsewhere
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def zero_at_padding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Exactly zero where a position does not count."""
    got = subject.answer(sample.batch, like=sample.want)
    zero = np.zeros_like(sample.want)
    note = "a position that does not count has an answer"
    padded = elsewhere(~over_time(sample.counted, zero), zero.shape)
    yield compare(got, zero, zero, open_by=padded, batch=sample.batch, note=note)


def bias_apart(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The answers with the bias, and with zeros in its place."""
    bias = sample.batch.weights["bias"]
    weights = {**sample.batch.weights, "bias": np.zeros_like(bias)}
    bare = sample.replace_batch(replace(sample.batch, weights=weights))
    first = np.asarray(subject.answer(bare.batch, like=bare.want), dtype=np.float64)
    second = subject.answer(sample.batch, like=sample.want)
    want = first + np.where(over_time(sample.counted, first), to_float64(bias), 0.0)
    note = "the answer without the bias, and the bias where a position counts"
    yield relate(second, want, bare, sample, note=note)


def superposition(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Two inputs of small whole numbers, whose sum every dtype holds."""
    one, other = (_whole_numbers(sample, name) for name in ("one", "other"))
    samples = [_of(sample, x) for x in (one, other, one + other)]
    found = [
        np.asarray(subject.answer(each.batch, like=each.want), dtype=np.float64)
        for each in samples
    ]
    bias = to_float64(sample.batch.weights["bias"])
    want = found[0] + found[1]
    want -= np.where(over_time(sample.counted, want), bias, 0.0)
    note = "the answers for two inputs, added up"
    yield relate(found[2], want, *samples, note=note)


def causal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other numbers behind the middle of each row."""
    batch = sample.batch
    middle = np.maximum(batch.counts // 2, 1)
    later = np.cumsum(batch.mask, axis=1) > middle[:, None]
    old = batch.arrays["x"]
    fresh = sample.draw("later").rows_of(LOGITS, old.shape)
    fresh = np.where(fresh == to_float64(old), -7.0, fresh).astype(old.dtype)
    x = fill_padding(fresh, old, later & batch.mask)
    other = replace(batch, arrays={"x": x})
    got = subject.answer(other, like=sample.want)
    stride = int(sample.variant.options.get("stride", 1))
    earlier = over_time((batch.mask & ~later)[:, ::stride], sample.want)
    note = "with other numbers at later positions"
    whole = replace(sample, batch=other)
    yield relate(got, sample.want, whole, where=earlier, note=note)


def _whole_numbers(sample: Sample, name: str) -> Array:
    shape = sample.batch.arrays["x"].shape
    return np.asarray(sample.draw(name).below(17, shape) - 8.0)


def _of(sample: Sample, x: Array) -> Sample:
    old = sample.batch.arrays["x"]
    new = fill_padding(x, to_float64(old), sample.batch.mask).astype(old.dtype)
    return sample.replace_batch(replace(sample.batch, arrays={"x": new}))
