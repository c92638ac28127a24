"""Laws of each position's shares alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.chain_batches import (
    SHIFT,
    isolate_positions,
    rename_tags,
    repeat_positions,
    reverse_chain,
    shift_emissions,
)
from conformance.trial.exact import both, over
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

MANY = 160
"""Positions at which products of probabilities underflow in float32, and int8 ends."""


def sums_to_one(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The sum over tags at each position."""
    batch = sample.batch
    got = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    width = got.shape[2]
    yield compare(
        got.sum(axis=2),
        batch.mask.astype(np.float64),
        sample.allowed.sum(axis=2) + width * 2.0**-52,
        open_by=over(sample.open_by, 2),
        batch=batch,
        label="sum",
        note="the shares of a position's tags",
    )


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid emissions rounded so that the shift is exact, then shifted."""
    plain, moved = (shift_emissions(sample, by) for by in (0.0, SHIFT))
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    note = f"as before {SHIFT:g} was added to every valid emission"
    yield relate(second, first, plain, moved, note=note)


def reversal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid positions in the reverse order, transitions the other way."""

    def turn(array: Array) -> Array:
        turned = array.copy()
        for row, valid in enumerate(sample.batch.mask):
            turned[row, valid] = turned[row, valid][::-1]
        return turned

    other = sample.replace_batch(reverse_chain(sample.batch))
    yield _follow(subject, sample, other, turn, "the reversed chain")


def renamed_tags(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The first tag last, with its emissions, transitions, start and end."""
    order = np.roll(np.arange(sample.want.shape[2]), -1)
    other = sample.replace_batch(rename_tags(sample.batch, order))
    note = "the tags in another order"
    yield _follow(subject, sample, other, lambda array: array[..., order], note)


def single_positions(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The first valid positions of two rows, as a batch of their own."""
    alone = sample.replace_batch(isolate_positions(sample.batch))
    yield subject.agrees(alone, note="two rows of one position")


def many_positions(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The valid positions of one row over and over, and some padding behind."""
    long = sample.replace_batch(repeat_positions(sample.batch, MANY))
    yield subject.agrees(long, note=f"a row of {MANY} positions")


def _follow(
    subject: Subject,
    sample: Sample,
    other: Sample,
    move: Callable[[Array], Array],
    note: str,
) -> Verdict:
    """Judge the answer for another sample by the first one's, moved."""
    first = subject.answer(sample.batch, like=sample.want)
    second = subject.answer(other.batch, like=other.want)
    want = move(np.asarray(first, dtype=np.float64))
    moved = {name: move(own) for name, own in sample.open_by.items()}
    return compare(
        second,
        np.where(np.isfinite(want), want, other.want),
        move(sample.allowed) + other.allowed,
        open_by=both(moved, other.open_by),
        batch=other.batch,
        note=note,
    )
