"""Which known mistake gives exactly these answers: a name, or nothing.

An adapter that failed is asked about some more batches, built to tell mutants apart.
A mutant that gives the same answers throughout, wrong ones among them, is the
diagnosis. Two mutants that both do are no diagnosis: nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.check.mutants import adapter, correct
from conformance.errors import ContractViolation
from conformance.operations import load_operations, load_oracle
from conformance.operations._common.mutant import mutants
from conformance.trial.frameworks import load_framework
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.operations._common.mutant import Mutant
    from conformance.specification import Operation, Variant
    from conformance.specification.declaration import Declaration
    from conformance.trial.adapter import Adapter
    from conformance.trial.batch import Array, Batch
    from conformance.trial.oracle import Oracle

SEED = 90017
"""Of the batches that tell mutants apart, whatever the run's seed is."""

RELATIVE = 2.0**-12
"""The most that reading padding may add to an answer's bound, of its size."""

SHORT = 3
"""The longest row of a batch that is padded further."""

PLAIN = 6
"""How many of those batches are finite and padded on the right."""

FILLS = (-3e3, -3e5, -3e7, -5e9, -3e10)
"""Valid values of one row each, between the fill values that people use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a call showed: the answer, its dtype, and whether inputs were written to."""

    answer: Array | None
    dtype: str = ""
    written: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """A batch with one form of the mask, and the rows whose answers count."""

    batch: Batch
    form: str = "bool"
    plain: bool = False


def diagnose(
    subject: Subject,
    batches: Sequence[Batch],
    operation: Operation,
    variant: Variant,
) -> str:
    """Return which known mistake gives the subject's answers, or nothing.

    Args:
        subject: What failed.
        batches: The batch on which it failed, in the subject's dtype, and others.
        operation: The operation.
        variant: The variant.

    Returns:
        The mutant's text and its thread, such as ``divides by T, not by the number of
        valid positions; see https://...``; empty when no single one agrees.
    """
    declaration = subject.adapter.declaration
    oracle = load_oracle(operation.name)
    left = {
        mutant.id: (mutant, _numpy(adapter(mutant), operation, variant, subject.dtype))
        for mutant in mutants(operation.name)
        if mutant.kind == "forward" and mutant.shows(variant.name)
    }
    right = _numpy(correct(operation.name), operation, variant, subject.dtype)
    wrong: set[str] = set()
    plain: list[Mutant] = []
    for question in _questions(subject, batches, oracle, variant, declaration):
        sample = Sample(
            oracle=oracle, variant=variant, dtype=subject.dtype, batch=question.batch
        )
        judge = _Judge(
            dtype=subject.dtype,
            counts=_counted(sample, declaration),
            bounds=_bounds(sample),
        )
        got, want = _seen(subject, question, sample), _seen(right, question, sample)
        for name, (_, mutant) in list(left.items()):
            said = _seen(mutant, question, sample)
            if not judge.same(got, said):
                del left[name]
            elif not judge.same(said, want):
                wrong.add(name)
        if question.plain:
            plain = [left[name][0] for name in left if name in wrong]
        if not left:
            break
    found = [left[name][0] for name in left if name in wrong]
    # Code may make a listed mistake and another beside it, such as x * mask, that
    # shows on wild input alone: then plain input decides.
    return _named(found) or _named(plain)


def _named(found: Sequence[Mutant]) -> str:
    """Return the only mutant's text, or nothing."""
    if len(found) != 1:
        return ""
    (mutant,) = found
    return f"{mutant.text}; see {mutant.url}" if mutant.url else mutant.text


def _numpy(
    wrong: Adapter, operation: Operation, variant: Variant, dtype: str
) -> Subject:
    framework = load_framework("numpy")
    return Subject(wrong, framework, operation, variant, dtype=dtype, route="eager")


def _seen(subject: Subject, question: _Question, sample: Sample) -> _Seen:
    batch, framework = sample.batch, subject.framework
    try:
        with framework.scope(subject.dtype):
            tensors = [framework.tensor(array) for array in batch.arrays.values()]
            mask = subject.mask(batch, question.form)
            result = subject.callable(batch)(*tensors, mask)
            after = [framework.array(tensor) for tensor in tensors]
            dtype = framework.dtype(result)
            answer = subject.checked(result, sample.want.shape)
    except ContractViolation:
        return _Seen(answer=None, dtype="another shape")
    except Exception as error:  # noqa: BLE001 - whatever it raises is what it answers
        return _Seen(answer=None, dtype=type(error).__name__)
    written = any(
        old.tobytes() != new.tobytes()
        for old, new in zip(batch.arrays.values(), after, strict=True)
    )
    return _Seen(
        answer=np.asarray(answer, dtype=np.float64), dtype=dtype, written=written
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judge:
    """Whether two observations are the same within both error bounds."""

    dtype: str
    counts: Array
    bounds: tuple[Array, Array]

    def same(self, got: _Seen, said: _Seen) -> bool:
        """Tell whether a mutant showed what the subject did."""
        if got.answer is None or said.answer is None:
            return got.answer is None and said.answer is None
        if (got.dtype == self.dtype) != (said.dtype == self.dtype):
            return False
        if got.written != said.written:
            return False
        with np.errstate(all="ignore"):
            error = np.abs(got.answer - said.answer)
            size = np.nan_to_num(np.abs(said.answer))
            exact, padded = self.bounds
            # Huge padding has a huge bound, under which everything would be alike.
            bound = exact + np.minimum(padded, RELATIVE * size)
            bound = bound + 4 * PRECISIONS[self.dtype].u * size
            alike = (error <= bound) | (got.answer == said.answer)
            alike |= np.isnan(got.answer) & np.isnan(said.answer)
        return bool((alike | ~self.counts).all())


def _bounds(sample: Sample) -> tuple[Array, Array]:
    """Return the exact answer's bound, and what a mutant that reads padding may err."""
    full = replace(sample.batch, mask=np.ones_like(sample.batch.mask))
    whole = sample.having(full) if _finite(full) else sample
    exact, padded = (np.asarray(each.allowed) for each in (sample, whole))
    return (
        np.where(np.isfinite(exact), exact, 0.0),
        np.where(np.isfinite(padded), padded, 0.0),
    )


def _finite(batch: Batch) -> bool:
    arrays = batch.arrays.values()
    if any(a.dtype.kind in "iu" and (a.min() < 0 or a.max() > 2) for a in arrays):  # noqa: PLR2004 - classes
        return False
    return all(
        np.isfinite(np.asarray(array, np.float64)).all()
        and np.abs(np.asarray(array, np.float64)).max(initial=0) <= 1e4  # noqa: PLR2004 - garbage
        for array in arrays
    )


def _counted(sample: Sample, declaration: Declaration) -> Array:
    """Return which elements of the answer are compared.

    A row without valid positions gives what each adapter declares: where that is not
    what the mutants are made from, it says nothing.
    """
    shape, name = sample.want.shape, sample.variant.name
    empty = sample.batch.counts < sample.variant.least
    ours = correct(sample.variant.operation).declaration
    counted = np.ones(shape, dtype=bool)
    declares = sample.variant.padding == "declared"
    if declares and declaration.at_padding(name) != ours.at_padding(name):
        counted = sample.valid
    if sample.variant.empty == "zero" or declaration.empty_row(name) == ours.empty_row(
        name
    ):
        return counted
    if sample.variant.result == "scalar":
        return np.full(shape, not empty.any())
    wide = (~empty).reshape((-1,) + (1,) * (len(shape) - 1))
    return np.broadcast_to(counted & wide, shape)


def _questions(
    subject: Subject,
    batches: Iterable[Batch],
    oracle: Oracle,
    variant: Variant,
    declaration: Declaration,
) -> Iterator[_Question]:
    """Yield the failing batch first, then those that tell mutants apart."""
    # An adapter that takes another dtype for one batch takes it for all.
    first = tuple(batches)
    for batch in first:
        yield _Question(batch=batch, plain=True)
    weights = first[0].weights if first else {}
    telling = _telling(oracle, variant, subject.dtype, declaration)
    for number, plain in enumerate(telling):
        batch = replace(plain, weights=weights) if weights else plain
        yield _Question(batch=cast(batch, subject.dtype), plain=number < PLAIN)
    plain = _generated(oracle, variant, 1)
    batch = cast(replace(plain, weights=weights) if weights else plain, subject.dtype)
    for form in declaration.mask_forms:
        if form in {"float", "int8", "none"}:
            yield _Question(batch=batch, form=form)


def _generated(oracle: Oracle, variant: Variant, turn: int) -> Batch:
    return generate(oracle, variant, seed=SEED, turn=2 * turn)


def _telling(
    oracle: Oracle, variant: Variant, dtype: str, declaration: Declaration
) -> Iterator[Batch]:
    """Yield batches of one shape, so that a compiled adapter compiles once."""
    plain = _generated(oracle, variant, 0)
    yield plain
    yield _generated(oracle, variant, 1)
    yield _at_padding(plain, 0.0)
    yield _at_padding(plain, 512.0).each(lambda array: array[1:2])
    yield replace(plain, mask=plain.mask & (np.arange(plain.time) < SHORT))
    yield replace(plain, mask=np.ones_like(plain.mask))
    yield _with_valid(plain, FILLS, dtype)
    yield _at_padding(plain, np.nan)
    yield _at_padding(plain, np.inf)
    if "left" in declaration.placements:
        yield plain.each(lambda array: array[:, ::-1])
    if "gaps" in declaration.placements:
        mask = plain.mask.copy()
        mask[:, 1::2] = False
        yield replace(plain, mask=mask)
    if declaration.empty_row(variant.name) != "error":
        mask = plain.mask.copy()
        mask[1] = False
        yield replace(plain, mask=mask)
        yield replace(plain, mask=np.zeros_like(mask))
    yield _nan_valid(plain)
    if "targets" in plain.arrays and plain.arrays["targets"].dtype.kind in "iu":
        yield _labelled(plain, -1)
        yield _labelled(plain, 255)
    builds = load_operations()[variant.operation].builds
    if not builds and declaration.primary == "eager":
        yield _long(oracle, variant)


def _with_valid(batch: Batch, values: Sequence[float], dtype: str) -> Batch:
    """Return the batch with valid values of one magnitude in each row."""
    largest = PRECISIONS[dtype].largest
    rows = np.resize(np.asarray(values), batch.rows)
    name, array = next(iter(batch.arrays.items()))
    scale = np.maximum(rows, -largest / 8).reshape((-1,) + (1,) * (array.ndim - 1))
    wide = batch.mask.reshape(batch.mask.shape + (1,) * (array.ndim - 2))
    steps = 1 + np.arange(batch.time).reshape((1, -1) + (1,) * (array.ndim - 2)) / 8
    changed = np.where(wide, scale * steps, array)
    return replace(batch, arrays={**batch.arrays, name: changed})


def _at_padding(batch: Batch, value: float) -> Batch:
    arrays = {}
    for name, array in batch.arrays.items():
        wide = batch.mask.reshape(batch.mask.shape + (1,) * (array.ndim - 2))
        labels = array.dtype.kind in "iu"
        arrays[name] = np.where(wide, array, array[:, :1] if labels else value)
    return replace(batch, arrays=arrays)


def _nan_valid(batch: Batch) -> Batch:
    name, array = next(iter(batch.arrays.items()))
    changed = array.copy()
    # A row of one position is left without any where NaN is skipped.
    changed[1, 0] = np.nan
    return replace(batch, arrays={**batch.arrays, name: changed})


def _long(oracle: Oracle, variant: Variant) -> Batch:
    """Return rows that small integers and bfloat16 cannot count."""
    batch = generate(oracle, variant, seed=SEED, turn=0, time=300, rows=3)
    mask = np.arange(300) < np.asarray([130, 260, 300])[:, None]
    name, array = next(iter(batch.arrays.items()))
    arrays = {other: np.zeros_like(each) for other, each in batch.arrays.items()}
    return replace(batch, arrays={**arrays, name: np.ones_like(array) / 2}, mask=mask)


def _labelled(batch: Batch, label: int) -> Batch:
    labels = np.where(batch.mask, batch.arrays["targets"], label)
    return replace(batch, arrays={**batch.arrays, "targets": labels})
