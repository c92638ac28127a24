"""The census: every wanted element is judged, or left open by a clause with a name."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.adapters.load import load_adapter
from conformance.check.case import case_law, read_batch
from conformance.check.fixtures import Fixtures
from conformance.check.runner import Runner
from conformance.commands.pages.census import (
    DERIVATIVES,
    Census,
    census_lines,
    take_census,
)
from conformance.operations import load_operations
from conformance.run import catalogue
from conformance.specification.plan import plan
from conformance.specification.selection import Selection
from conformance.trial.attempt import attempt
from conformance.trial.exact import find_judged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.specification import Law
    from conformance.trial.adapter import Adapter

REFERENCE = load_adapter("numpy_reference")
CASES = catalogue.cases()
WITH_NAN = [
    case.id
    for group in CASES.values()
    for case in group
    if "nan" in str(case.want) or "inf" in str(case.want)
]


class Told:
    """Answers what it is told, whatever it is asked."""

    def __init__(self, answer: Any) -> None:
        self.told = answer
        self.given = None

    def answer(self, _batch: object, **_how: object) -> Any:
        return self.told


def spoilt(change: Any, adapter: Adapter = REFERENCE) -> Adapter:
    """Return an adapter whose answers are changed."""

    def wrong(function: Any) -> Any:
        def changed(*given: Any, **options: Any) -> Any:
            answer = function(*given, **options)
            return wrong(answer) if callable(answer) else change(answer)

        return changed

    functions = {name: wrong(each) for name, each in adapter.functions.items()}
    return replace(adapter, functions=functions)


def outcomes(adapter: Adapter, *globs: str, level: Any = "robust") -> Mapping[str, str]:
    selection = Selection(level=level, dtypes=("float32",), checks=globs)
    runner = Runner(adapter, CASES, examples=8)
    planned = plan(adapter.declaration, load_operations(), CASES, selection)
    return {
        check.id: runner.run(check, shrinks=False).outcome
        for check in planned
        if not check.unsupported
    }


def nested_laws() -> tuple[Law, ...]:
    return load_operations()["nested"].laws


@pytest.mark.parametrize("operation", load_operations())
def test_every_element_is_judged_or_left_open_by_name(operation: str) -> None:
    found = take_census(REFERENCE, operations=(operation,), dtypes=("float32",))
    one = found[operation]
    assert (one.blind, one.idle, one.nameless) == ((), (), ())
    assert one.judged > 0.8 * one.elements
    assert one.spoilt > one.judged


@pytest.mark.filterwarnings("ignore:`torch.jit.script`:DeprecationWarning")
def test_the_gradients_of_every_operation_are_judged_or_left_open_by_name() -> None:
    torch = pytest.importorskip("torch")
    assert torch
    found = take_census(
        load_adapter("torch_reference"), items=DERIVATIVES, dtypes=("float64",)
    )
    together = sum(found.values(), Census())
    assert together.sound
    assert together.judged > 0.3 * together.elements


def test_the_census_is_a_table_with_a_column_for_each_clause() -> None:
    found = take_census(REFERENCE, operations=("masked_max",), dtypes=("float32",))
    table = list(census_lines(found))
    assert table[0].startswith("| operation | checks | elements | judged |")
    assert "in-its-range" in table[0]
    assert table[-1].endswith("0 of them passed.")


def test_every_case_fails_an_answer_with_one_wrong_element() -> None:
    fixtures = Fixtures(REFERENCE, 0)
    selection = Selection(level="extended", dtypes=("float32",))
    cases = {case.id: case for group in CASES.values() for case in group}
    planned = plan(REFERENCE.declaration, load_operations(), CASES, selection)
    unseen = []
    for check in planned:
        if not check.case or check.unsupported:
            continue
        case = cases[f"{check.variant.name}/{check.item}"]
        sample = fixtures.sample(check, read_batch(case), turn=0)
        exact = sample.exact
        seen = 0
        for at in np.argwhere(find_judged(exact.open_by, exact.want.shape)):
            told = exact.want.copy()
            told[tuple(at)] = 123.0 if np.isnan(told[tuple(at)]) else np.nan
            subject: Any = Told(told)
            finding = attempt(case_law(case), subject, sample)
            seen += 1
            if finding.passed:
                unseen.append(f"{check.id} at {at.tolist()}")
        if not seen:
            unseen.append(f"{check.id} judges nothing")
    assert unseen == []


def test_an_answer_of_123_for_nan_fails_every_case_that_wants_nan() -> None:
    adapter = spoilt(
        lambda answer: np.where(np.isnan(answer), 123, answer).astype(answer.dtype)
    )
    asked = {
        case.id for group in CASES.values() for case in group if "nan" in str(case.want)
    }
    found = outcomes(adapter, *(f"{case}:*" for case in asked))
    assert len(found) == len(asked) >= 14
    assert {check for check, outcome in found.items() if outcome == "passed"} == set()


@pytest.mark.parametrize("number", [99.0, np.nan, 3.4e38])
def test_a_wanted_infinity_is_met_by_nothing_else(number: float) -> None:
    adapter = spoilt(
        lambda answer: np.where(np.isinf(answer), number, answer).astype(answer.dtype)
    )
    asked = [
        case.id
        for group in CASES.values()
        for case in group
        if "inf" in str(case.want).replace("'nan'", "")
    ]
    found = outcomes(adapter, *(f"{case}:*" for case in asked))
    assert len(found) == len(asked) >= 4
    assert {check for check, outcome in found.items() if outcome == "passed"} == set()


def test_an_answer_of_nan_passes_no_law() -> None:
    def nan(answer: Any) -> Any:
        if answer.dtype.kind != "f":
            return ~answer if answer.dtype.kind == "b" else answer + 1
        return np.full_like(answer, np.nan)

    found = outcomes(spoilt(nan), level="core")
    whole = ("crf_decode", "mask_from")  # whole numbers and truth values have no NaN
    passed = {
        check
        for check, outcome in found.items()
        if outcome == "passed" and not check.startswith(whole)
    }
    # What a call, or training, does beside answering is another question.
    laws = {check.partition("/")[2].partition(":")[0] for check in passed}
    assert laws <= {"contract", *(law.name for law in nested_laws())}
