"""Laws of the mask from lengths alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.numerics import LONG
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import cast, generate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

BEYOND = (1, 2, 256, 2**16, 2**24 + 1)
"""How far a length is above T: next to it, and where its low bits are a small one."""

SHORT = (3, 44, 255)
"""Lengths of eight bits; 300, their T, is 44 in eight bits."""


def beyond_time(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Full rows beside the others, whose lengths are above T."""
    batch = sample.batch
    full = np.arange(batch.rows) % 2 == 0
    mask = batch.mask | full[:, None]
    for more in BEYOND:
        lengths = np.where(full, batch.time + more, mask.sum(axis=1))
        longer = replace(batch, beside={"lengths": lengths}, mask=mask)
        note = f"every other length is T + {more}"
        yield subject.agrees(sample.replace_batch(longer), note=note)


def only_its_shape(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Zeros everywhere in x, then the largest number of its dtype."""
    x = sample.batch.arrays["x"]
    for number in (0.0, PRECISIONS[subject.dtype].largest):
        same = np.full(x.shape, number).astype(x.dtype)
        batch = replace(sample.batch, arrays={"x": same})
        note = f"x is {number:.3g} everywhere"
        yield subject.agrees(sample.replace_batch(batch), note=note)


def far_lengths(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows that are longer than small integer and float types can count."""
    longest = _draw_rows(subject, sample, LONG, LONG[-1] + 3)
    yield subject.agrees(longest, note="rows of 130, 257 and 2049")


def length_types(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The same lengths in other integers, T beyond what the narrow ones hold."""
    rows = _draw_rows(subject, sample, SHORT, 300)
    for dtype in ("int32", "uint8"):
        lengths = rows.batch.beside["lengths"].astype(dtype)
        batch = replace(rows.batch, beside={"lengths": lengths})
        yield subject.agrees(rows.replace_batch(batch), note=f"lengths in {dtype}")


def adds_up(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The positions that count, added up from the side without padding."""
    batch = sample.batch
    got = np.asarray(subject.answer(batch, like=sample.want), np.float64)
    turned = got if subject.variant.options["side"] == "right" else got[:, ::-1]
    said = np.minimum(batch.beside["lengths"], batch.time)[:, None]
    # So many up to each position, and no more behind them.
    want = np.minimum(np.arange(1.0, batch.time + 1), said)
    nothing, note = np.zeros(want.shape), "positions that count, added up"
    yield compare(np.cumsum(turned, axis=1), want, nothing, batch=batch, note=note)


def _draw_rows(
    subject: Subject, sample: Sample, lengths: Sequence[int], time: int
) -> Sample:
    """Return rows of the given lengths, padded to T."""
    drawn = generate(
        sample.oracle,
        subject.variant,
        seed=sample.seed,
        turn=sample.turn,
        time=time,
        rows=len(lengths),
    )
    mask = np.arange(time) < np.asarray(lengths)[:, None]
    return sample.replace_batch(cast(replace(drawn, mask=mask), subject.dtype))
