"""Laws of the sum over all paths alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common import chain
from conformance.operations._common.chain_batches import (
    SHIFT,
    isolate_positions,
    rename_tags,
    reverse_chain,
    shift_emissions,
)
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def best_and_all(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The answer between the best path's score and that of K^n such paths."""
    batch = sample.batch
    got = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    least = chain.score_best(batch)
    width = batch.arrays["emissions"].shape[2]
    most = least + batch.counts * np.log(width)
    # What is NaN is in no range, and an empty row has no path.
    inside = np.clip(np.where(np.isnan(got), least, got), least, most)
    yield compare(
        got,
        np.where(batch.counts > 0, inside, sample.want),
        sample.allowed,
        open_by=sample.open_by,
        batch=batch,
        note=f"one of {width}^n paths is the best, and all of them the most",
    )


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid emissions rounded so that the shift is exact, then shifted."""
    plain, moved = (shift_emissions(sample, by) for by in (0.0, SHIFT))
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    note = f"{SHIFT:g} was added to every valid emission"
    want = first + SHIFT * sample.batch.counts
    yield relate(second, want, plain, moved, note=note)


def reversal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid positions in the reverse order, transitions the other way."""
    first = subject.answer(sample.batch, like=sample.want)
    turned = sample.replace_batch(reverse_chain(sample.batch))
    second = subject.answer(turned.batch, like=turned.want)
    want = np.asarray(first, dtype=np.float64)
    yield relate(second, want, sample, turned, note="the reversed chain")


def renamed_tags(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The first tag last, with its emissions, transitions, start and end."""
    first = subject.answer(sample.batch, like=sample.want)
    order = np.roll(np.arange(sample.batch.arrays["emissions"].shape[2]), -1)
    other = sample.replace_batch(rename_tags(sample.batch, order))
    second = subject.answer(other.batch, like=other.want)
    want = np.asarray(first, dtype=np.float64)
    yield relate(second, want, sample, other, note="the tags in another order")


def single_positions(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The first valid positions of two rows, as a batch of their own."""
    alone = sample.replace_batch(isolate_positions(sample.batch))
    yield subject.agrees(alone, note="two rows of one position")
