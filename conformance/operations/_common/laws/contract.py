"""Laws about the call itself: dtype, inputs left alone, mask forms, memory layout."""

from __future__ import annotations

from time import monotonic, process_time
from typing import TYPE_CHECKING

import numpy as np

from conformance.errors import TwoAnswersError
from conformance.trial.bits import compare_bits
from conformance.trial.sample import judge
from conformance.trial.verdict import Verdict, fail, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

CORE = "float32"
REPEATS = 512
"""Calls at most that ask the same again in the core level's dtype: what errs in one
call of fifty passes 500 of them once in 24,000 times."""

FIRST, FURTHER = 0.05, 0.005
"""CPU seconds that an operation's first variant and each further one may take for that.
Variants share their code: 150 of them for 0.2 s each made the core level six times as
long on NumPy, where this adds a quarter."""

BUSY = 10
"""Times as long that may take by the clock: a busy machine asks as often as an idle
one, and an adapter that waits for a device does not keep it for 512 calls."""


def contract(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Dtype and shape of the answer, inputs as they were, the same bits twice."""
    batch, framework = sample.batch, subject.framework
    with framework.scope(subject.dtype):
        tensors = [framework.tensor(array) for array in batch.inputs.values()]
        tensors.append(subject.mask(batch))
        before = [framework.array(tensor) for tensor in tensors]
        result = subject.callable(batch)(*tensors)
        got = subject.check_result(result, sample.want.shape)
        after = [framework.array(tensor) for tensor in tensors]
        dtype = framework.dtype(result)
    message = wrong_dtype(subject, dtype)
    if message:
        yield fail(message, batch=batch, got=got)
    for name, old, new in zip([*batch.inputs, "mask"], before, after, strict=True):
        if old.tobytes() != new.tobytes():
            yield fail(f"{name} was written to", batch=batch, got=got)
    yield _ask_again(subject, sample, got)


def _ask_again(subject: Subject, sample: Sample, got: Array) -> Verdict:
    """Ask the same again: once, or often enough to meet what errs now and then.

    Raises:
        TwoAnswersError: An answer has other bits than the first.
    """
    primary = subject.route == subject.adapter.declaration.primary
    often = subject.dtype == CORE and primary and sample.turn == 0
    leading = subject.variant.name == subject.operation.variants[0].name
    varies = 0.0
    seconds = FIRST if leading else FURTHER
    end, latest = process_time() + seconds, monotonic() + BUSY * seconds
    for call in range(2, (REPEATS if often else 2) + 1):
        again = subject.answer(sample.batch, like=sample.want)
        if again.tobytes() != got.tobytes():
            promised = subject.framework.promises_bits()
            varies = max(
                varies, _need_same(got, again, sample, call, promised=promised)
            )
        # A slow adapter is asked less often: a right one gets the same verdict.
        if process_time() > end or monotonic() > latest:
            break
    return Verdict(passed=True, varies=varies)


def _need_same(
    got: Array, again: Array, sample: Sample, call: int, *, promised: bool
) -> float:
    """Return how far two answers are apart, as a share of their bounds.

    Raises:
        TwoAnswersError: They are, and need not be.
    """
    first = np.asarray(got, dtype=np.float64)
    verdict = compare_bits(again, first, sample, sample, promised=promised)
    if verdict.passed:  # NaN of other bits, or a zero of the other sign
        return verdict.varies
    at = verdict.worst
    where = f"out[{', '.join(map(str, at))}]" if at else "out"
    msg = (
        f"two answers to one question: {where} = {number(float(first[at]))}, "
        f"then {number(float(np.asarray(again)[at]))} (the same call again, "
        f"call {call})"
    )
    raise TwoAnswersError(msg, first, np.asarray(again, dtype=np.float64))


def mask_form(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Every declared form of the mask means the same."""
    for form in subject.mask_forms:
        if form not in {"none", subject.adapter.declaration.usual_form}:
            yield subject.agrees(sample, form=form, note=f"with the mask as {form}")


def layout(subject: Subject, sample: Sample) -> Iterator[Verdict]:
    """Views that lie differently in memory; expanded ones need equal rows."""
    yield subject.agrees(sample, note="contiguous")
    alike = sample.rows(np.zeros(sample.batch.rows, dtype=np.int64))
    for each in (sample, alike):
        batch, framework = each.batch, subject.framework
        views = [framework.layouts(array) for array in batch.inputs.values()]
        masks = framework.layouts(subject.formed(batch))
        for kind in masks:
            # Lengths have one axis: nothing of theirs can be transposed.
            tensors = [view[kind] for view in views if kind in view]
            if len(tensors) < len(views):
                continue
            result = subject.callable(batch)(*tensors, masks[kind])
            got = subject.check_result(result, each.want.shape)
            note = f"as {kind} views"
            yield judge(got, each, note=note)
            for name, tensor in zip(batch.inputs, tensors, strict=True):
                seen, old = framework.array(tensor), batch.inputs[name]
                if not np.array_equal(seen, old, equal_nan=seen.dtype.kind == "f"):
                    yield fail(f"{name} was written to {note}", batch=batch, got=got)


def wrong_dtype(subject: Subject, dtype: str) -> str:
    """Return what is wrong with the dtype of an answer, or nothing."""
    right, wanted = {
        "input": (dtype == subject.dtype, f"{subject.dtype} like the input"),
        "integer": (dtype.startswith(("int", "uint")), "an integer dtype"),
        "boolean": (dtype == "bool", "bool"),
    }[subject.operation.answer]
    return "" if right else f"the answer is {dtype}, expected {wanted}"
