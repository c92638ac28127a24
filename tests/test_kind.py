"""The kind of a difference, a check's topic and its cause: what the page is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.check.kind import find_kind
from conformance.operations import load_operations
from conformance.records import SORTS
from conformance.specification.laws import LAWS
from conformance.specification.plan import clauses
from conformance.specification.selection import Check, Selection
from conformance.specification.topics import BY_NAME, TOPICS, find_topic
from conformance.strategies import variant_named
from conformance.trial.attempt import Finding
from conformance.trial.batch import Batch
from conformance.trial.verdict import Verdict, compare, fail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.run.session import Session

    Opened = Callable[..., Session]

FIRST = TOPICS[0].name
NAN, INF = float("nan"), float("inf")
WANT = [[1.0, 2.0, 0.0], [4.0, 0.0, 0.0]]
MASK = [[True, True, False], [True, False, False]]
DIVIDES = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    total = np.where(wide, x, 0).sum(axis=1)
    return (total / x.shape[1]).astype(x.dtype)
"""


def check(variant: str, item: str = "value", dtype: str = "float32") -> Check:
    found = variant_named(variant)
    return Check(
        operation=found.operation,
        variant=found,
        item=item,
        case=False,
        clause=f"{found.operation}.{item}",
        level="core",
        dtype=dtype,
        route="eager",
    )


def judged(got: Any, want: Any = WANT, bound: float = 1e-6) -> Verdict:
    mask = np.asarray(MASK)
    batch = Batch(arrays={"x": mask.astype(np.float32)}, mask=mask)
    exact = np.asarray(want)
    return compare(np.asarray(got), exact, np.full(exact.shape, bound), batch=batch)


def kind(verdict: Verdict, variant: str = "masked_softmax", **more: Any) -> str:
    return find_kind(Finding(verdict=verdict), check(variant, **more))


@pytest.mark.parametrize(
    ("got", "want"),
    [
        ([[1.0, 2.5, 0.0], [4.0, 0.0, 0.0]], "wrong"),
        ([[1.0, NAN, 0.0], [4.0, 0.0, 0.0]], "nan"),
        ([[1.0, INF, 0.0], [-INF, 0.0, 0.0]], "nan"),
        ([[1.5, NAN, 0.0], [4.0, 0.0, 0.0]], "wrong"),
        ([[1.0, 2.0, 0.7], [4.0, 0.0, 0.0]], "padding"),
        ([[1.0, 2.0, NAN], [4.0, 0.0, 0.0]], "padding"),
        ([[1.001, 2.001, 0.0], [4.0, 0.0, 0.0]], "digits"),
        ([[1.001, 2.001, 0.7], [4.0, 0.0, 0.0]], "wrong"),
    ],
)
def test_a_kind_is_that_of_the_worst_element(got: Any, want: str) -> None:
    assert kind(judged(got)) == want


def test_a_gradient_at_padding_is_wrong_and_not_only_at_padding() -> None:
    verdict = judged([[1.0, 2.0, 0.7], [4.0, 0.0, 0.0]])
    assert kind(verdict, item="gradient") == "wrong"


def test_a_gradient_loses_digits_by_the_measure_of_its_largest_element() -> None:
    verdict = judged([[1000.0, 2.0001, 0.0]] * 2, [[1000.0, 2.0, 0.0]] * 2, 1e-12)
    assert kind(verdict, item="gradient", dtype="float64") == "digits"
    assert kind(verdict, dtype="float64") == "wrong"


def test_an_answer_without_a_time_axis_is_never_wrong_only_at_padding() -> None:
    verdict = judged([[1.0, 2.0, 0.7], [4.0, 0.0, 0.0]])
    assert kind(verdict, "masked_mean") == "wrong"


def test_a_number_in_place_of_nan_is_wrong() -> None:
    assert kind(judged([[1.0, 2.0, 0.0]] * 2, [[NAN, 2.0, 0.0]] * 2)) == "wrong"


@pytest.mark.parametrize(
    ("dtype", "off", "want"),
    [
        ("float64", 1e-7, "digits"),
        ("float64", 1e-4, "wrong"),
        ("float32", 1e-4, "digits"),
        ("float32", 1e-2, "wrong"),
        ("float16", 1e-2, "digits"),
        ("bfloat16", 0.1, "digits"),
    ],
)
def test_digits_are_lost_by_the_measure_of_the_dtype(
    dtype: str, off: float, want: str
) -> None:
    got = np.asarray(WANT) * (1 + off)
    assert kind(judged(got, bound=1e-9), dtype=dtype) == want


@pytest.mark.parametrize(
    ("message", "want"),
    [
        ("made.py: masked_mean returned shape (2,), expected (2, 3)", "shape"),
        ("made.py: masked_mean returned NoneType, expected a torch tensor", "shape"),
        ("the answer is float32, expected float16 like the input", "shape"),
        ("x was written to", "wrong"),
    ],
)
def test_what_was_not_compared_is_told_by_its_message(message: str, want: str) -> None:
    batch = Batch(arrays={"x": np.ones((1, 1))}, mask=np.ones((1, 1), bool))
    assert kind(fail(message, batch=batch)) == want


def test_an_exception_raises() -> None:
    finding = Finding(verdict=Verdict(passed=False, message="x"), errored=True)
    assert find_kind(finding, check("masked_mean")) == "raises"


def test_every_law_has_a_topic_and_every_topic_a_clause() -> None:
    every = {
        find_topic(clause.id, "float32", "eager")
        for operation in load_operations().values()
        for clause in clauses(operation)
    }
    assert every == {topic.name for topic in TOPICS} - {"low-precision", "other"}
    named = {law.name for law in LAWS} - {"value", "padding-content"}
    usual = {name for name in named if find_topic(name, "float32", "eager") == FIRST}
    assert usual == set()


@pytest.mark.parametrize(
    ("dtype", "route", "primary", "want"),
    [
        ("float32", "eager", "eager", "gaps"),
        ("float16", "eager", "eager", "low-precision"),
        ("float32", "compiled", "eager", "compiled"),
        ("float32", "compiled", "compiled", "gaps"),
        ("float32", "compiled", "", "gaps"),
        ("float32", "eager", "compiled", "gaps"),
    ],
)
def test_a_topic_is_that_of_dtype_and_route_first(
    dtype: str, route: str, primary: str, want: str
) -> None:
    assert find_topic("masked_mean.gaps", dtype, route, primary) == want


def test_a_run_writes_kind_topic_clause_and_cause(opened: Opened) -> None:
    session = opened(DIVIDES, Selection(level="core", operations=("masked_mean",)))
    found = {each.check: each for each in map(session.run, session.planned)}

    wrong = found["masked_mean/value:float32:eager"]
    assert (wrong.kind, wrong.topic) == ("wrong", "padding-content")
    assert wrong.cause.startswith("masked_mean.divides-by")
    passed = [each for each in found.values() if each.outcome == "passed"]
    assert passed
    assert all(each.clause.startswith("masked_mean.") for each in passed)
    assert {each.topic for each in found.values()} <= set(BY_NAME)
    assert {each.kind for each in found.values()} <= {*SORTS, ""}


def test_a_known_difference_gives_its_finding_and_its_cause(
    opened: Opened, written: Callable[[str], Path]
) -> None:
    entry = (
        '[[known]]\nchecks = ["masked_mean/value:*"]\nkind = "failed"\n'
        'reason = "divides by T"\nfinding = "The mean counts padding"\n'
    )
    one = Selection(checks=("masked_mean/value:float32:*",))
    written(DIVIDES).with_suffix(".toml").write_text(entry, encoding="utf-8")
    session = opened(DIVIDES, one)
    (found,) = map(session.run, session.planned)

    assert found.known is not None
    assert found.known.finding == "The mean counts padding"
    assert found.cause == "masked_mean.the-mean-counts-padding"
    assert found.kind == "wrong"
