"""Laws of the batch norm alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import to_float64
from conformance.trial.draw import fill_padding
from conformance.trial.exact import over
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import relate
from conformance.trial.verdict import compare, fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def shift(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Valid values rounded so that the shift is exact, then shifted far."""
    far = 64.0 if PRECISIONS[sample.dtype].low else 4096.0
    plain, moved = (_shift(sample, by) for by in (0.0, far))
    first = np.asarray(subject.answer(plain.batch, like=plain.want), dtype=np.float64)
    second = subject.answer(moved.batch, like=moved.want)
    note = f"as before {far:g} was added to every valid value"
    yield relate(second, first, plain, moved, where=plain.valid, note=note)


def centred(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The mean over the batch's valid positions, feature by feature."""
    got = np.asarray(subject.answer(sample.batch, like=sample.want), np.float64)
    mask = sample.batch.mask
    n = max(int(mask.sum()), 1)
    want = to_float64(sample.batch.weights["offset"]) * mask.any()
    allowed = sample.allowed[mask].sum(axis=0) / n + 2.0**-52 * (
        np.abs(got[mask]).sum(axis=0) + np.abs(want)
    )
    mean = got[mask].sum(axis=0) / n
    note = "of all valid answers, expected the offset"
    open_by = over(sample.exact.part(mask).open_by, 0)
    yield compare(
        mean,
        want,
        allowed,
        open_by=open_by,
        batch=sample.batch,
        label="mean",
        note=note,
    )


def refolded(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The same positions in their order, the rows' lengths the other way round."""
    first = np.asarray(subject.answer(sample.batch, like=sample.want), np.float64)
    other = sample.replace_batch(_fold(sample.batch))
    second = np.asarray(subject.answer(other.batch, like=other.want), np.float64)
    want = np.zeros_like(second)
    want[other.batch.mask] = first[sample.batch.mask]
    note = "the valid positions in rows of other lengths"
    yield relate(second, want, other, other, where=other.valid, note=note)


def nan_shows(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """NaN in the first feature of the first valid position."""
    mask = sample.batch.mask
    row = int(np.argmax(sample.batch.counts > 0))
    x = sample.batch.arrays["x"].copy()
    x[row, int(np.argmax(mask[row])), 0] = np.nan
    batch = replace(sample.batch, arrays={"x": x})
    got = np.asarray(subject.answer(batch, like=sample.want), np.float64)
    whole = got[..., 0][mask]
    if not np.isnan(whole).all():
        count = int(np.isnan(whole).sum())
        text = f"NaN at a valid position is in {count} of {len(whole)} valid answers"
        yield fail(f"{text} of its feature, expected all", batch=batch, got=got)
    beside = sample.valid.copy()
    beside[..., 0] = False
    note = "the features beside one with NaN"
    other = replace(sample, batch=batch)
    yield relate(got, sample.want, other, where=beside, note=note)


def _shift(sample: Sample, by: float) -> Sample:
    old = sample.batch.arrays["x"]
    step = 1.0 if sample.dtype == "bfloat16" else 4.0
    rounded = np.clip(np.round(to_float64(old) * step) / step, -60.0, 60.0) + by
    x = fill_padding(rounded, to_float64(old), sample.batch.mask).astype(old.dtype)
    return sample.replace_batch(replace(sample.batch, arrays={"x": x}))


def _fold(batch: Batch) -> Batch:
    """Return the valid positions in their order, in rows as long as others were."""
    mask: Array = np.arange(batch.time) < batch.counts[::-1, None]
    x = batch.arrays["x"].copy()
    x[mask], x[~mask] = batch.arrays["x"][batch.mask], batch.arrays["x"][~batch.mask]
    return replace(batch, arrays={"x": x}, mask=mask)
