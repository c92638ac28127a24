"""Laws of the row norm alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations.masked_batch_norm.laws import shift
from conformance.trial.draw import fill_padding
from conformance.trial.exact import over
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

__all__ = ["centred", "constant_rows", "shift"]


def centred(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The sum over a row's valid positions, and over the features of a group."""
    got = np.asarray(subject.answer(sample.batch, like=sample.want), np.float64)
    here = sample.batch.mask[..., None]
    axes = (1, 2) if sample.variant.options["over"] == "group" else (1,)
    found = np.where(here, got, 0.0).sum(axis=axes)
    size = np.where(here, sample.allowed + 2.0**-50 * np.abs(got), 0.0).sum(axis=axes)
    open_by = over(sample.exact.open_by, 1)
    if len(axes) > 1:
        open_by = over(open_by, 1)
    yield compare(
        found,
        np.zeros_like(found),
        size,
        open_by=open_by,
        batch=sample.batch,
        label="sum",
        note="of a row's valid answers, expected zero",
    )


def constant_rows(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """One number in each row, exact in every dtype."""
    old, mask = sample.batch.arrays["x"], sample.batch.mask
    for number in (0.0, 3.0, -4096.0):
        x = fill_padding(np.full(old.shape, number), old, mask).astype(old.dtype)
        batch = replace(sample.batch, arrays={"x": x})
        note = f"with {number:g} at every valid position"
        yield subject.agrees(sample.replace_batch(batch), note=note)
