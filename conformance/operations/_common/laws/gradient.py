"""Laws about derivatives: padding must not train, and must not break training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.laws.numerics import WILD, put_wild
from conformance.operations._common.oracle import over_time
from conformance.trial.batch import extent
from conformance.trial.exact import ELSEWHERE, VALUE_IN_FLOAT64, elsewhere
from conformance.trial.precision import PRECISIONS
from conformance.trial.verdict import compare, fail

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.trial.batch import Array
    from conformance.trial.exact import Exact
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict


def gradient(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Through the inputs and, in float64, through a layer's parameters."""
    if not sample.want.size:
        yield _nothing(subject, sample)
    elif subject.operation.builds:
        yield from _parameters(subject, sample)
    else:
        cotangent = sample.cotangent()
        found = subject.gradients(sample.batch, cotangent)[0]
        yield from judge_inputs(subject, sample, cotangent, found, "")


def wild_gradient(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The same with infinities, NaN and huge numbers at padding."""
    if not sample.want.size:
        yield _nothing(subject, sample)
        return
    cotangent = sample.cotangent()
    for kind in WILD:
        broken, note = (
            sample.replace_padding(put_wild(sample, kind)),
            f"{kind} at padding",
        )
        found, parameters = subject.gradients(broken.batch, cotangent)
        yield from judge_inputs(subject, broken, cotangent, found, note)
        for number, got in enumerate(parameters):
            yield _judge_finite(got, broken, f"gradient of parameter {number}", note)


def _nothing(subject: Subject, sample: Sample) -> Verdict:
    """Judge an answer without elements, which no input moves: none need be reached."""
    return subject.agrees(sample, note="without elements")


def judge_inputs(
    subject: Subject,
    sample: Sample,
    cotangent: Array,
    found: Mapping[str, Array],
    note: str,
) -> Iterator[Verdict]:
    """Yield what of the inputs' derivatives is not finite, zero at padding or exact."""
    judges = subject.dtype == "float64"
    exact = sample.derivative(cotangent) if judges else {}
    for name, raw in found.items():
        label = f"gradient of {name}"
        got = sample.answered(raw) if name in sample.batch.arrays else raw
        yield _judge_finite(got, sample, label, note)
        if name in sample.batch.arrays:
            yield _zero_at_padding(got, sample, label, note)
        if judges:
            yield compare(
                got,
                exact[name].want,
                exact[name].allowed,
                open_by=exact[name].open_by,
                batch=sample.batch,
                label=label,
                note=note,
            )
        shares = getattr(sample.oracle, "gradient_shares", None)
        if shares is not None and not judges:
            ties = sample.derivative(cotangent)[name]
            yield from _judge_ties(got, ties, sample, cotangent, label=label, note=note)
        elif shares is not None:
            wide = np.asarray(got, np.float64)
            wrong = shares(sample.variant.options, sample.batch, cotangent, wide)
            if wrong:
                yield fail(f"{label}: {wrong}", batch=sample.batch, got=got)


def _judge_ties(
    got: Array, exact: Exact, sample: Sample, cotangent: Array, *, label: str, note: str
) -> Iterator[Verdict]:
    """Judge in any dtype what only selects: nothing off the ties, and their sum."""
    wide, ties = np.asarray(got, np.float64), exact.want != 0
    zero = np.zeros(wide.shape)
    yield compare(
        wide,
        zero,
        zero,
        open_by=elsewhere(~ties, wide.shape),
        batch=sample.batch,
        label=label,
        note=note,
    )
    yield compare(
        np.where(ties, wide, 0.0).sum(axis=1),
        cotangent,
        4 * PRECISIONS[sample.dtype].u * np.abs(cotangent),
        open_by=elsewhere(ties.any(axis=1), cotangent.shape),
        batch=sample.batch,
        label=f"{label}, the shares of ties together,",
        note=note,
    )


def _zero_at_padding(got: Array, sample: Sample, label: str, note: str) -> Verdict:
    padded = ~over_time(sample.batch.mask, got)
    zero = np.zeros(got.shape)
    text = "padding trains" + (f"; {note}" if note else "")
    return compare(
        got,
        zero,
        zero,
        open_by=elsewhere(padded, got.shape),
        batch=sample.batch,
        label=label,
        note=text,
    )


def _judge_finite(got: Array, sample: Sample, label: str, note: str) -> Verdict:
    """Judge that every element is finite, whatever its value."""
    wide = np.asarray(got, dtype=np.float64)
    text = "not finite" + (f"; {note}" if note else "")
    finite, zero = np.isfinite(wide), np.zeros(wide.shape)
    clause = ELSEWHERE if sample.dtype == "float64" else VALUE_IN_FLOAT64
    return compare(
        wide,
        zero,
        zero,
        open_by={clause: finite} if finite.any() else {},
        batch=sample.batch,
        label=label,
        note=text,
    )


def _parameters(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """A layer's gradients, its parameters' against the sum over trimmed rows.

    Two rows of one length are repeated to fill the batch, so that few shapes are
    compiled; the gradient is linear in the cotangent, so a row's copies need one call.
    """
    first = sample.cotangent()
    found, parameters = subject.gradients(sample.batch, first)
    yield from judge_inputs(subject, sample, first, found, "")
    for number, got in enumerate(parameters):
        yield _judge_finite(got, sample, f"gradient of parameter {number}", "")
    if subject.dtype != "float64":
        return
    counts, trims = sample.batch.counts, subject.operation.trims
    alike = np.flatnonzero(counts == counts[min(1, len(counts) - 1)])[:2]
    index = alike[np.arange(sample.batch.rows) % len(alike)]
    padded = sample.rows(index)
    cotangent = padded.cotangent("parameters")
    whole = subject.gradients(padded.batch, cotangent)[1]
    total = [np.zeros(got.shape) for got in whole]
    for row in alike:
        one = sample.batch.trim(int(row), trims)
        own = cotangent[index == row].sum(axis=0, keepdims=True)
        if subject.variant.result == "position":
            mask = sample.batch.mask[row : row + 1]
            kept = mask if trims == "padding" else extent(mask)
            own = own[:, kept[0]]
        parts = subject.gradients(one, own)[1]
        total = [a + b for a, b in zip(total, parts, strict=True)]
    size = padded.derivative(cotangent)
    largest = max(float(own.allowed.max()) for name, own in size.items() if "." in name)
    limit = 4 * largest + PRECISIONS["float64"].eta
    for number, (got, want) in enumerate(zip(whole, total, strict=True)):
        yield compare(
            got,
            want,
            np.full(got.shape, limit),
            batch=padded.batch,
            label=f"gradient of parameter {number}",
            note="expected the sum over the rows alone, trimmed",
        )
