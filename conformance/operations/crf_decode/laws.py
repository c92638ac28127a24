"""Laws of the best path alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common import chain
from conformance.operations._common.chain_batches import reverse_chain
from conformance.operations.crf_decode.oracle import answer, rounding
from conformance.trial.exact import both
from conformance.trial.verdict import compare, fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def best_path(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The score of the path that was found, against the best path's."""
    batch = sample.batch
    got = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    width = batch.arrays["emissions"].shape[2]
    tags = np.where(batch.mask, got, 0.0)
    if not np.isin(tags, np.arange(width)).all():
        text = f"a valid position has none of the tags 0 to {width - 1}"
        yield fail(text, batch=batch, got=got)
        return
    found, _ = chain.path_score(batch, tags)
    best, _ = chain.path_score(batch, answer({}, batch))
    allowed = 2 * rounding(batch, subject.dtype)
    note = "the score of the path that was found"
    yield compare(found, best, allowed, batch=batch, label="score", note=note)


def reversal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid positions in the reverse order, transitions the other way."""
    batch = sample.batch
    first = np.asarray(subject.answer(batch, like=sample.want), dtype=np.float64)
    turned = sample.replace_batch(reverse_chain(batch))
    second = subject.answer(turned.batch, like=turned.want)
    want = first.copy()
    open_by = {name: array.copy() for name, array in sample.open_by.items()}
    for row, valid in enumerate(batch.mask):
        for each in (want, *open_by.values()):
            each[row, valid] = each[row, valid][::-1]
    yield compare(
        second,
        np.where(np.isfinite(want), want, turned.want),
        turned.allowed,
        open_by=both(open_by, turned.open_by),
        batch=turned.batch,
        note="the reversed chain",
    )
