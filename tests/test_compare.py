"""Verdicts: what is inside its bound, which element is worst, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import UnboundedError
from conformance.trial.batch import Batch
from conformance.trial.verdict import compare, compare_exactly, fail, number

if TYPE_CHECKING:
    from conformance.trial.exact import Clauses
    from conformance.trial.verdict import Verdict

BATCH = Batch(arrays={"x": np.ones((1, 2))}, mask=np.ones((1, 2), bool))
SPECIAL = st.floats(width=32)


def judge(
    got: list[float],
    want: list[float],
    allowed: list[float],
    open_by: Clauses | None = None,
) -> Verdict:
    arrays = map(np.array, (got, want, allowed))
    return compare(*arrays, batch=BATCH, open_by=open_by)


@given(st.lists(SPECIAL, max_size=6))
def test_an_answer_is_as_good_as_itself(values: list[float]) -> None:
    found = judge(values, values, [0.0] * len(values))
    assert (found.passed, found.share, found.message) == (True, 0.0, "")


@given(SPECIAL, SPECIAL)
def test_without_a_bound_only_equal_numbers_pass(got: float, want: float) -> None:
    same = got == want or (np.isnan(got) and np.isnan(want))
    assert judge([got], [want], [0.0]).passed is bool(same)


@given(SPECIAL, SPECIAL)
def test_where_nothing_is_asked_everything_passes(got: float, want: float) -> None:
    found = judge([got], [want], [np.inf], open_by={"overflow": np.array([True])})
    assert (found.passed, found.share) == (True, 0.0)
    assert found.judged is not None
    assert not found.judged.any()


@pytest.mark.parametrize("bound", [np.inf, np.nan])
def test_a_bound_that_is_no_number_needs_a_clause(bound: float) -> None:
    with pytest.raises(UnboundedError, match=r"out\[1\] is judged, expected 2"):
        judge([1.0, 2.0], [1.0, 2.0], [0.0, bound])


@pytest.mark.parametrize("bound", [1e-6, 1e300, np.nan, np.inf])
@pytest.mark.parametrize("want", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("got", [7.0, 0.0, np.nan, np.inf, -np.inf, 1.8e308])
def test_a_wanted_special_number_is_judged_whatever_its_bound_says(
    got: float, want: float, bound: float
) -> None:
    same = got == want or (np.isnan(got) and np.isnan(want))
    assert judge([got], [want], [bound]).passed is bool(same)


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1e3), st.floats(0, 4))
def test_the_share_is_the_error_over_the_bound(
    want: float, allowed: float, share: float
) -> None:
    got = want + share * allowed
    found = judge([got], [want], [allowed])
    assert found.share == abs(got - want) / allowed
    assert found.passed is (abs(got - want) <= allowed)


@pytest.mark.parametrize(
    ("got", "want"),
    [(np.nan, 1.0), (1.0, np.nan), (np.inf, 1.0), (np.inf, -np.inf), (1.0, np.inf)],
)
def test_special_numbers_are_outside_every_finite_bound(
    got: float, want: float
) -> None:
    found = judge([got], [want], [1e300])
    assert (found.passed, found.share) == (False, np.inf)


def test_minus_zero_is_zero() -> None:
    assert judge([-0.0], [0.0], [0.0]).passed


def test_the_worst_element_is_named_with_its_bound() -> None:
    found = judge([1.0, 2.5, 9.0], [1.0, 2.0, 3.0], [0.1, 0.1, 0.1])
    assert found.worst == (2,)
    assert found.mismatched == 2
    assert found.message == (
        "out[2] = 9, expected 3 within 0.1; 2 of 3 elements are outside their bound"
    )


def test_a_nan_is_worse_than_any_number() -> None:
    assert judge([1e30, np.nan], [0.0, 0.0], [0.1, 0.1]).worst == (1,)


def test_what_is_allowed_anything_is_never_the_worst() -> None:
    open_by = {"undeclared-padding": np.array([True, False])}
    found = judge([1e30, 2.0], [0.0, 1.0], [0.0, 0.5], open_by)
    assert (found.worst, found.mismatched) == ((1,), 1)
    assert found.message == (
        "out[1] = 2, expected 1 within 0.5; 1 of 1 elements are outside their bound, "
        "1 left open (undeclared-padding)"
    )


def test_a_scalar_has_no_index_and_no_count() -> None:
    found = compare(np.asarray(2.0), np.asarray(1.0), np.asarray(0.0), label="sum")
    assert found.message == "sum = 2, expected 1"
    assert found.worst == ()


def test_what_was_done_is_said_at_the_end() -> None:
    found = compare_exactly(
        np.ones(1), np.zeros(1), batch=BATCH, note="the same call again"
    )
    assert found.message == "out[0] = 1, expected 0 (the same call again)"
    assert found.batch is BATCH


def test_an_answer_of_no_elements_passes() -> None:
    assert judge([], [], []).passed


def test_a_failure_without_elements_keeps_its_answer() -> None:
    found = fail("x was written to", batch=BATCH, got=np.ones(2, np.float32))
    assert (found.passed, found.share, found.mismatched) == (False, np.inf, 0)
    assert found.got is not None
    assert found.got.dtype == np.float64


def test_numbers_are_short() -> None:
    assert [number(each) for each in (1e10, 0.1, -0.0, 1 / 3)] == [
        "1e+10",
        "0.1",
        "-0",
        "0.333333333",
    ]
