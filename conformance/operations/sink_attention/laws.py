"""Laws of attention with a sink alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations import load_oracle
from conformance.operations._common.oracle import to_float64
from conformance.trial.draw import fill_padding
from conformance.trial.sample import relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

NUMBERS = ("query", "key", "value")
FAR = 32768.0
"""Exact in every dtype, and farther from the scores than float64's exp reaches."""


def heads_and_sinks(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The heads in turned order, then the last one alone, each with its sink."""
    heads = sample.batch.arrays["query"].shape[2]
    turned = sample.replace_batch(_of_heads(sample.batch, np.arange(heads)[::-1]))
    yield subject.agrees(turned, note="with the heads in turned order")
    alone = sample.replace_batch(_of_heads(sample.batch, np.arange(heads - 1, heads)))
    yield subject.agrees(alone, note="the last head alone")


def what_the_sink_leaves(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Ones for all valid values."""
    old = sample.batch.arrays["value"]
    ones = np.ones(old.shape)
    value = fill_padding(ones, to_float64(old), sample.batch.mask).astype(old.dtype)
    arrays = {**sample.batch.arrays, "value": value}
    other = sample.replace_batch(replace(sample.batch, arrays=arrays))
    yield subject.agrees(other, note="with values of one")


def no_sink(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """A sink that takes nothing: attention's answer."""
    low = sample.replace_batch(_with_sink(sample.batch, -FAR))
    want = load_oracle("attention").answer(sample.variant.options, sample.batch)
    got = subject.answer(low.batch, like=sample.want)
    note = "expected attention's answer: the sink is far below"
    yield relate(got, want, low, where=sample.valid, note=note)


def all_to_the_sink(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """A sink that takes all."""
    high = sample.replace_batch(_with_sink(sample.batch, FAR))
    yield subject.agrees(high, note="with a sink of 32768")


def _with_sink(batch: Batch, number: float) -> Batch:
    old = batch.weights["sink"]
    return replace(batch, weights={"sink": np.full_like(old, number)})


def _of_heads(batch: Batch, order: Array) -> Batch:
    heads = {name: batch.arrays[name][:, :, order] for name in NUMBERS}
    sink = {"sink": batch.weights["sink"][order]}
    return replace(batch, arrays={**batch.arrays, **heads}, weights=sink)
