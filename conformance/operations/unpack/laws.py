"""Laws of unpacking alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.batch import batch_composition
from conformance.operations._common.laws.numerics import LONG, WILD
from conformance.operations._common.oracle import over_time, to_float64
from conformance.operations.pack.oracle import find_sources
from conformance.operations.unpack.oracle import find_needed, gradient
from conformance.trial.draw import fill_padding
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import cast, generate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def round_trip(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Numbers that tell every position from all others, as pack orders them."""
    batch = sample.batch
    shape = sample.want.shape
    # Whole numbers up to 256 are exact in every dtype.
    x = 1.0 + np.arange(sample.want.size).reshape(shape) % 256
    values = np.zeros(batch.beside["values"].shape)
    places = find_sources(sample.variant.options, batch.mask)
    values[find_needed(batch)] = x[places]
    packed = _replace_values(sample, values)
    got = to_float64(subject.answer(packed.batch, like=packed.want))
    want = np.where(over_time(batch.mask, x), x, 0.0)
    note = "what was packed, unpacked"
    yield compare(got, want, np.zeros(shape), batch=packed.batch, note=note)


def row_alone(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Some rows alone and trimmed, one for each length of the ladder."""
    yield from batch_composition(subject, sample)


def behind_the_last(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Another number everywhere behind the last value."""
    for number in (0.0, -7e3):
        changed = _fill_behind(sample, number)
        yield subject.agrees(changed, note=f"{number:.3g} behind the last value")


def wild_behind(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each wild number everywhere behind the last value."""
    for kind in WILD:
        yield subject.agrees(_fill_wild(sample, kind), note=f"{kind} behind the last")


def returned_cotangent(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Every value's derivative for a random cotangent."""
    yield _judge_returned(subject, sample, "")


def wild_behind_gradient(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The same beside each wild number behind the last value."""
    for kind in WILD:
        note = f"{kind} behind the last value"
        yield _judge_returned(subject, _fill_wild(sample, kind), note)


def _judge_returned(subject: Subject, sample: Sample, note: str) -> Verdict:
    """Judge the values' derivatives, which are exact: cotangents are, in any dtype."""
    if not sample.want.size:
        return subject.agrees(sample, note="without elements")
    cotangent = sample.cotangent()
    got = subject.gradients(sample.batch, cotangent)[0]["values"]
    want = gradient(sample.variant.options, sample.batch, cotangent)["values"]
    return compare(
        to_float64(got),
        want,
        np.zeros(want.shape),
        batch=sample.batch,
        label="gradient of values",
        note=note,
    )


def any_number(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """One such number for every other value, then for all of them."""
    values = sample.batch.beside["values"]
    largest = PRECISIONS[sample.dtype].largest
    inside = find_needed(sample.batch)
    other = np.arange(inside.size).reshape(inside.shape) % 2 == 1
    for number in (np.nan, np.inf, -np.inf, largest, -largest, 0.0):
        for chosen in (inside & other, inside):
            fill = np.full(values.shape, number)
            changed = _replace_values(sample, fill_padding(values, fill, ~chosen))
            yield subject.agrees(changed, note=f"values of {number:.3g}")


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
    values = longest.beside["values"]
    numbers = 1.0 + np.arange(values.size).reshape(values.shape) % 251
    batch = cast(replace(longest, beside={"values": numbers}, mask=mask), subject.dtype)
    yield subject.agrees(sample.replace_batch(batch), note="rows of 130, 257 and 2049")


def _fill_wild(sample: Sample, kind: str) -> Sample:
    largest = PRECISIONS[sample.dtype].largest
    number = {"largest": largest, "-largest": -largest}.get(kind)
    return _fill_behind(sample, float(kind) if number is None else number)


def _fill_behind(sample: Sample, number: float) -> Sample:
    values = sample.batch.beside["values"]
    fill = np.full(values.shape, number)
    return _replace_values(
        sample, fill_padding(values, fill, find_needed(sample.batch))
    )


def _replace_values(sample: Sample, values: Array) -> Sample:
    like = sample.batch.beside["values"]
    beside = {"values": values.astype(like.dtype)}
    return sample.replace_batch(replace(sample.batch, beside=beside))
