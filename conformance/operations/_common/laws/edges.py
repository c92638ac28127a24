"""Laws about what most batches never hold: nothing at all, subnormals, tangents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.numerics import raises
from conformance.operations._common.oracle import over_time
from conformance.trial.draw import garbled
from conformance.trial.precision import PRECISIONS, numpy_dtype
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def zero_time(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows without positions: as rows whose every position is padding."""
    empty, batch = _emptied(sample), sample.batch.cut(slice(0, 0))
    want, allowed = empty.want, empty.allowed
    if subject.variant.result == "position":
        want, allowed = want[:, :0], allowed[:, :0]
    if _stated(subject, "zero-time") == "error":
        yield raises(subject, batch, want, "T = 0")
        return
    got = subject.answer(batch, like=want)
    yield compare(got, want, allowed, batch=batch, note="T = 0")


def zero_batch(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """No rows: an answer without rows, or a scalar over nothing."""
    batch = sample.batch.take([])
    like = _emptied(sample) if subject.variant.result == "scalar" else sample
    want, allowed = like.want, like.allowed
    if subject.variant.result != "scalar":
        want, allowed = want[:0], allowed[:0]
    if _stated(subject, "zero-batch") == "error":
        yield raises(subject, batch, want, "B = 0")
        return
    got = subject.answer(batch, like=want)
    yield compare(got, want, allowed, batch=batch, note="B = 0")


def subnormals(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Rows of one subnormal number, of either sign."""
    smallest = PRECISIONS[subject.dtype].smallest
    kept = _stated(subject, "subnormals") == "kept"
    for number in (5 * smallest, -5 * smallest):
        old = sample.batch.arrays["x"]
        fill = np.full(old.shape, number).astype(old.dtype)
        batch = replace(
            sample.batch, arrays={"x": garbled(fill, old, sample.batch.mask)}
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
        nothing = np.where(np.isinf(sample.allowed), np.inf, 0.0)
        if subject.variant.result == "position":
            # What stands at padding of the answer may be what stood there before.
            padded = ~over_time(sample.counted, nothing)
            nothing = np.where(padded, np.inf, nothing)
        yield compare(got, zero, nothing, batch=sample.batch, note=text)
    if subject.dtype != "float64":
        return
    tangents = _tangents(subject, sample, None, 0.0)
    got = sample.answered(subject.tangent(sample.batch, tangents))
    cotangent = sample.cotangent()
    exact = sample.gradient(cotangent)
    bound = sample.gradient_bound(cotangent)
    want = sum(float((tangents[name] * exact[name]).sum()) for name in tangents)
    allowed = sum(
        float((np.abs(tangents[name]) * bound[name]).sum()) for name in tangents
    )
    pulled = np.asarray((cotangent * got).sum())
    # The sum of the products is ours: as many roundings as it has terms.
    terms = float(np.abs(cotangent * got).sum()) * (got.size + 1)
    allowed += PRECISIONS["float64"].u * (terms + abs(want) * got.size)
    yield compare(
        pulled,
        np.asarray(want),
        np.asarray(allowed),
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
        shape = sample.batch.arrays[name].shape
        steps = sample.draw(f"tangent {name}").below(8, shape) - 3.5
        inside = steps if valid is None else np.full(shape, valid)
        filled = garbled(inside, np.full(shape, padding), sample.batch.mask)
        found[name] = filled.astype(numpy_dtype(subject.dtype))
    return found


def _emptied(sample: Sample) -> Sample:
    """Return the sample's rows with every position masked."""
    return sample.having(replace(sample.batch, mask=np.zeros_like(sample.batch.mask)))


def _stated(subject: Subject, behaviour: str) -> str:
    return subject.adapter.declaration.stated(behaviour, subject.variant.name)
