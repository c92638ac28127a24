"""Laws of the accumulated loss alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.batch import extent
from conformance.trial.draw import GARBAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def rows_of_padding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """A whole micro-batch of padding before the others, behind them, and both."""
    size = int(subject.variant.options["rows"])
    batch = sample.batch
    for before, behind, where in (
        (size, 0, "before the others"),
        (0, size, "behind the others"),
        (2 * size, size, "on both sides"),
    ):

        def wrap(array: Array, before: int = before, behind: int = behind) -> Array:
            # The last row's numbers stand there: real logits, and labels that are
            # classes, which the mask alone makes padding.
            first, last = (np.repeat(array[-1:], rows, 0) for rows in (before, behind))
            return np.concatenate([first, array, last])

        whole = batch.each(wrap)
        mask = whole.mask.copy()
        mask[:before] = False
        mask[before + batch.rows :] = False
        other = sample.replace_batch(replace(whole, mask=mask))
        yield subject.agrees(other, note=f"micro-batches of padding {where}")


def unpredicted_label(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Another first label, then other last logits, in every row."""
    batch = sample.batch
    classes = batch.arrays["predictions"].shape[-1]
    there = extent(batch.mask)
    before = np.cumsum(there, axis=1)
    first = batch.mask & (before == 1)
    last = batch.mask & (before == there.sum(axis=1, keepdims=True))
    labels = batch.arrays["targets"].copy()
    labels[first] = (labels[first] + 1) % classes
    arrays = {**batch.arrays, "targets": labels}
    other = replace(sample, batch=replace(batch, arrays=arrays))
    yield subject.agrees(other, note="another label at each row's first position")
    logits = batch.arrays["predictions"].copy()
    drawn = sample.draw("unpredicted").rows_of(GARBAGE, logits.shape)
    logits[last] = drawn[last].astype(logits.dtype)
    arrays = {**batch.arrays, "predictions": logits}
    other = replace(sample, batch=replace(batch, arrays=arrays))
    yield subject.agrees(other, note="other logits at each row's last position")
