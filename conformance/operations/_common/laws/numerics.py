"""Laws about numbers that break formulas: NaN, infinities, huge, none, and many."""

from __future__ import annotations

import typing
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.errors import AdapterFault
from conformance.trial.draw import Draw, fill_padding
from conformance.trial.exact import OVERFLOW
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import cast, generate
from conformance.trial.verdict import compare, fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.oracle import EnlargingOracle
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

WILD = ("inf", "-inf", "nan", "largest", "-largest")
"""What wild padding holds, one kind in the whole batch."""

LONG = (130, 257, 2049)
"""Lengths at which counts in int8, bfloat16 and float16 go wrong."""


def wild_padding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each wild number at all padding."""
    for kind in WILD:
        broken = sample.replace_padding(put_wild(sample, kind))
        yield subject.agrees(broken, note=f"{kind} at padding")


def empty_row(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """One row of the batch without valid positions, then all of them."""
    declared = sample.empty
    if subject.variant.empty == "declared" and declared == "error":
        batch = replace(sample.batch, mask=np.zeros_like(sample.batch.mask))
        yield raises(subject, batch, sample.want, "an empty row")
        return
    mask = sample.batch.mask.copy()
    mask[-1] = False
    one = sample.replace_batch(replace(sample.batch, mask=mask))
    yield subject.agrees(one, note="the last row is fully masked")
    none = sample.replace_batch(replace(sample.batch, mask=np.zeros_like(mask)))
    yield subject.agrees(none, note="every row is fully masked")


def large_values(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid values that a large negative number at padding would not undercut."""
    for sign in (-1.0, 1.0):
        # float16 holds no 1e10; half of its range is where -65504 added to it stops.
        large = 4096.0 if subject.dtype == "float16" else 2.0**34
        asked = _with_large(subject, sample, sign * large)
        if np.all(asked.open_by.get(OVERFLOW, False)):
            # The dtype holds no answer at all, as where numbers are squared.
            large = 8.0
            asked = _with_large(subject, sample, sign * large)
        note = f"valid values {'below' if sign < 0 else 'above'} {sign * large * 8:.3g}"
        yield subject.agrees(asked, note=note)


def _with_large(subject: Subject, sample: Sample, scale: float) -> Sample:
    """Return the sample with valid values of 8 to 15 times a number."""
    steps = sample.draw("large").below(8, sample.batch.mask.shape)
    values = scale * (8.0 + steps)
    name = subject.operation.main
    old = sample.batch.arrays[name]
    wide = np.broadcast_to(
        values.reshape(values.shape + (1,) * (old.ndim - 2)), old.shape
    )
    if hasattr(sample.oracle, "enlarge"):
        enlarge = typing.cast("EnlargingOracle", sample.oracle).enlarge
        wide = enlarge(subject.variant.options, old, wide)
    array = fill_padding(wide, old, sample.batch.mask).astype(old.dtype)
    arrays = {**sample.batch.arrays, name: array}
    if sample.dtype == "float16":
        arrays |= _near_targets(sample, array)
    return sample.replace_batch(replace(sample.batch, arrays=arrays))


def _near_targets(sample: Sample, values: Array) -> dict[str, Array]:
    """Return targets whose losses float16 holds: next to large predictions."""
    old = sample.batch.arrays.get("targets")
    if old is None or old.dtype.kind in "iu" or "targets" in sample.variant.shares:
        return {}
    wide = values.astype(np.float64)
    if wide.ndim > max(old.ndim, 3):
        wide = wide[..., 0]  # beside the mean stands how wide it is spread
    near = wide - np.copysign(32.0, wide) if old.ndim > 2 else wide > 0  # noqa: PLR2004
    return {"targets": fill_padding(near, old, sample.batch.mask).astype(old.dtype)}


def long_rows(subject: Subject, sample: Sample) -> Iterator[Verdict]:
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
    draw = Draw(sample.seed, f"{subject.variant.name}/long", sample.turn)
    arrays = sample.oracle.generate(subject.variant.options, draw, mask)
    # Small whole numbers, so that no sum leaves float16's range.
    arrays = {name: _small_numbers(array, mask) for name, array in arrays.items()}
    batch = cast(replace(longest, arrays=arrays, mask=mask), subject.dtype)
    yield subject.agrees(sample.replace_batch(batch), note="rows of 130, 257 and 2049")


def put_wild(sample: Sample, kind: str) -> Batch:
    """Return the batch with one wild number at all padding of its float inputs."""
    largest = PRECISIONS[sample.dtype].largest
    number = {"largest": largest, "-largest": -largest}.get(kind)
    filling = float(kind) if number is None else number

    def change(array: Array) -> Array:
        if array.dtype.kind in "biu":
            return array
        fill = np.full(array.shape, filling, dtype=np.float64).astype(array.dtype)
        return fill_padding(array, fill, sample.batch.mask)

    return sample.batch.each(change)


def _small_numbers(array: Array, mask: Array) -> Array:
    if array.dtype.kind in "biu":
        return array
    wide = mask.reshape(mask.shape + (1,) * (array.ndim - 2))
    return np.where(wide, np.clip(np.abs(np.round(array)), 0, 1), array)


def raises(subject: Subject, batch: Batch, like: Array, what: str) -> Verdict:
    """Judge that the adapter raises, as it declares, instead of answering."""
    try:
        got = subject.answer(batch, like=like)
    except AdapterFault:
        raise  # an answer of another shape is an answer
    except Exception:  # noqa: BLE001 - any exception is the declared behaviour
        return compare(like, like, np.zeros(like.shape), batch=batch)
    text = f"{what} is declared to raise an error, but gave an answer"
    return fail(text, batch=batch, got=got)
