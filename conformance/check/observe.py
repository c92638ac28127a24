"""Observe an adapter where the specification leaves a choice and it declares none.

Nothing here is judged: the report shows it beside what others declare.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.errors import ContractViolation, NotGrantedError
from conformance.records.text import OBSERVING
from conformance.specification import PLACEMENTS
from conformance.specification.plan import usual_dtype
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import judge
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.check.fixtures import Fixtures
    from conformance.specification import Operation, Variant
    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Check
    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

    Probe = Callable[[Subject, Sample], str]

ROWS = 4
"""Rows of the batch that is observed."""

FORMS = ("float", "int8", "none")
"""Forms of the mask that users pass without being told to."""


def observe(
    fixtures: Fixtures,
    planned: Sequence[Check],
    announce: Callable[[str], object],
    *,
    takes: Callable[[Check], bool] = lambda _check: True,
    seen: Mapping[str, str] | None = None,
    keep: Callable[[str, str], object] = lambda _key, _what: None,
) -> dict[str, str]:
    """Return what is seen, by ``behaviour: variant``, of what is not declared.

    Args:
        fixtures: The adapter's subjects and samples.
        planned: The run's checks; a variant is observed on its check of ``value``.
        announce: Told what is about to be called, so that a crash has a name.
        takes: Which of these checks are this run's, where it is one of several.
        seen: What an earlier process saw, which is not looked at again.
        keep: Told what was seen as soon as it was.
    """
    found: dict[str, str] = {}
    for check, first in _select_checks(fixtures.adapter.declaration, planned):
        if not takes(check):
            continue
        subject, sample = fixtures.subject(check), fixtures.turn(check, 0)
        few = sample.batch.take(range(min(ROWS, sample.batch.rows)))
        small = sample.replace_batch(fixtures.grant(check, few))
        for name, probe in _probes(subject, small, whole=first):
            key = f"{name}: {check.variant.name}"
            if seen is not None and key in seen:
                found[key] = seen[key]
                continue
            announce(f"{OBSERVING}{key}")
            told = _run_probe(probe, subject, small)
            if told:
                found[key] = told
                keep(key, told)
    return found


def _select_checks(
    declaration: Declaration, planned: Sequence[Check]
) -> Iterator[tuple[Check, bool]]:
    """Yield one check of each variant, and whether it is its operation's first."""
    usual = usual_dtype(declaration)
    operations: set[str] = set()
    for check in planned:
        one = (
            check.item == "value"
            and check.route == declaration.primary
            and not check.unsupported
        )
        if one and check.dtype == usual:
            yield check, check.operation not in operations
            operations.add(check.operation)


def _probes(
    subject: Subject, sample: Sample, *, whole: bool
) -> Iterator[tuple[str, Probe]]:
    """Yield what the adapter does not declare of a variant.

    What belongs to the operation rather than to the variant is asked once.
    """
    declaration, variant = subject.adapter.declaration, subject.variant
    if variant.empty == "declared" and sample.empty is None:
        yield "empty row", _empty_row
    if variant.padding == "declared" and sample.padding is None:
        yield "padding of the answer", _probe_padding
    if whole:
        yield from _of_operation(declaration, subject.operation, variant)


def _of_operation(
    declaration: Declaration, operation: Operation, variant: Variant
) -> Iterator[tuple[str, Probe]]:
    for placement in PLACEMENTS:
        lengths = declaration.usual_form == "lengths"  # which say nothing of these
        if placement not in declaration.placements and not lengths:
            yield f"{placement} padding", _placement_probe(placement)
    for form in FORMS:
        if form not in declaration.mask_forms:
            yield f"mask as {form}", _form(form)
    if not declaration.stated("zero-time", variant.name):
        yield "T = 0", _zero_time
    if not declaration.stated("zero-batch", variant.name):
        yield "B = 0", _zero_batch
    # Where nothing rounds, equal subnormal numbers come back as they are or flushed.
    equal = "subnormals" in operation.also and not operation.rounds
    if equal and not declaration.stated("subnormals", "*"):
        yield "subnormals", _subnormals


def _run_probe(probe: Probe, subject: Subject, sample: Sample) -> str:
    try:
        return probe(subject, sample)
    except NotGrantedError:
        return ""  # the head rules it out: nothing is seen
    except ContractViolation as error:
        return f"another shape: {error}".partition(";")[0][:120]
    except (Exception, SystemExit) as error:  # noqa: BLE001 - raising is what is seen
        return f"raises {type(error).__name__}"


def _empty_row(subject: Subject, sample: Sample) -> str:
    scalar = subject.variant.result == "scalar"
    mask = sample.batch.mask.copy()
    mask[slice(None) if scalar else slice(-1, None)] = False
    batch = replace(sample.batch, mask=mask)
    got = np.asarray(subject.answer(batch, like=sample.want), np.float64)
    if scalar:
        return _word(got, sample.batch.time)
    told = _word(got[-1], sample.batch.time)
    rest = sample.exact.part(np.s_[:-1])
    others = compare(got[:-1], rest.want, rest.allowed, open_by=rest.open_by)
    return told if others.passed else f"{told}, and other rows with it"


def _probe_padding(subject: Subject, sample: Sample) -> str:
    got = np.asarray(subject.answer(sample.batch, like=sample.want), np.float64)
    return _word(got[~sample.counted], sample.batch.time)


def _placement_probe(placement: str) -> Probe:
    def probe(subject: Subject, sample: Sample) -> str:
        batch = sample.batch
        mask = batch.mask[:, ::-1].copy()
        if placement == "gaps":
            mask = batch.mask.copy()
            mask[:, 0] = ~batch.mask[:, 1:].any(axis=1)
        moved = sample.replace_batch(_replace_mask(batch, mask))
        got = subject.answer(moved.batch, like=moved.want)
        return _verdict(moved, got)

    return probe


def _replace_mask(batch: Batch, mask: Array) -> Batch:
    """Return the batch with another mask, every value finite and of valid size."""
    rows = np.arange(batch.rows)[:, None]
    start = np.argmax(batch.mask, axis=1)[:, None]
    order = np.where(batch.mask, np.arange(batch.time), start)
    moved = batch.each(lambda array: array[rows, order])
    return replace(moved, mask=mask)


def _form(form: str) -> Probe:
    def probe(subject: Subject, sample: Sample) -> str:
        given = sample
        if form == "none":
            full = np.ones_like(sample.batch.mask)
            given = sample.replace_batch(_replace_mask(sample.batch, full))
        got = subject.answer(given.batch, form=form, like=given.want)
        return _verdict(given, got)

    return probe


def _zero_time(subject: Subject, sample: Sample) -> str:
    want = sample.want
    like = want[:, :0] if subject.variant.result == "position" else want
    got = subject.answer(sample.batch.cut(slice(0, 0)), like=like)
    return _word(np.asarray(got, np.float64), 0)


def _zero_batch(subject: Subject, sample: Sample) -> str:
    want = sample.want
    like = want if subject.variant.result == "scalar" else want[:0]
    got = subject.answer(sample.batch.take([]), like=like)
    return _word(np.asarray(got, np.float64), sample.batch.time)


def _subnormals(subject: Subject, sample: Sample) -> str:
    number = 5 * PRECISIONS[subject.dtype].smallest
    x = sample.batch.arrays["x"]
    batch = replace(sample.batch, arrays={"x": np.full(x.shape, number, x.dtype)})
    got = np.asarray(subject.answer(batch, like=sample.want), np.float64)
    return "flushed" if not got.any() else "kept" if (got == number).all() else "mixed"


def _verdict(sample: Sample, got: Array) -> str:
    return "right" if judge(got, sample).passed else "another answer, and no error"


def _word(got: Array, time: int) -> str:
    """Return what an array of equal numbers is called."""
    if not got.size:
        return "empty"
    words = (
        ("nan", np.isnan(got).all()),
        ("zero", (got == 0).all()),
        ("one", (got == 1).all()),
        ("negative-infinity", np.isneginf(got).all()),
        ("infinity", np.isposinf(got).all()),
        ("uniform", time > 1 and np.allclose(got, 1 / time, rtol=1e-2)),
        (f"{got.flat[0]:.6g}", (got == got.flat[0]).all()),
        ("nan in part", np.isnan(got).any()),
    )
    return next((word for word, fits in words if fits), "other numbers")
