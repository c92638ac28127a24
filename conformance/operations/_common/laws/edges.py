"""Laws about what most batches never hold: nothing at all, subnormals, tangents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.numerics import raises
from conformance.operations._common.oracle import over_time
from conformance.trial.draw import fill_padding
from conformance.trial.exact import OVERFLOW, both, elsewhere
from conformance.trial.precision import PRECISIONS, numpy_dtype
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array, Batch
    from conformance.trial.exact import Exact
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def zero_time(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows without positions: as rows whose every position is padding."""
    empty, batch = _empty_rows(sample), sample.batch.cut(slice(0, 0))
    exact = empty.exact
    if subject.variant.result == "position":
        exact = exact.part(np.s_[:, :0])
    yield _nothing(subject, batch, exact, "zero-time", "T = 0")


def zero_batch(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """No rows: an answer without rows, or a scalar over nothing."""
    batch = sample.batch.take([])
    like = _empty_rows(sample) if subject.variant.result == "scalar" else sample
    exact = like.exact
    if subject.variant.result != "scalar":
        exact = exact.part(np.s_[:0])
    yield _nothing(subject, batch, exact, "zero-batch", "B = 0")


def _nothing(
    subject: Subject, batch: Batch, exact: Exact, behaviour: str, note: str
) -> Verdict:
    """Judge what comes of a batch without rows or positions."""
    if _read_stated(subject, behaviour) == "error":
        return raises(subject, batch, exact.want, note)
    got = subject.answer(batch, like=exact.want)
    return compare(
        got,
        exact.want,
        exact.allowed,
        open_by=exact.open_by,
        batch=batch,
        note=note,
    )


def subnormals(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows of one subnormal number, of either sign."""
    smallest = PRECISIONS[subject.dtype].smallest
    kept = _read_stated(subject, "subnormals") == "kept"
    for number in (5 * smallest, -5 * smallest):
        old = sample.batch.arrays["x"]
        fill = np.full(old.shape, number).astype(old.dtype)
        batch = replace(
            sample.batch, arrays={"x": fill_padding(fill, old, sample.batch.mask)}
        )
        want = np.full(sample.want.shape, number if kept else 0.0)
        got = subject.answer(batch, like=want)
        # Five equal ones add up exactly; a mean may round once on its way back.
        near = smallest if kept and subject.operation.rounds else 0.0
        note = f"valid values of {number:.3g}, {'kept' if kept else 'flushed'}"
        yield compare(got, want, np.full(want.shape, near), batch=batch, note=note)


def forward_gradient(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Tangents at padding alone, NaN too, then at valid positions in float64."""
    zero = np.zeros(sample.want.shape)
    for note, number in (("a tangent", 1.0), ("NaN", np.nan)):
        moved = _tangents(subject, sample, 0.0, number)
        got = sample.answered(subject.tangent(sample.batch, moved))
        text = f"{note} at padding alone moves the answer"
        open_by = dict(sample.open_by)
        if subject.variant.result == "position":
            # What stands at padding of the answer may be what stood there before.
            valid = over_time(sample.counted, zero)
            open_by = both(open_by, elsewhere(valid, zero.shape))
        yield compare(got, zero, zero, open_by=open_by, batch=sample.batch, note=text)
    if subject.dtype != "float64":
        return
    tangents = _tangents(subject, sample, None, 0.0)
    got = sample.answered(subject.tangent(sample.batch, tangents))
    cotangent = sample.cotangent()
    exact = sample.derivative(cotangent)
    want = sum(float((tangents[name] * exact[name].want).sum()) for name in tangents)
    allowed = sum(
        float((np.abs(tangents[name]) * exact[name].allowed).sum()) for name in tangents
    )
    pulled = np.asarray((cotangent * got).sum())
    # The sum of the products is ours: as many roundings as it has terms.
    terms = float(np.abs(cotangent * got).sum()) * (got.size + 1)
    allowed += PRECISIONS["float64"].u * (terms + abs(want) * got.size)
    yield compare(
        pulled,
        np.asarray(want),
        np.asarray(allowed),
        open_by=None if np.isfinite(allowed) else {OVERFLOW: np.ones((), bool)},
        batch=sample.batch,
        label="cotangent times tangent",
        note="forward mode against the exact derivative",
    )


def _tangents(
    subject: Subject, sample: Sample, valid: float | None, padding: float
) -> dict[str, Array]:
    """Return tangents by input: numbers, or drawn ones where ``valid`` is None."""
    found = {}
    for name in subject.operation.differentiable:
        shape = sample.batch.inputs[name].shape
        steps = sample.draw(f"tangent {name}").below(8, shape) - 3.5
        filled = steps if valid is None else np.full(shape, valid)
        if name in sample.batch.arrays:
            filled = fill_padding(filled, np.full(shape, padding), sample.batch.mask)
        found[name] = filled.astype(numpy_dtype(subject.dtype))
    return found


def _empty_rows(sample: Sample) -> Sample:
    """Return the sample's rows with every position masked."""
    return sample.replace_batch(
        replace(sample.batch, mask=np.zeros_like(sample.batch.mask))
    )


def _read_stated(subject: Subject, behaviour: str) -> str:
    return subject.adapter.declaration.stated(behaviour, subject.variant.name)
