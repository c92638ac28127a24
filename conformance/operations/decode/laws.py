"""Laws of decoding alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.beside import judge_wild, judge_wild_gradient
from conformance.operations._common.laws.padding import reorder
from conformance.operations._common.oracle import over_time
from conformance.trial.draw import GARBAGE, VALUES, fill_padding
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import relate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

NUMBERS = ("query", "step_key", "step_value")
"""The steps' inputs beside their mask."""


def split(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The first step given with the prompt, then all but the last one."""
    steps = _steps(sample.batch).shape[1]
    for cut in sorted({1, steps - 1} & set(range(1, steps))):
        moved = sample.replace_batch(_prefill(sample.batch, cut))
        got = subject.answer(moved.batch, like=moved.want)
        note = f"with the first {cut} of {steps} steps in the prompt"
        want = sample.want[:, cut:]
        yield relate(got, want, moved, where=moved.valid, note=note)
    if steps == 1:
        yield subject.agrees(sample, note="one step cannot be split")


def ended_rows(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other numbers at padded steps, one more padded step, and a row without any."""
    batch, runs = sample.batch, _steps(sample.batch)
    other = sample.replace_batch(_replace_padded(sample, batch))
    yield subject.agrees(other, note="with other numbers at padded steps")
    longer = sample.replace_batch(_replace_padded(sample, _lengthen(batch)))
    yield subject.agrees(longer, note="with one more padded step in every row")
    row = int(np.argmin(np.where(runs.any(axis=1), runs.sum(axis=1), runs.size)))
    alone = batch.take([row]).change_beside(lambda array: array[:, runs[row]])
    note = f"row {row} alone, without its padded steps"
    yield subject.agrees(sample.replace_batch(alone), note=note)


def later_steps(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other queries, keys and values at the steps behind the middle of each row."""
    batch, runs = sample.batch, _steps(sample.batch)
    middle = np.maximum(runs.sum(axis=1) // 2, 1)
    later = np.cumsum(runs, axis=1) > middle[:, None]
    arrays = {}
    for name in NUMBERS:
        old = np.asarray(batch.beside[name], np.float64)
        fresh = sample.draw(f"later {name}").rows_of(VALUES, old.shape)
        fresh = np.where(fresh == old, -7.0, fresh)
        arrays[name] = fill_padding(fresh, old, later & runs)
    other = _with_steps(batch, arrays)
    got = subject.answer(other, like=sample.want)
    whole = replace(sample, batch=other)
    earlier = over_time(runs & ~later, sample.want)
    note = "with other numbers at later steps"
    yield relate(got, sample.want, whole, where=earlier, note=note)


def skipped_steps(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The second step of every row padded, and so the first and the second."""
    for skipped in ((1,), (0, 1)):
        runs = _steps(sample.batch).copy()
        runs[:, list(skipped)[: max(runs.shape[1] - 1, 0)]] = False
        other = replace(sample.batch, beside={**sample.batch.beside, "step_mask": runs})
        note = f"with steps {', '.join(map(str, skipped))} of every row padded"
        yield subject.agrees(sample.replace_batch(other), note=note)


def wild_steps(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each wild number at all padded steps."""
    yield from judge_wild(subject, sample, _fill_steps, "padded steps")


def wild_step_gradient(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The derivatives with each of them."""
    yield from judge_wild_gradient(
        subject, sample, _fill_steps, "padded steps", NUMBERS
    )


def large_keys(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """All keys far below zero, then far above it."""
    batch = sample.batch
    # float16 holds no 1e10; half of its range is where -65504 added to it stops.
    scale = 4096.0 if sample.dtype == "float16" else 2.0**34
    places = {"key": batch.mask, "step_key": _steps(batch)}
    for sign in (-1.0, 1.0):
        keys = {}
        for name, valid in places.items():
            old = batch.inputs[name]
            steps = sample.draw(f"large {name}").below(8, valid.shape)
            wide = (sign * scale * (8.0 + steps))[..., None, None]
            filled = fill_padding(np.broadcast_to(wide, old.shape), old, valid)
            keys[name] = filled.astype(old.dtype)
        arrays = {**batch.arrays, "key": keys["key"]}
        beside = {**batch.beside, "step_key": keys["step_key"]}
        other = replace(batch, arrays=arrays, beside=beside)
        note = f"keys {'below' if sign < 0 else 'above'} {sign * scale * 8:.3g}"
        yield subject.agrees(sample.replace_batch(other), note=note)


def _steps(batch: Batch) -> Array:
    """Return which steps count, ``[B, S]``."""
    return batch.beside["step_mask"]


def _with_steps(batch: Batch, arrays: dict[str, Array]) -> Batch:
    """Return the batch with other queries, keys or values, in the dtypes it has."""
    new = {name: a.astype(batch.beside[name].dtype) for name, a in arrays.items()}
    return replace(batch, beside={**batch.beside, **new})


def _prefill(batch: Batch, cut: int) -> Batch:
    """Return the batch with its first steps in the prompt, padding behind both."""
    first = {name: array[:, :cut] for name, array in batch.beside.items()}
    joined = {
        name: np.concatenate([array, first[f"step_{name}"]], axis=1)
        for name, array in {**batch.arrays, "mask": batch.mask}.items()
    }
    mask = joined.pop("mask")
    whole = replace(batch, arrays=joined, mask=mask)
    rest = whole.change_beside(lambda array: array[:, cut:])
    return reorder(rest, np.argsort(~mask, axis=1, kind="stable"))


def _replace_padded(sample: Sample, batch: Batch) -> Batch:
    """Return the batch with other finite numbers at padded steps."""
    arrays = {}
    for name in NUMBERS:
        old = np.asarray(batch.beside[name], np.float64)
        fresh = sample.draw(f"padded {name}").rows_of(GARBAGE, old.shape)
        fresh = np.where(fresh == old, -5e3, fresh)
        arrays[name] = fill_padding(old, fresh, _steps(batch))
    return _with_steps(batch, arrays)


def _lengthen(batch: Batch) -> Batch:
    """Return the batch with a padded step behind each row's own."""

    def change(array: Array) -> Array:
        return np.concatenate([array, np.zeros_like(array[:, :1])], axis=1)

    return batch.change_beside(change)


def _fill_steps(sample: Sample, kind: str) -> Batch:
    """Return the sample's batch with one wild number at all padded steps."""
    batch, largest = sample.batch, PRECISIONS[sample.dtype].largest
    number = {"largest": largest, "-largest": -largest}.get(kind)
    fill = float(kind) if number is None else number
    arrays = {}
    for name in NUMBERS:
        old = np.asarray(batch.beside[name], np.float64)
        arrays[name] = fill_padding(old, np.full(old.shape, fill), _steps(batch))
    return _with_steps(batch, arrays)
