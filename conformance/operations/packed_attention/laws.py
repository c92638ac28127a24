"""Laws of packed attention alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations import load_oracle
from conformance.operations._common.laws.padding import reorder
from conformance.operations._common.oracle import to_float64
from conformance.operations.attention.laws import NUMBERS
from conformance.trial.draw import VALUES, fill_padding
from conformance.trial.sample import relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def alone(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each row's first sequences by themselves, then its second ones, and so on."""
    batch, rank = sample.batch, _rank(sample.batch)
    options, attention = sample.variant.options, load_oracle("attention")
    want = np.zeros(sample.want.shape)
    for turn in range(int(rank.max(initial=-1)) + 1):
        own = rank == turn
        # To the front of the row, so that nothing is left of where it stood.
        order = np.argsort(~own, axis=1, kind="stable")
        single = reorder(replace(_without_numbers(batch), mask=own), order)
        found = attention.answer(options, single)
        back = np.argsort(order, axis=1, kind="stable")
        there = np.take_along_axis(found, back[..., None, None], axis=1)
        want = np.where(own[..., None, None], there, want)
    got = subject.answer(batch, like=want)
    note = "expected attention's answers for each sequence in a row of its own"
    yield relate(got, want, sample, where=sample.valid, note=note)


def other_sequences(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other numbers in every other sequence, then in those that were left."""
    batch, rank = sample.batch, _rank(sample.batch)
    fresh = {name: _other_numbers(sample, name, batch.arrays[name]) for name in NUMBERS}
    for parity in range(2):
        here = batch.mask & (rank % 2 != parity)
        arrays = {
            name: fill_padding(array, batch.arrays[name], here)
            for name, array in fresh.items()
        }
        other = replace(batch, arrays={**batch.arrays, **arrays})
        got = subject.answer(other, like=sample.want)
        kept = (batch.mask & ~here)[..., None, None]
        note = "with other numbers in the sequences beside it"
        whole = replace(sample, batch=other)
        yield relate(got, sample.want, whole, where=sample.valid & kept, note=note)


def sequence_order(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each row's sequences from the last to the first, their positions as they were."""
    batch, rank = sample.batch, _rank(sample.batch)
    last = int(rank.max(initial=0))
    order = np.argsort(np.where(batch.mask, last - rank, last + 1), kind="stable")
    turned = sample.replace_batch(reorder(batch, order))
    got = subject.answer(turned.batch, like=turned.want)
    there = order.reshape(order.shape + (1,) * (sample.want.ndim - 2))
    want = np.take_along_axis(sample.want, there, axis=1)
    note = "expected the answers of the sequences, moved with them"
    yield relate(got, want, turned, where=turned.valid, note=note)


def renumbered(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Falling numbers, then numbers that small integer types do not hold."""
    batch, rank = sample.batch, _rank(sample.batch)
    last = int(rank.max(initial=0))
    for numbers, note in (
        (last + 2 - rank, "with falling numbers"),
        (70_000 + 256 * rank, "with numbers from 70000 on, 256 apart"),
    ):
        segments = np.where(batch.mask, numbers, batch.arrays["segments"])
        other = replace(batch, arrays={**batch.arrays, "segments": segments})
        got = subject.answer(other, like=sample.want)
        whole = replace(sample, batch=other)
        yield relate(got, sample.want, whole, where=sample.valid, note=note)


def one_sequence(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The same rows, each under one number."""
    batch = sample.batch
    segments = np.ones_like(batch.arrays["segments"])
    whole = sample.replace_batch(
        replace(batch, arrays={**batch.arrays, "segments": segments})
    )
    plain = _without_numbers(batch)
    want = load_oracle("attention").answer(sample.variant.options, plain)
    got = subject.answer(whole.batch, like=want)
    note = "expected attention's answer: each row is one sequence"
    yield relate(got, want, whole, where=whole.valid, note=note)


def _rank(batch: Batch) -> Array:
    """Return which of its row's sequences each valid position is in, from 0; else -1.

    Valid positions of one sequence stand together, padding perhaps between them.
    """
    found = np.full(batch.mask.shape, -1)
    for row, keep in enumerate(batch.mask):
        numbers = batch.arrays["segments"][row, keep]
        found[row, keep] = np.cumsum(np.diff(numbers, prepend=numbers[:1]) != 0)
    return found


def _without_numbers(batch: Batch) -> Batch:
    """Return the batch that attention takes."""
    return replace(batch, arrays={name: batch.arrays[name] for name in NUMBERS})


def _other_numbers(sample: Sample, name: str, array: Array) -> Array:
    fresh = sample.draw(f"beside {name}").rows_of(VALUES, array.shape)
    return np.where(fresh == to_float64(array), -7.0, fresh).astype(array.dtype)
