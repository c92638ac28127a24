"""Each law passes for right code and fails for wrong code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest

from conformance.adapters.load import load_adapter
from conformance.operations import load_operations
from conformance.specification.plan import laws_of
from conformance.trial.attempt import attempt

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.trial.attempt import Finding
    from conformance.trial.sample import Sample
    from conformance.trial.subject import Subject

    Function = Callable[..., Any]
    Make = Callable[..., Subject]
    Judged = Callable[..., Finding]

Array: TypeAlias = Any  # what NumPy's arithmetic gives on arrays of any dtype
REFERENCE = load_adapter("numpy_reference").functions
PLAIN = [
    (variant.name, law.name)
    for operation in load_operations().values()
    for variant in operation.variants
    for law in laws_of(operation, variant)
    if law.needs not in {"gradient", "compiled", "jvp"}
]


def right(x: Array, mask: Array | None) -> Array:
    answer: Array = REFERENCE["masked_mean"](x, mask)
    return answer


def wide(mask: Array, x: Array) -> Array:
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))


def valid(mask: Array | None, x: Array) -> Array:
    here = np.ones(x.shape[:2], bool) if mask is None else mask.astype(bool)
    return wide(here, x)


def by_time(x: Array, mask: Array | None) -> Array:
    total = np.where(valid(mask, x), x, 0).sum(axis=1)
    return np.asarray(total / x.dtype.type(x.shape[1]))


def multiplied(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    total = (x.astype(np.float64) * here).sum(axis=1)
    return (total / np.maximum(here.sum(axis=1), 1)).astype(x.dtype)


def by_lengths(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    counts = here.sum(axis=1, keepdims=True)
    place = wide(np.arange(x.shape[1])[None], x)
    return right(x, np.broadcast_to(place < counts, here.shape).reshape(here.shape[:2]))


def longest(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    total = np.where(here, x, 0).sum(axis=1)
    return (total / max(int(here.sum(axis=1).max()), 1)).astype(x.dtype)


def first_mask(x: Array, mask: Array | None) -> Array:
    turned = None if mask is None else np.broadcast_to(mask[:1], mask.shape)
    return right(x, turned)


def one_padded(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    if here.all():
        here = here & (wide(np.arange(x.shape[1])[None], x) < x.shape[1] - 1)
    return right(x, here.reshape(here.shape[:2]))


def as_float(x: Array, mask: Array | None) -> Array:
    if mask is not None and mask.dtype != bool:
        mask = mask > 1
    return right(x, mask)


def double(x: Array, mask: Array | None) -> Array:
    return right(x.astype(np.float64), mask)


def in_place(x: Array, mask: Array | None) -> Array:
    np.putmask(x, np.broadcast_to(~valid(mask, x), x.shape), 0)
    return right(x, mask)


def from_memory(x: Array, mask: Array | None) -> Array:
    base = x if x.base is None or x.base.size != x.size else x.base.reshape(x.shape)
    return right(base, mask)


def ignoring_nan(x: Array, mask: Array | None) -> Array:
    return right(np.where(np.isnan(x), 0, x), mask)


def squeezed(x: Array, mask: Array | None) -> Array:
    return right(x, mask).squeeze()


def clipped(x: Array, mask: Array | None) -> Array:
    return right(np.maximum(x, np.asarray(-1e9, x.dtype)), mask)


def small_count(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    counts = here.sum(axis=1, dtype=np.int8)
    total = np.where(here, x, 0).sum(axis=1, dtype=np.float64)
    return (total / np.where(counts == 0, 1, counts)).astype(x.dtype)


def nan_when_empty(x: Array, mask: Array | None) -> Array:
    here = valid(mask, x)
    spoilt = here.any(axis=1).all()
    return right(x, mask) * x.dtype.type(1 if spoilt else np.nan)


def never_without_rows(x: Array, mask: Array | None) -> Array:
    answer = right(x, mask)
    return answer if len(x) else np.ones((1, *x.shape[2:]), x.dtype)


def flushed(x: Array, mask: Array | None) -> Array:
    return right(np.where(np.abs(x) < np.finfo(x.dtype).tiny, 0, x), mask)


WRONG: dict[str, Function] = {
    "value": by_time,
    "padding-content": lambda x, mask: right(x, None if mask is None else mask | True),
    "extra-padding": by_time,
    "batch-composition": longest,
    "batch-order": first_mask,
    "full-mask": one_padded,
    "mask-form": as_float,
    "contract": double,
    "layout": from_memory,
    "wild-padding": multiplied,
    "valid-nan": ignoring_nan,
    "left-padding": by_lengths,
    "gaps": by_lengths,
    "empty-row": nan_when_empty,
    "length-one": squeezed,
    "large-values": clipped,
    "long-rows": small_count,
    "zero-time": nan_when_empty,
    "zero-batch": never_without_rows,
    "subnormals": flushed,
    "between": by_time,
    "shift": by_time,
}


@pytest.mark.parametrize(("variant", "law"), PLAIN)
def test_a_law_holds_for_the_reference(
    subject: Make, judged: Judged, variant: str, law: str
) -> None:
    operation = load_operations()[variant.partition(".")[0]]
    under = subject(REFERENCE[operation.function], variant=variant)
    found = judged(under, law)

    assert found.verdict.message == ""
    assert found.passed
    assert found.judged > 0


@pytest.mark.parametrize("law", WRONG)
def test_a_law_fails_for_wrong_code(subject: Make, judged: Judged, law: str) -> None:
    found = judged(subject(WRONG[law]), law)

    assert not found.passed
    assert not found.errored
    assert found.verdict.batch is not None
    assert found.verdict.message != ""


def test_every_law_of_the_mean_has_wrong_code_here() -> None:
    operation = load_operations()["masked_mean"]
    laws = {law.name for law in laws_of(operation)}
    assert laws - WRONG.keys() == {
        "gradient",
        "wild-gradient",
        "forward-gradient",
        "route",
    }


@pytest.mark.parametrize("law", ["value", "batch-order", "full-mask", "between"])
def test_a_law_that_asks_for_something_else_lets_that_mistake_pass(
    subject: Make, judged: Judged, law: str
) -> None:
    assert judged(subject(multiplied), law).passed


def test_another_dtype_is_said_by_name(subject: Make, judged: Judged) -> None:
    said = judged(subject(double), "contract").verdict.message
    assert said == "the answer is float64, expected float32 like the input"


def test_an_input_that_was_written_to_is_named(subject: Make, judged: Judged) -> None:
    assert judged(subject(in_place), "contract").verdict.message == "x was written to"


def test_a_declared_error_must_be_raised(
    subject: Make, sample: Callable[..., Sample], judged: Judged
) -> None:
    def refuses(x: Array, mask: Array | None) -> Array:
        if mask is not None and not mask.any(axis=1).all():
            raise ValueError
        return right(x, mask)

    def given(under: Subject) -> Sample:
        return replace(sample(under), empty="error")

    polite, silent = subject(refuses), subject(right)

    assert judged(polite, "empty-row", given(polite)).passed
    said = judged(silent, "empty-row", given(silent)).verdict.message
    assert said == "an empty row is declared to raise an error, but gave an answer"


def test_a_law_that_judges_nothing_is_an_error(
    subject: Make, sample: Callable[..., Sample]
) -> None:
    under = subject(right)
    found = attempt(lambda _subject, _sample: iter(()), under, sample(under))
    assert found.errored
    assert found.verdict.message.startswith("the law judged nothing")
