"""Laws of the k largest values alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, to_float64
from conformance.operations.masked_arg.laws import LONG
from conformance.trial.draw import GARBAGE, fill_padding
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

TIED = (1.0, 2.0, 3.0)
"""The few values of rows that share."""


def descends(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each answer is at most the one before it."""
    got = to_float64(subject.answer(sample.batch, like=sample.want))
    want = np.minimum.accumulate(got, axis=1)
    note = "no larger than the answer before it"
    yield relate(got, want, sample, where=sample.valid, note=note)


def repeated_values(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """One number at every valid position."""
    for number in (2.0, -3.0):
        filled = _replace_valid(sample, np.full(sample.batch.arrays["x"].shape, number))
        yield subject.agrees(filled, note=f"with {number:g} at every valid position")


def missing_places(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows of one value up to one less than k, and as few positions."""
    batch, size = sample.batch, int(sample.variant.options["k"])
    for few in range(1, size):
        mask = batch.mask & (np.cumsum(batch.mask, axis=1) <= few)
        short = sample.replace_batch(replace(batch, mask=mask))
        yield subject.agrees(short, note=f"with {few} valid positions at most")
    fewer = sample.replace_batch(batch.cut(slice(0, size - 1)))
    yield subject.agrees(fewer, note=f"with T = {size - 1}")


def peak(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Zeros, and at the last valid positions what stands out."""
    size, old = int(sample.variant.options["k"]), sample.batch.arrays["x"]
    places: Array = np.arange(LONG[-1])
    ends = np.asarray(LONG)[:, None]
    garbage = sample.draw("peak").rows_of(GARBAGE, (3, LONG[-1], *old.shape[2:]))
    rises = over_time(np.maximum(places - (ends - size) + 1, 0), garbage)
    mask = places < ends
    x = fill_padding(np.broadcast_to(rises, garbage.shape), garbage, mask)
    batch = replace(sample.batch, arrays={"x": x.astype(old.dtype)}, mask=mask)
    note = f"with {size} that stand out at the end of rows of 130, 300 and 2052"
    yield subject.agrees(sample.replace_batch(batch), note=note)


def tied_shares(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows of few values, so that several equal ones share some places."""
    drawn = sample.draw("tied").of(TIED, sample.batch.arrays["x"].shape)
    tied = _replace_valid(sample, drawn)
    cotangent = tied.cotangent()
    found = to_float64(subject.gradients(tied.batch, cotangent)[0]["x"])
    x, want = to_float64(tied.batch.arrays["x"]), tied.want
    valid = np.broadcast_to(over_time(tied.batch.mask, x), x.shape)
    for what, part in (("shares", np.asarray), ("positive shares", _keep_positive)):
        got, pulled = (
            np.stack(
                [np.where(where, part(array), 0.0).sum(axis=1) for where in wheres]
            )
            for array, wheres in (
                (found, [valid & (x == number) for number in TIED]),
                (cotangent, [want == number for number in TIED]),
            )
        )
        size = np.abs(cotangent).sum(axis=1)
        # Positive shares may cancel with negative ones of another place.
        nearest = pulled if what == "shares" else np.minimum(got, pulled)
        yield compare(
            got,
            nearest,
            np.broadcast_to(4 * PRECISIONS[sample.dtype].u * size, got.shape),
            batch=tied.batch,
            label=f"gradient of x, the {what} of equal values together,",
            note=f"for each of {', '.join(f'{number:g}' for number in TIED)}",
        )


def _keep_positive(array: Array) -> Array:
    return np.maximum(array, 0.0)


def _replace_valid(sample: Sample, values: Array) -> Sample:
    old = sample.batch.arrays["x"]
    x = fill_padding(values, old, sample.batch.mask).astype(old.dtype)
    return sample.replace_batch(replace(sample.batch, arrays={"x": x}))
