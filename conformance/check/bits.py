"""Is a row's answer the same bits, whatever stands around it?

A batch is asked again, beside other rows, in another order, as part of a larger one,
each row alone, and with more padding. Rounding is not wrong, so none of this is a
verdict: it is what inference engines call batch invariance, measured.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations import load_operations
from conformance.operations._common.laws.padding import extend_padding
from conformance.records.bits import NOTE, BitsAnswer
from conformance.specification.plain import clean
from conformance.specification.plan import plan
from conformance.trial.exact import elsewhere, find_judged
from conformance.trial.sample import cast, generate
from conformance.trial.verdict import compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.check.fixtures import Fixtures
    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Check, Selection
    from conformance.trial.batch import Array, Batch
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

ROWS, OTHERS, TIME, MORE = 16, 48, 128, 157
"""The batch, the rows that stand beside it, its T, and T with more padding: enough for
a kernel to cut its work into blocks, and to cut it differently."""

_RELATIVE = 1e-9
"""Two exact answers that are further apart are answers to two questions."""

Places = tuple["Array", "Array"]
"""Rows of the second batch, and the rows of the first that they are."""


def list_bit_checks(declaration: Declaration, asked: Selection) -> list[Check]:
    """Return one check for each operation and dtype that an adapter offers.

    It is of the first variant whose answer is not one number for the whole batch, on
    the adapter's primary route.
    """
    chosen = replace(asked, routes=(declaration.primary,), checks=("*/value:*",))
    found: dict[tuple[str, str], Check] = {}
    for check in plan(declaration, load_operations(), {}, chosen):
        if not check.unsupported and check.variant.result != "scalar":
            found.setdefault((check.operation, check.dtype), check)
    return list(found.values())


def ask_bits(fixtures: Fixtures, check: Check) -> Iterator[tuple[str, BitsAnswer]]:
    """Yield each question of ``records.bits.QUESTIONS`` with its answer.

    Args:
        fixtures: Those of the adapter.
        check: One of :func:`list_bit_checks`.

    Raises:
        Exception: Whatever the adapter raises at the batch itself.
    """
    subject = fixtures.subject(check)
    sample, larger = _make_samples(fixtures, check)
    _compile_as_users_do(subject, sample.batch)
    first = subject.answer(sample.batch, like=sample.want)
    for name, after, places in _rearrange(sample, larger):
        try:
            got = subject.answer(after.batch, like=after.want)
            answer = _compare(got, after, first, sample, places)
        except Exception as error:  # noqa: BLE001 - an adapter raises what it likes
            text = clean(f"{type(error).__name__}: {error}", NOTE)
            answer = BitsAnswer(kind="raises", note=text)
        yield name, answer


def _make_samples(fixtures: Fixtures, check: Check) -> tuple[Sample, Sample]:
    """Return a check's sample, and a larger one that begins with the same rows."""
    oracle = fixtures.oracle(check)
    both = []
    for turn, rows in ((0, ROWS), (2, OTHERS)):
        batch = generate(oracle, check.variant, seed=0, turn=turn, time=TIME, rows=rows)
        both.append(cast(_fill_mantissas(batch, turn), check.dtype))
    first, others = both
    larger = replace(
        first,
        arrays=_join(first.arrays, others.arrays),
        mask=np.concatenate([first.mask, others.mask]),
        beside=_join(first.beside, others.beside),
    )
    sample = fixtures.sample(check, first, turn=0)
    return sample, sample.replace_batch(larger)


def _join(one: Mapping[str, Array], other: Mapping[str, Array]) -> dict[str, Array]:
    return {name: np.concatenate([array, other[name]]) for name, array in one.items()}


def _fill_mantissas(batch: Batch, seed: int) -> Batch:
    """Return the batch with full mantissas at all that counts.

    The suite's own numbers have few digits, whose sums are exact in any order: nothing
    would ever round.
    """
    random = np.random.default_rng(seed)

    def scale(array: Array) -> Array:
        if array.dtype.kind != "f":
            return array
        valid = batch.mask.reshape(batch.mask.shape + (1,) * (array.ndim - 2))
        return np.where(valid, array * random.uniform(0.5, 1.0, array.shape), array)

    return replace(
        batch, arrays={name: scale(array) for name, array in batch.arrays.items()}
    )


def _rearrange(sample: Sample, larger: Sample) -> Iterator[tuple[str, Sample, Places]]:
    """Yield each question, its sample, and which rows of it are which rows before."""
    half = ROWS // 2
    rows = np.arange(ROWS)
    yield "twice", sample, (rows, rows)
    beside = np.concatenate([rows[:half], ROWS + np.arange(half)])
    some = larger.replace_batch(larger.batch.take(beside))
    yield "beside", some, (rows[:half], rows[:half])
    order = np.random.default_rng(5).permutation(ROWS)
    moved = sample.replace_batch(sample.batch.take(order))
    yield "order", moved, (rows, order)
    yield "larger", larger, (rows, rows)
    # A row that is neither the first nor full.
    row = int(np.argsort(sample.batch.counts, kind="stable")[half])
    alone = sample.replace_batch(sample.batch.take([row]))
    yield "alone", alone, (np.array([0]), np.array([row]))
    padded = sample.replace_batch(extend_padding(sample, MORE))
    yield "padding", padded, (rows, rows)


def _compare(
    got: Array, after: Sample, first: Array, before: Sample, places: Places
) -> BitsAnswer:
    """Return how far two answers are apart at all that counts."""
    there, here = places
    one, wanted = first[here], before.want[here]
    # What the specification leaves open, a padded query among them, counts nowhere.
    counted = find_judged(before.open_by, before.want.shape)[here]
    left = find_judged(after.open_by, after.want.shape)
    parts = [after.want[there], after.allowed[there], got[there], left[there]]
    if before.variant.result == "position":
        # As long as the row, or shorter, where windows or a stride make it so.
        counted = counted & before.valid[here]
        parts = [part[:, : one.shape[1]] for part in parts]
    other, allowed, two, judged = parts
    counted = counted & judged
    same = np.isclose(wanted, other, rtol=_RELATIVE, atol=0, equal_nan=True)
    if not same[counted].all():
        return BitsAnswer(kind="other")
    if np.ascontiguousarray(one[counted]).tobytes() == two[counted].tobytes():
        return BitsAnswer(kind="bits")
    bound = np.where(counted, before.allowed[here] + allowed, np.inf)
    verdict = compare(
        two,
        np.asarray(one, np.float64),
        bound,
        open_by=elsewhere(counted, one.shape),
    )
    if not verdict.passed:
        return BitsAnswer(kind="beyond")
    return BitsAnswer(kind="rounding", share=verdict.share)


def _compile_as_users_do(subject: Subject, batch: Batch) -> None:
    """Let a framework that spares itself work at unusual lengths not do so here."""
    with subject.framework.scope(subject.dtype):  # JAX makes a layer's float64 there
        call = subject.callable(batch)
    call = getattr(call, "func", call)  # a layer's has its parameters bound
    compile_fully = getattr(call, "compile_fully", None)
    if compile_fully is not None:
        compile_fully()
