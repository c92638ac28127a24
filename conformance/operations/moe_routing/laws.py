"""Laws of a router alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.padding import reorder
from conformance.trial.draw import fill_padding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

AHEAD = 8.0
"""How far ahead one expert is of those that padding and valid positions have drawn."""


def crowding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Padding like valid positions that favour the first expert, then the last."""
    batch = sample.batch
    order = np.argsort(batch.mask, axis=1, kind="stable")
    width = batch.arrays["logits"].shape[2]
    for expert in sorted({0, width - 1}):
        crowd = _fill(batch, ~batch.mask, expert)
        note = f"padding that would choose expert {expert}"
        yield subject.agrees(sample.replace_batch(crowd), note=note)
        if "left" in subject.adapter.declaration.placements:
            left = sample.replace_batch(reorder(crowd, order))
            yield subject.agrees(left, note=f"{note}, on the left")
        if "gaps" in subject.adapter.declaration.placements:
            # From both ends inwards: most rows have padding between valid positions.
            mixed = np.argsort(order, axis=1, kind="stable")[:, ::-1]
            gaps = sample.replace_batch(reorder(crowd, mixed))
            yield subject.agrees(gaps, note=f"{note}, in between")


def first_come(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Every valid position favours the first expert, then the last."""
    width = sample.batch.arrays["logits"].shape[2]
    for expert in sorted({0, width - 1}):
        batch = _fill(sample.batch, sample.batch.mask, expert)
        note = f"every valid position chooses expert {expert} first"
        yield subject.agrees(sample.replace_batch(batch), note=note)


def even_shares(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """One number for all experts at every valid position."""
    old = sample.batch.arrays["logits"]
    for number in (0.0, -3.0):
        even = fill_padding(np.full(old.shape, number), old, sample.batch.mask)
        arrays = {"logits": even.astype(old.dtype)}
        other = sample.replace_batch(replace(sample.batch, arrays=arrays))
        yield subject.agrees(other, note=f"logits of {number:g} for every expert")


def _fill(batch: Batch, where: Array, expert: int) -> Batch:
    """Return the batch with logits that favour an expert at some positions.

    The others follow in turn, each as far behind, so that a second choice is the same
    as well.
    """
    old = batch.arrays["logits"]
    width = old.shape[2]
    behind = (np.arange(width) - expert) % width
    favour = np.broadcast_to(AHEAD - 2.0 * behind, old.shape)
    array = np.where(where[..., None], favour, old).astype(old.dtype)
    return replace(batch, arrays={"logits": array})
