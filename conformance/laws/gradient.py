"""Laws about derivatives: padding must not train, and must not break training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.compare import compare, failed
from conformance.laws.numerics import WILD, wild
from conformance.operations.base import over_time
from conformance.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.batch import Array
    from conformance.compare import Verdict
    from conformance.sample import Sample
    from conformance.subject import Subject


def gradient(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Through the inputs and, in float64, through a layer's parameters."""
    yield from _inputs(subject, sample, "")
    if subject.operation.builds:
        yield from _parameters(subject, sample)


def wild_gradient(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The same with infinities, NaN and huge numbers at padding."""
    for kind in WILD:
        yield from _inputs(
            subject, sample.alike(wild(sample, kind)), f"{kind} at padding"
        )
    if subject.operation.builds:
        broken = sample.alike(wild(sample, "nan"))
        cotangent = broken.cotangent()
        for number, got in enumerate(_through(subject, broken, cotangent)):
            yield _finite(got, broken, f"parameter {number}", "nan at padding")


def _inputs(subject: Subject, sample: Sample, note: str) -> Iterator[Verdict]:
    cotangent = sample.cotangent()
    found = subject.gradients(sample.batch, cotangent)
    exact = subject.dtype == "float64"
    want = sample.gradient(cotangent)
    allowed = sample.gradient_bound(cotangent) if exact else {}
    for name, got in found.items():
        label = f"gradient of {name}"
        yield _finite(got, sample, label, note)
        yield _zero_at_padding(got, sample, label, note)
        if exact:
            bound = allowed[name]
            yield compare(
                got, want[name], bound, batch=sample.batch, label=label, note=note
            )
        shares = getattr(sample.oracle, "gradient_shares", None)
        if exact and shares is not None:
            wide = np.asarray(got, np.float64)
            wrong = shares(sample.variant.options, sample.batch, cotangent, wide)
            if wrong:
                yield failed(f"{label}: {wrong}", batch=sample.batch, got=got)


def _zero_at_padding(got: Array, sample: Sample, label: str, note: str) -> Verdict:
    padded = ~over_time(sample.batch.mask, got)
    zero = np.zeros(got.shape)
    allowed = np.where(np.broadcast_to(padded, got.shape), 0.0, np.inf)
    text = "padding trains" + (f"; {note}" if note else "")
    return compare(got, zero, allowed, batch=sample.batch, label=label, note=text)


def _finite(got: Array, sample: Sample, label: str, note: str) -> Verdict:
    wide = np.asarray(got, dtype=np.float64)
    broken = ~np.isfinite(wide)
    allowed = np.where(broken, 0.0, np.inf)
    text = "not finite" + (f"; {note}" if note else "")
    zero = np.zeros(wide.shape)
    return compare(wide, zero, allowed, batch=sample.batch, label=label, note=text)


def _parameters(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """The padded batch's parameter gradients against those of its trimmed rows.

    Two rows of one length are repeated to fill the batch, so that few shapes are
    compiled; the gradient is linear in the cotangent, so a row's copies need one call.
    """
    counts = sample.batch.counts
    alike = np.flatnonzero(counts == counts[min(1, len(counts) - 1)])[:2]
    index = alike[np.arange(sample.batch.rows) % len(alike)]
    padded = sample.rows(index)
    cotangent = padded.cotangent("parameters")
    whole = _through(subject, padded, cotangent)
    for number, got in enumerate(whole):
        yield _finite(got, padded, f"gradient of parameter {number}", "")
    if subject.dtype != "float64":
        return
    total: list[Array] = []
    for row in alike:
        one = sample.having(sample.batch.trimmed(int(row)))
        own = cotangent[index == row].sum(axis=0, keepdims=True)
        if subject.variant.result == "position":
            own = own[:, sample.batch.mask[row]]
        parts = _through(subject, one, own)
        total = [a + b for a, b in zip(total, parts, strict=True)] if total else parts
    size = padded.gradient_bound(cotangent)
    largest = max(float(bound.max()) for name, bound in size.items() if "." in name)
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


def _through(subject: Subject, sample: Sample, cotangent: Array) -> list[Array]:
    found = subject.parameter_gradients(sample.batch, cotangent)
    return [np.asarray(gradient, dtype=np.float64) for gradient in found]
