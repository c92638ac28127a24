"""Laws of attention alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, to_float64
from conformance.operations.attention.oracle import visible_keys
from conformance.trial.draw import VALUES, fill_padding
from conformance.trial.sample import clamp, judge, judge_range, relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

NUMBERS = ("query", "key", "value")
"""Its inputs that are numbers; the rest says which key is seen."""

SHIFT = (32.0, -16.0, 8.0)
"""Added to all keys by feature; exact with quarters, in bfloat16 with units."""


def convex(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Within the values of the positions that each query sees."""
    batch = sample.batch
    got = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    sees = visible_keys(sample.variant.options, batch)[..., None, None]
    value = np.where(over_time(batch.mask, got), to_float64(batch.arrays["value"]), 0.0)
    low = np.where(sees, value[:, None], np.inf).min(axis=2, initial=np.inf)
    high = np.where(sees, value[:, None], -np.inf).max(axis=2, initial=-np.inf)
    note = "between the smallest and the largest value that the query sees"
    nearest = clamp(got, low, high)
    yield judge_range(got, nearest, sample, where=sample.valid, note=note)


def key_shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid keys rounded so that the shift is exact, then shifted."""
    key = to_float64(sample.batch.arrays["key"])
    step = 1.0 if sample.dtype == "bfloat16" else 4.0
    rounded = np.clip(np.round(key * step) / step, -30.0, 30.0)
    by = np.resize(np.asarray(SHIFT), key.shape[3])
    plain, moved = (_with_key(sample, keys) for keys in (rounded, rounded + by))
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    # Of two wrong answers the last bits would decide, which processors do differently.
    yield judge(first, plain)
    second = subject.answer(moved.batch, like=moved.want)
    note = "as before one vector was added to every valid key"
    yield relate(second, first, plain, moved, where=sample.valid, note=note)


def heads_apart(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The heads in turned order, then the first one alone."""
    heads = sample.batch.arrays["query"].shape[2]
    turned = sample.replace_batch(_of_heads(sample.batch, np.arange(heads)[::-1]))
    yield subject.agrees(turned, note="with the heads in turned order")
    alone = sample.replace_batch(_of_heads(sample.batch, np.arange(1)))
    yield subject.agrees(alone, note="the first head alone")


def two_layers(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The first layer's own answer, padding and all, given to a second one."""
    got = subject.answer(sample.batch, like=sample.want)
    yield judge(got, sample)
    arrays = {**sample.batch.arrays, **dict.fromkeys(NUMBERS, got)}
    second = sample.replace_batch(replace(sample.batch, arrays=arrays))
    if np.isfinite(to_float64(got)[sample.valid]).all():
        again = subject.answer(second.batch, like=second.want)
        note = "the second of two layers"
        yield relate(again, second.want, second, where=sample.valid, note=note)


def causal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other queries, keys and values behind the middle of each row."""
    batch = sample.batch
    middle = np.maximum(batch.counts // 2, 1)
    later = np.cumsum(batch.mask, axis=1) > middle[:, None]
    arrays = dict(batch.arrays)
    for name in NUMBERS:
        array = arrays[name]
        fresh = sample.draw(f"later {name}").rows_of(VALUES, array.shape)
        fresh = np.where(fresh == to_float64(array), -7.0, fresh).astype(array.dtype)
        arrays[name] = fill_padding(fresh, array, later & batch.mask)
    other = replace(batch, arrays=arrays)
    got = subject.answer(other, like=sample.want)
    earlier = over_time(batch.mask & ~later, sample.want)
    note = "with other numbers at later positions"
    whole = replace(sample, batch=other)
    yield relate(got, sample.want, whole, where=earlier, note=note)


def _with_key(sample: Sample, key: Array) -> Sample:
    old = sample.batch.arrays["key"]
    new = fill_padding(key, to_float64(old), sample.batch.mask).astype(old.dtype)
    arrays = {**sample.batch.arrays, "key": new}
    return sample.replace_batch(replace(sample.batch, arrays=arrays))


def _of_heads(batch: Batch, order: Array) -> Batch:
    heads = {name: batch.arrays[name][:, :, order] for name in NUMBERS}
    return replace(batch, arrays={**batch.arrays, **heads})
