"""Laws of the log-likelihood alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.chain_batches import (
    SHIFT,
    reverse_chain,
    shift_emissions,
)
from conformance.trial.draw import fill_padding
from conformance.trial.exact import over
from conformance.trial.sample import relate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

NO_TAGS = (-100, -1, 3, 255, 2**31 - 1)
"""Tags that are none: the usual ignore index, one before and one behind."""

MOST = 3
"""The longest row whose paths are all asked for: 27 of them with three tags."""


def sums_to_one(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Every path of the longest row that is short enough."""
    counts = sample.batch.counts
    short = np.where((counts > 0) & (counts <= MOST), counts, 0)
    if not short.any():
        yield subject.agrees(sample)
        return
    every = sample.replace_batch(_all_paths(sample.batch, int(np.argmax(short))))
    got = np.asarray(subject.answer(every.batch, like=every.want), dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.exp(got).sum(keepdims=True)
        share = np.exp(every.want)
        allowed = (share * np.expm1(every.allowed)).sum(keepdims=True)
    allowed = allowed + len(share) * 2.0**-52
    one = np.ones_like(total)
    note = f"the probabilities of all {len(share)} paths of a row"
    open_by = over(every.open_by, None)
    yield compare(
        total,
        one,
        allowed,
        open_by=open_by,
        batch=every.batch,
        label="sum",
        note=note,
    )


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid emissions rounded so that the shift is exact, then shifted."""
    plain, moved = (shift_emissions(sample, by) for by in (0.0, SHIFT))
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    note = f"as before {SHIFT:g} was added to every valid emission"
    yield relate(second, first, plain, moved, note=note)


def reversal(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid positions in the reverse order, transitions the other way."""
    first = subject.answer(sample.batch, like=sample.want)
    turned = sample.replace_batch(reverse_chain(sample.batch))
    second = subject.answer(turned.batch, like=turned.want)
    want = np.asarray(first, dtype=np.float64)
    yield relate(second, want, sample, turned, note="the reversed chain")


def padding_tags(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Tags at padding that are none."""
    for tag in NO_TAGS:
        old = sample.batch.arrays["tags"]
        tags = fill_padding(old, np.full_like(old, tag), sample.batch.mask)
        arrays = {**sample.batch.arrays, "tags": tags}
        other = sample.replace_padding(replace(sample.batch, arrays=arrays))
        yield subject.agrees(other, note=f"tag {tag} at padding")


def _all_paths(batch: Batch, row: int) -> Batch:
    places = np.flatnonzero(batch.mask[row])
    width = batch.arrays["emissions"].shape[2]
    paths = np.asarray(list(product(range(width), repeat=len(places))))
    every = batch.take(np.full(len(paths), row))
    tags = every.arrays["tags"].copy()
    tags[:, places] = paths
    return replace(every, arrays={**every.arrays, "tags": tags})
