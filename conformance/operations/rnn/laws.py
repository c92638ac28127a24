"""Laws of the recurrent layer in one direction alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.cells import GATES
from conformance.operations._common.oracle import over_time, to_float64
from conformance.operations.rnn import oracle
from conformance.trial.draw import SIGNALS, fill_padding
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

WIDE = 64.0
"""The bias of a gate that is open, or shut with its sign turned: 1 - exp(-64) is 1 in
every dtype, and exp(-64) is lost beside any state."""

_OPEN = {
    # What keeps the state is open and what lets something in is shut: i f g o, r z n.
    "lstm": (-1, 1, 0, 1),
    "gru": (0, 1, 0),
}


def chunks(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Two chunks of rows that have a step in both of them, against all at once."""
    mask, asked = sample.batch.mask, False
    for cut in _cuts(sample.batch):
        rows = np.flatnonzero(mask[:, :cut].any(axis=1) & mask[:, cut:].any(axis=1))
        if len(rows):
            asked = True
            yield from _two_chunks(subject, _repeat_rows(sample, rows), cut)
    if not asked:
        yield subject.agrees(sample, note="no row has a step in two chunks")


def ended_rows(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Two chunks of all rows, also of those that are padding in one of them."""
    cuts = _cuts(sample.batch)
    for cut in cuts:
        yield from _two_chunks(subject, sample, cut)
    if not cuts:
        yield subject.agrees(sample, note="one position is one chunk")


def step_by_step(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Each step of the longest rows alone, in the order in which they are read."""
    options, counts = sample.variant.options, sample.batch.counts
    length = int(counts.max(initial=0))
    if not length:
        yield subject.agrees(sample, note="no position is no step")
        return
    whole = _repeat_rows(sample, np.flatnonzero(counts == length))
    at_once = _ask(subject, whole)
    # The valid positions of each row, side by side: rows need not begin together.
    dense = whole.batch.each(
        lambda array: array[whole.batch.mask].reshape(
            len(array), length, *array.shape[2:]
        )
    )
    states, begun = to_float64(dense.beside["initial"]), np.zeros(whole.want.shape)
    now = whole
    for at in oracle.order(options, length):
        alone = dense.cut(slice(at, at + 1))
        now = whole.replace_batch(_begin_with(alone, states))
        states = _ask(subject, now)
        _, begun = oracle.solve(options, now.batch, now.dtype, begun=begun)
    yield _relate_chunks(whole, at_once, states, begun, "position by position")
    yield subject.agrees(now, note="its last step alone")


def open_gates(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Gates that keep the state and let nothing in: the initial state at each step."""
    batch, options = sample.batch, sample.variant.options
    bias = batch.weights["weights.bias"]
    units = len(bias) // GATES[options["cell"]]
    sides = np.repeat(_OPEN[options["cell"]], units)
    bias = np.where(sides == 0, bias, WIDE * sides).astype(bias.dtype)
    # No input and no state may shut what its bias has opened.
    weights = {
        name: np.where(sides == 0, array, 0).astype(array.dtype)
        for name, array in batch.weights.items()
    }
    kept = sample.replace_batch(
        replace(batch, weights={**weights, "weights.bias": bias})
    )
    initial = to_float64(batch.beside["initial"])
    h = initial
    if options["cell"] == "lstm":
        c = initial[:, units:]
        h = np.concatenate([np.tanh(c), c], axis=1)
    want = np.where((batch.counts > 0)[:, None], h, initial)
    if sample.variant.result == "position":
        every = np.broadcast_to(want[:, None, :units], kept.want.shape)
        want = np.where(kept.valid, every, kept.want)
    got = _ask(subject, kept)
    yield relate(got, want, kept, note="with gates that keep the state")


def causal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other inputs behind the middle of each row, as its direction reads it."""
    batch = sample.batch
    step = 1 if sample.variant.options["direction"] == "forward" else -1
    middle = np.maximum(batch.counts // 2, 1)
    behind = np.cumsum(batch.mask[:, ::step], axis=1) > middle[:, None]
    later = behind[:, ::step]
    old = to_float64(batch.arrays["x"])
    fresh = sample.draw("later").rows_of(SIGNALS, old.shape)
    fresh = np.where(fresh == old, -2.0, fresh)
    x = fill_padding(fresh, old, later & batch.mask)
    other = replace(batch, arrays={"x": x.astype(batch.arrays["x"].dtype)})
    got = subject.answer(other, like=sample.want)
    earlier = over_time(batch.mask & ~later, sample.want)
    note = "with other inputs at later steps"
    whole = replace(sample, batch=other)
    yield relate(got, sample.want, whole, where=earlier, note=note)


def _cuts(batch: Batch) -> list[int]:
    return [each for each in CUTS if each < batch.time] or [*range(1, batch.time)]


def _repeat_rows(sample: Sample, rows: Array) -> Sample:
    """Return the sample with some of its rows alone, as often as fill the batch."""
    return sample.rows(rows[np.arange(sample.batch.rows) % len(rows)])


def _two_chunks(subject: Subject, sample: Sample, cut: int) -> Iterator[Verdict]:
    """Judge two chunks, the first one's states handed over, against all at once."""
    parts = [slice(0, cut), slice(cut, None)]
    ahead = sample.variant.options["direction"] == "forward"
    first, rest = (sample.batch.cut(part) for part in (parts if ahead else parts[::-1]))
    early = sample.replace_batch(first)
    found = _ask(subject, early)
    late, begun = _hand_over(early, found, rest)
    want = _ask(subject, late)
    _, allowed = oracle.solve(late.variant.options, late.batch, late.dtype, begun=begun)
    if sample.variant.result == "position":
        halves = [(found, early.allowed), (want, allowed)]
        want, allowed = (
            np.concatenate(each, axis=1)
            for each in zip(*halves[:: 1 if ahead else -1], strict=True)
        )
    at_once = _ask(subject, sample)
    note = f"against chunks of {cut} and {sample.batch.time - cut} positions"
    yield _relate_chunks(sample, at_once, want, allowed, note)
    yield subject.agrees(late, note="from the states of the other chunk")


def _ask(subject: Subject, sample: Sample) -> Array:
    return np.asarray(subject.answer(sample.batch, like=sample.want), np.float64)


def _hand_over(early: Sample, found: Array, rest: Batch) -> tuple[Sample, Array]:
    """Return the second chunk, and how far its initial states may be off."""
    states, errors = found, early.allowed
    if early.variant.result == "position":
        # An answer of all positions shows h alone: what it does not show is exact.
        final = {**early.variant.options, "output": "final"}
        states, errors = oracle.solve(final, early.batch, early.dtype)
    return early.replace_batch(_begin_with(rest, states)), errors


def _begin_with(batch: Batch, states: Array) -> Batch:
    old = batch.beside["initial"]
    return replace(batch, beside={"initial": states.astype(old.dtype)})


def _relate_chunks(
    sample: Sample, at_once: Array, want: Array, allowed: Array, note: str
) -> Verdict:
    """Judge the answer at once against that of its chunks."""
    # A broken chunk says nothing of the whole: the exact answer stands in for it.
    known = np.isfinite(want) | ~np.isfinite(sample.want)
    return compare(
        at_once,
        np.where(known, want, sample.want),
        sample.allowed + np.where(np.isfinite(allowed), allowed, 0.0),
        open_by=sample.open_by,
        batch=sample.batch,
        note=note,
    )
