"""Laws of packing alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.batch import batch_composition
from conformance.operations._common.laws.numerics import LONG
from conformance.operations._common.oracle import over_time, to_float64
from conformance.operations.pack.oracle import counted, find_sources
from conformance.trial.draw import fill_padding
from conformance.trial.exact import elsewhere
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import cast, generate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def row_alone(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Some rows alone and trimmed, one for each length of the ladder."""
    yield from batch_composition(subject, sample)


def parts(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The first half of the rows, and behind it what the others give."""
    batch = sample.batch
    half = batch.rows // 2
    if not half:
        yield subject.agrees(sample, note="a row that has no parts")
        return
    whole = subject.answer(batch, like=sample.want)
    behind = []
    for rows in (range(half), range(half, batch.rows)):
        part = batch.take(rows)
        got = subject.answer(part, like=sample.want[list(rows)])
        behind.append(to_float64(got)[counted({}, part)])
    want = np.zeros(whole.shape)
    want[counted({}, batch)] = np.concatenate(behind)
    note = f"the first {half} rows, and behind them the others"
    yield compare(to_float64(whole), want, np.zeros(want.shape), batch=batch, note=note)


def put_back(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Numbers that tell every position from all others, back where they stood."""
    batch = sample.batch
    x = batch.arrays["x"]
    # Whole numbers up to 256 are exact in every dtype.
    numbers = 1.0 + np.arange(x.size).reshape(x.shape) % 256
    plain = sample.replace_batch(replace(batch, arrays={"x": numbers.astype(x.dtype)}))
    got = to_float64(subject.answer(plain.batch, like=plain.want))
    back = np.zeros(x.shape)
    places = counted({}, batch)
    back[find_sources(sample.variant.options, batch.mask)] = got[places]
    note = "what is packed, put back"
    yield compare(
        back,
        numbers,
        np.zeros(x.shape),
        open_by=elsewhere(over_time(batch.mask, x), x.shape),
        batch=plain.batch,
        note=note,
    )


def any_number(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """One such number at every other valid position, then at all of them."""
    batch = sample.batch
    x = batch.arrays["x"]
    largest = PRECISIONS[sample.dtype].largest
    for number in (np.nan, np.inf, -np.inf, largest, -largest, 0.0):
        for some in (2, 1):
            chosen = batch.mask & (np.cumsum(batch.mask, axis=1) % some == 0)
            fill = np.full(x.shape, number).astype(x.dtype)
            arrays = {"x": fill_padding(x, fill, ~chosen)}
            note = f"{number:.3g} at {'every other' if some > 1 else 'every'} position"
            changed = sample.replace_batch(replace(batch, arrays=arrays))
            yield subject.agrees(changed, note=note)


def many_positions(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows that are longer than small integer and float types can count."""
    longest = generate(
        sample.oracle,
        subject.variant,
        seed=sample.seed,
        turn=sample.turn,
        time=LONG[-1],
        rows=len(LONG),
    )
    mask = np.arange(LONG[-1]) < np.asarray(LONG)[:, None]
    x = longest.arrays["x"]
    numbers = np.asarray(1.0 + np.arange(x.size).reshape(x.shape) % 251)
    batch = cast(replace(longest, arrays={"x": numbers}, mask=mask), subject.dtype)
    yield subject.agrees(sample.replace_batch(batch), note="rows of 130, 257 and 2049")
