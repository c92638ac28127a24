"""Laws of the gated scan alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, select_valid, to_float64
from conformance.trial.draw import LOGITS, fill_padding
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

CUTS = (2, 3)
"""Where a batch is cut in two: chunks of two and of three positions, each once first,
so that few shapes have to be compiled."""


def chunks(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Two chunks, the first one's states handed over, against all at once."""
    batch = sample.batch
    cuts = [each for each in CUTS if each < batch.time] or range(1, batch.time)
    if not cuts:
        yield subject.agrees(sample, note="one position is one chunk")
        return
    at_once = np.asarray(subject.answer(batch, like=sample.want), np.float64)
    for cut in cuts:
        first = sample.replace_batch(batch.cut(slice(0, cut)))
        early = np.asarray(subject.answer(first.batch, like=first.want), np.float64)
        second, carried = _hand_over(sample, first, early, cut)
        late = np.asarray(subject.answer(second.batch, like=second.want), np.float64)
        want, allowed = late, second.allowed + carried
        if sample.variant.result == "position":
            want = np.concatenate([early, want], axis=1)
            allowed = np.concatenate([first.allowed, allowed], axis=1)
        # A broken chunk says nothing of the whole: the exact answer stands in for it.
        known = np.isfinite(want) | ~np.isfinite(sample.want)
        yield compare(
            at_once,
            np.where(known, want, sample.want),
            sample.allowed + allowed,
            open_by=sample.open_by,
            batch=batch,
            note=f"against chunks of {cut} and {batch.time - cut} positions",
        )
        yield subject.agrees(second, note=f"from the states after {cut} positions")


def no_decay(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Decays of one and small whole numbers: their sums, exact in every dtype."""
    other = _of(sample, decay=np.ones(sample.batch.arrays["decay"].shape))
    initial = to_float64(other.batch.beside["initial"])
    sums = initial[:, None] + np.cumsum(select_valid(other.batch, "x", 0.0), axis=1)
    note = "with decays of one, the sum of the inputs"
    yield _relate_states(subject, other, sums, note)


def full_decay(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Decays of zero: each input alone."""
    other = _of(sample, decay=np.zeros(sample.batch.arrays["decay"].shape))
    note = "with decays of zero, the input"
    yield _relate_states(subject, other, select_valid(other.batch, "x", 0.0), note)


def superposition(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Two inputs and states of small whole numbers, whose sums every dtype holds."""
    decay = to_float64(sample.batch.arrays["decay"])
    one, other = (_of(sample, name, decay=decay) for name in ("one", "other"))
    x, initial = (
        to_float64(a) + to_float64(b)
        for a, b in (
            (one.batch.arrays["x"], other.batch.arrays["x"]),
            (one.batch.beside["initial"], other.batch.beside["initial"]),
        )
    )
    both = _replace_inputs(sample, x=x, decay=decay, initial=initial)
    samples = (one, other, both)
    found = [
        np.asarray(subject.answer(each.batch, like=each.want), np.float64)
        for each in samples
    ]
    want = _select_counted(both, found[0] + found[1])
    note = "the answers for two inputs and two states, added up"
    yield relate(found[2], want, *samples, note=note)


def causal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other numbers behind the middle of each row."""
    batch = sample.batch
    middle = np.maximum(batch.counts // 2, 1)
    later = np.cumsum(batch.mask, axis=1) > middle[:, None]
    old = batch.arrays["x"]
    fresh = sample.draw("later").rows_of(LOGITS, old.shape)
    fresh = np.where(fresh == to_float64(old), -7.0, fresh)
    arrays = {
        "x": fill_padding(fresh, to_float64(old), later & batch.mask),
        "decay": fill_padding(
            1 - to_float64(batch.arrays["decay"]),
            to_float64(batch.arrays["decay"]),
            later & batch.mask,
        ),
    }
    arrays = {name: array.astype(old.dtype) for name, array in arrays.items()}
    other = replace(batch, arrays=arrays)
    got = subject.answer(other, like=sample.want)
    earlier = over_time(batch.mask & ~later, sample.want)
    note = "with other numbers at later positions"
    whole = replace(sample, batch=other)
    yield relate(got, sample.want, whole, where=earlier, note=note)


def _hand_over(
    sample: Sample, first: Sample, early: Array, cut: int
) -> tuple[Sample, Array]:
    """Return the second chunk, and what the first one's error is worth in it."""
    states, errors = early, first.allowed
    if sample.variant.result == "position":
        initial = to_float64(sample.batch.beside["initial"])
        states = _take_last(first.batch, early, initial)
        errors = _take_last(first.batch, errors, np.zeros_like(initial))
    rest = sample.batch.cut(slice(cut, None))
    old = sample.batch.beside["initial"]
    second = replace(rest, beside={"initial": states.astype(old.dtype)})
    # The scan is linear, and a decay no more than one: errors go through it alone.
    arrays = {**rest.arrays, "x": np.zeros_like(rest.arrays["x"])}
    alone = replace(rest, arrays=arrays, beside={"initial": errors})
    carried = sample.oracle.answer(sample.variant.options, alone)
    return sample.replace_batch(second), carried


def _take_last(batch: Batch, answers: Array, initial: Array) -> Array:
    """Return the answers at each row's last valid position ``[B, F]``."""
    last = batch.time - 1 - np.argmax(batch.mask[:, ::-1], axis=1)
    there = (batch.counts > 0)[:, None]
    return np.where(there, answers[np.arange(batch.rows), last], initial)


def _relate_states(
    subject: Subject, sample: Sample, states: Array, note: str
) -> Verdict:
    """Judge an answer against the states that it must show."""
    want = _select_counted(sample, states)
    if sample.variant.result == "row":
        initial = to_float64(sample.batch.beside["initial"])
        want = _take_last(sample.batch, states, initial)
    got = subject.answer(sample.batch, like=sample.want)
    return relate(got, want, sample, note=note)


def _select_counted(sample: Sample, answers: Array) -> Array:
    """Return answers with what is wanted at padding in its place."""
    if sample.variant.result == "row":
        return answers
    return np.where(sample.valid, answers, sample.want)


def _of(sample: Sample, name: str = "whole", *, decay: Array) -> Sample:
    """Return the sample with small whole inputs and states, and other decays."""
    batch = sample.batch
    draw = sample.draw(name)
    return _replace_inputs(
        sample,
        x=draw.below(17, batch.arrays["x"].shape) - 8.0,
        decay=decay,
        initial=draw.below(8, batch.beside["initial"].shape) + 1.0,
    )


def _replace_inputs(
    sample: Sample, *, x: Array, decay: Array, initial: Array
) -> Sample:
    batch = sample.batch
    old = batch.arrays["x"].dtype
    arrays = {
        name: fill_padding(array, to_float64(batch.arrays[name]), batch.mask)
        for name, array in {"x": x, "decay": decay}.items()
    }
    arrays = {name: array.astype(old) for name, array in arrays.items()}
    beside = {"initial": initial.astype(old)}
    return sample.replace_batch(replace(batch, arrays=arrays, beside=beside))
