"""Laws of positions alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.numerics import LONG
from conformance.operations._common.laws.padding import (
    extend_padding,
    next_step,
    reorder,
)
from conformance.trial.draw import LADDER
from conformance.trial.sample import cast, generate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def front_padding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Every row behind as much padding, then the longest row alone."""
    longer = extend_padding(sample, next_step(sample.batch.time))
    order = np.roll(np.arange(longer.time), longer.time - sample.batch.time)
    moved = reorder(longer, np.broadcast_to(order, longer.mask.shape))
    yield subject.agrees(
        sample.replace_batch(moved), note="with padding in front of every row"
    )
    alone = moved.take([int(np.argmax(moved.counts))])
    yield subject.agrees(
        sample.replace_batch(alone), note="one row, with padding in front of it"
    )


def cut_short(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The first positions of every row alone."""
    shorter = [time for time in LADDER if time < sample.batch.time]
    for time in shorter or [sample.batch.time]:  # one position cannot be cut
        first = sample.replace_batch(sample.batch.cut(slice(0, time)))
        note = f"the first {time} positions of every row"
        yield subject.agrees(first, note=note)


def far_positions(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows that are longer than small integer and float types can count.

    The first token is a sequence, and all others are one.
    """
    mask = np.arange(LONG[-1]) < np.asarray(LONG)[:, None]
    longest = generate(
        sample.oracle,
        subject.variant,
        seed=sample.seed,
        turn=sample.turn,
        time=LONG[-1],
        rows=len(LONG),
    )
    numbers = np.where(np.arange(LONG[-1]) > 0, 2, 1)
    arrays = {"segments": np.broadcast_to(numbers, mask.shape).copy()}
    batch = cast(replace(longest, arrays=arrays, mask=mask), subject.dtype)
    yield subject.agrees(sample.replace_batch(batch), note="rows of 130, 257 and 2049")
