"""Laws of the stack alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.batch import extent
from conformance.trial.draw import LADDER
from conformance.trial.exact import elsewhere
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def row_by_row(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The layer held to itself: its own answers for some rows alone, unpadded."""
    batch = sample.batch
    got = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    lengths = extent(batch.mask).sum(axis=1)
    # A batch that Hypothesis drew may have no row of such a length.
    steps = [step for step in LADDER if step in lengths] or [lengths.max()]
    for length in steps:
        row = int(np.flatnonzero(lengths == length)[0])
        alone = sample.replace_batch(batch.trim(row, subject.operation.trims))
        want = np.asarray(subject.answer(alone.batch, like=alone.want), np.float64)
        mine = got[row : row + 1]
        if subject.variant.result == "position":
            mine = mine[:, extent(batch.mask[row : row + 1])[0]]
        # Either may be off by its bound, which is the same for both.
        note = f"what the layer gives for row {row} alone, unpadded"
        yield relate(mine, want, alone, alone, note=note)


def zero_at_padding(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Exactly zero at padding."""
    got = subject.answer(sample.batch, like=sample.want)
    zero = np.zeros_like(sample.want)
    note = "a padded position has an output"
    padded = elsewhere(~sample.batch.mask[..., None], zero.shape)
    yield compare(got, zero, zero, open_by=padded, batch=sample.batch, note=note)
