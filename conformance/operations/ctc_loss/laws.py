"""Laws of the CTC loss alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.gradient import judge_inputs
from conformance.operations._common.oracle import to_float64
from conformance.trial.draw import fill_padding
from conformance.trial.exact import over
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

NO_CLASSES = (-1, -100, 3, 255, 2**31 - 1)
"""Labels that are none: the usual paddings, one behind the classes and beyond."""

MOST = 3
"""The longest row whose label sequences are all asked for: 15 with two labels."""

MANY = 160
"""Frames at which paths' probabilities underflow in float32, and int8 cannot count."""

LIKELY = 16.0
"""The blank's logit where labels are unlikely: eighty lose 1280, which no logarithm of
the smallest number stands for."""

SHIFTS = (64.0, -32.0)
"""Added to a row's frames by turns: another number for each frame."""


def sums_to_one(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Every label sequence of the longest row that is short enough."""
    counts = sample.batch.counts
    short = np.where((counts > 0) & (counts <= MOST), counts, 0)
    if not short.any():
        yield subject.agrees(sample)
        return
    row = int(np.argmax(short))
    every = sample.replace_batch(_all_labels(sample, row))
    got = np.asarray(subject.answer(every.batch, like=every.want), dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.exp(-got).sum(keepdims=True)
        share = np.exp(-every.want)
        allowed = (share * np.expm1(every.allowed)).sum(keepdims=True)
    yield compare(
        total,
        np.ones_like(total),
        allowed + len(share) * 2.0**-52,
        open_by=over(every.open_by, None),
        batch=every.batch,
        label="sum",
        note=f"the probabilities of all {len(share)} label sequences of row {row}",
    )


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid logits rounded so that the shifts are exact, then shifted by frame."""
    plain, moved = (_shift_frames(sample, by) for by in ((0.0, 0.0), SHIFTS))
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    note = f"as before {SHIFTS[0]:g} and {SHIFTS[1]:g} were added to frames by turns"
    yield relate(second, first, plain, moved, note=note)


def reversal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid frames and valid labels in the reverse order."""
    batch = sample.batch
    rows = np.arange(batch.rows)[:, None]
    frames, places = (
        _turn_order(mask) for mask in (batch.mask, batch.beside["label_mask"])
    )
    arrays = {name: array[rows, frames] for name, array in batch.arrays.items()}
    labels = batch.beside["labels"][rows, places]
    turned = sample.replace_batch(replace(_with_labels(batch, labels), arrays=arrays))
    first = subject.answer(batch, like=sample.want)
    second = subject.answer(turned.batch, like=turned.want)
    want = np.asarray(first, dtype=np.float64)
    yield relate(second, want, sample, turned, note="the reversed row")


def label_padding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Other labels at padding, more of them, and a row without any."""
    batch = sample.batch
    labels, there = batch.beside["labels"], batch.beside["label_mask"]
    classes = sorted({int(name) for name in labels.ravel()} or {1})
    other = np.where(labels == classes[0], classes[-1], classes[0])
    changed = _with_labels(batch, np.where(there, labels, other))
    yield subject.agrees(
        sample.replace_batch(changed), note="with other labels at label padding"
    )
    longer = batch.change_beside(
        lambda array: np.concatenate(
            [array, np.zeros_like(array) if array.dtype.kind == "b" else array], axis=1
        )
    )
    yield subject.agrees(
        sample.replace_batch(longer), note="with twice as many label positions"
    )
    lengths = there.sum(axis=1)
    row = int(np.argmin(np.where(lengths > 0, lengths, there.size)))
    alone = batch.take([row]).change_beside(lambda array: array[:, there[row]])
    note = f"row {row} alone, without label padding"
    yield subject.agrees(sample.replace_batch(alone), note=note)


def no_class(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The blank at label padding, then what is no class."""
    batch = sample.batch
    labels, there = batch.beside["labels"], batch.beside["label_mask"]
    classes = batch.arrays["logits"].shape[2]
    first = sample.variant.options["blank"] == "first"
    for label in (0 if first else classes - 1, *NO_CLASSES):
        other = _with_labels(batch, np.where(there, labels, label))
        note = f"{label} at label padding"
        yield subject.agrees(sample.replace_batch(other), note=note)


def no_labels(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Every other row without labels, then all."""
    batch = sample.batch
    there = batch.beside["label_mask"]
    for step, note in ((2, "every other row has no label"), (1, "no row has a label")):
        fewer = there.copy()
        fewer[::step] = False
        beside = {**batch.beside, "label_mask": fewer}
        other = sample.replace_batch(replace(batch, beside=beside))
        yield subject.agrees(other, note=note)


def impossible(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows of one frame too few, of repeats, then rows of just enough."""
    for spare, repeat, note in (
        (-1, False, "one label too many in every other row"),
        (-1, True, "equal labels and too few frames in every other row"),
        (0, True, "equal labels and just enough frames in every other row"),
    ):
        other = _fit_labels(sample, spare, repeat=repeat)
        yield subject.agrees(sample.replace_batch(other), note=note)


def many_frames(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The batch's first rows, over and over up to 160 frames; then unlikely labels."""
    batch = sample.batch.take(np.arange(min(sample.batch.rows, 3)))
    again = np.resize(np.arange(max(batch.time, 1)), MANY)
    lengths = (MANY, MANY - 11, 130)[: batch.rows]
    mask = np.arange(MANY) < np.asarray(lengths)[:, None]
    arrays = {"logits": _spread_valid(batch)[:, again]}
    longer = replace(batch, arrays=arrays, mask=mask)
    note = f"rows of {', '.join(map(str, lengths))} frames"
    yield subject.agrees(sample.replace_batch(longer), note=note)
    unlikely = sample.replace_batch(_prefer_blanks(sample, longer))
    note = f"{MANY // 2} labels where each frame is {LIKELY:g} for the blank"
    yield subject.agrees(unlikely, note=note)


def impossible_gradient(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Derivatives with every other row impossible."""
    if not sample.want.size:
        yield subject.agrees(sample, note="without elements")
        return
    other = sample.replace_batch(_fit_labels(sample, -1, repeat=False))
    zeroed = sample.variant.options["zero_infinity"] == "zeroed"
    cotangent = sample.cotangent()
    found = subject.gradients(other.batch, cotangent)[0]
    note = "every other row is impossible"
    if zeroed:
        yield from judge_inputs(subject, other, cotangent, found, note)
        return
    # Of an infinite loss nothing is asked but that it stays in its row.
    kept = np.arange(sample.batch.rows) % 2 == 1
    got = np.where(kept[:, None, None], found["logits"], 0.0)
    yield from judge_inputs(subject, other, cotangent, {"logits": got}, note)


def _all_labels(sample: Sample, row: int) -> Batch:
    """Return one row as often as it can emit label sequences, each with its own."""
    batch = sample.batch
    frames = int(batch.counts[row])
    classes = batch.arrays["logits"].shape[2]
    first = sample.variant.options["blank"] == "first"
    names = range(1, classes) if first else range(classes - 1)
    # None of the zeroed losses: an impossible sequence has no share.
    every = [
        labels
        for length in range(frames + 1)
        for labels in product(names, repeat=length)
        if length + sum(a == b for a, b in pairwise(labels)) <= frames
    ]
    width = batch.beside["labels"].shape[1]
    width = max(width, frames)
    labels = np.full((len(every), width), names[0])
    there = np.zeros(labels.shape, dtype=bool)
    for at, own in enumerate(every):
        labels[at, : len(own)], there[at, : len(own)] = own, True
    many = batch.take(np.full(len(every), row))
    return replace(many, beside={"labels": labels, "label_mask": there})


def _fit_labels(sample: Sample, spare: int, *, repeat: bool) -> Batch:
    """Return the batch with other labels in every other row, from the first on.

    Args:
        sample: The sample.
        spare: How many labels more the frames could emit, none or minus one.
        repeat: Whether the labels are equal ones, with blanks between them; else they
            take turns and need none.
    """
    batch = sample.batch
    classes = batch.arrays["logits"].shape[2]
    low = int(sample.variant.options["blank"] == "first")
    # Equal labels need a frame for each and one for each blank between.
    lengths = ((batch.counts + 1) // 2 if repeat else batch.counts) - spare
    width = max(int(lengths.max(initial=0)), batch.beside["labels"].shape[1])
    turns = np.arange(width) % max(classes - 1, 1)
    other = np.full(width, low) if repeat else low + turns
    changed = np.arange(batch.rows) % 2 == 0
    grown = width - batch.beside["labels"].shape[1]
    old = np.pad(batch.beside["labels"], ((0, 0), (0, grown)), mode="edge")
    kept = np.pad(batch.beside["label_mask"], ((0, 0), (0, grown)))
    there = np.arange(width) < lengths[:, None]
    beside = {
        "labels": np.where(changed[:, None], other, old),
        "label_mask": np.where(changed[:, None], there, kept),
    }
    return replace(batch, beside=beside)


def _shift_frames(sample: Sample, by: tuple[float, float]) -> Sample:
    """Return the sample with valid logits rounded, and frames moved by turns.

    Quarters up to 64 plus or minus 16 are exact in every dtype but bfloat16, where
    whole numbers are.
    """
    old = sample.batch.arrays["logits"]
    step = 1.0 if sample.dtype == "bfloat16" else 4.0
    turns = np.resize(np.asarray(by), sample.batch.time)[None, :, None]
    rounded = np.clip(np.round(to_float64(old) * step) / step, -16.0, 16.0) + turns
    logits = fill_padding(rounded, to_float64(old), sample.batch.mask)
    arrays = {"logits": logits.astype(old.dtype)}
    return sample.replace_batch(replace(sample.batch, arrays=arrays))


def _prefer_blanks(sample: Sample, batch: Batch) -> Batch:
    """Return the first row with a label for every other frame, all of them unlikely."""
    classes = batch.arrays["logits"].shape[2]
    first = sample.variant.options["blank"] == "first"
    logits = np.zeros_like(batch.arrays["logits"])
    logits[..., 0 if first else classes - 1] = LIKELY
    turns = np.arange(MANY // 2) % max(classes - 1, 1)
    labels = np.broadcast_to(int(first) + turns, (batch.rows, MANY // 2))
    beside = {"labels": labels.copy(), "label_mask": np.ones(labels.shape, bool)}
    return replace(batch, arrays={"logits": logits}, beside=beside).take([0])


def _spread_valid(batch: Batch) -> Array:
    """Return the logits with each row's first valid frame at its padding."""
    logits = batch.arrays["logits"]
    rows, start = np.arange(batch.rows), np.argmax(batch.mask, axis=1)
    return np.asarray(fill_padding(logits, logits[rows, start][:, None], batch.mask))


def _turn_order(mask: Array) -> Array:
    """Return the places of a mask with those of each row's true ones reversed."""
    order = np.broadcast_to(np.arange(mask.shape[1]), mask.shape).copy()
    for row, valid in enumerate(mask):
        order[row, valid] = order[row, valid][::-1]
    return order


def _with_labels(batch: Batch, labels: Array) -> Batch:
    return replace(batch, beside={**batch.beside, "labels": labels})
