"""What attention gives at padding, to rows without keys, and how near is near."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.check.mutants import correct
from conformance.operations import load_operations, load_oracle
from conformance.operations._common.laws.numerics import large_values
from conformance.strategies import variant_named
from conformance.trial.batch import Batch
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.trial.batch import Array

VALID = np.array([[True, True, False]])
LEFT = np.array([[False, True, True]])
NONE = np.array([[False, False, False]])


def numbers(*row: float) -> Array:
    return np.asarray(row, np.float64).reshape(1, -1, 1, 1)


def batch(mask: Array, value: Sequence[float] = (2.0, 4.0, 9.0)) -> Batch:
    """Queries of zeros weigh all keys alike: answers are means."""
    zeros = numbers(0, 0, 0)
    return Batch(
        arrays={"query": zeros, "key": zeros, "value": numbers(*value)}, mask=mask
    )


def sample(
    given: Batch,
    padding: str | None,
    *,
    empty: str | None = "zero",
    variant: str = "full",
    dtype: str = "float64",
) -> Sample:
    return Sample(
        oracle=load_oracle("attention"),
        variant=variant_named(f"attention.{variant}"),
        dtype=dtype,
        batch=cast(given, dtype),
        empty=empty,
        padding=padding,
    )


def left_open(one: Sample) -> dict[str, list[bool]]:
    return {name: own[0, :, 0, 0].tolist() for name, own in one.open_by.items()}


def wanted(one: Sample) -> list[float]:
    return [float(x) for x in one.want[0, :, 0, 0]]


@pytest.mark.parametrize(
    ("padding", "empty", "stands"),
    [
        ("zero", "nan", 0.0),
        ("attend", "nan", 3.0),
        ("empty-row", "zero", 0.0),
        ("empty-row", "uniform", 5.0),
        ("kept", "nan", 0.0),
    ],
)
def test_a_padded_query_gets_what_is_declared(
    padding: str, empty: str, stands: float
) -> None:
    one = sample(batch(VALID), padding, empty=empty)

    assert wanted(one) == [3.0, 3.0, stands]
    assert np.isfinite(one.allowed).all()


def test_a_padded_query_is_not_judged_where_nothing_is_declared() -> None:
    one = sample(batch(VALID), None)

    assert left_open(one) == {"undeclared-padding": [False, False, True]}


def test_a_padded_query_that_is_not_finite_may_get_anything() -> None:
    given = batch(VALID)
    arrays = {**given.arrays, "query": numbers(0, 0, np.nan)}
    one = sample(replace(given, arrays=arrays), "attend")

    assert left_open(one) == {"strange-padding": [False, False, True]}


@pytest.mark.parametrize(("empty", "want"), [("zero", 0.0), ("uniform", 5.0)])
def test_a_padded_query_before_all_keys_is_like_one_of_an_empty_row(
    empty: str, want: float
) -> None:
    one = sample(batch(LEFT), "attend", empty=empty, variant="causal")

    assert wanted(one) == [want, 4.0, 6.5]


def test_a_causal_query_is_a_mean_of_what_stood_up_to_it() -> None:
    every = np.ones((1, 3), bool)

    assert wanted(sample(batch(every), "zero", variant="causal")) == [2.0, 3.0, 5.0]


@pytest.mark.parametrize("padding", ["zero", "attend", "empty-row", None])
def test_a_row_without_keys_gives_what_is_declared_for_it(padding: str | None) -> None:
    one = sample(batch(NONE), padding, empty="uniform")

    assert wanted(one) == [5.0, 5.0, 5.0]
    assert (one.allowed < 1e-12).all()


def test_a_mean_of_everything_is_not_asked_for_where_padding_is_not_finite() -> None:
    one = sample(batch(NONE, (1, np.nan, 2)), "zero", empty="uniform")

    assert left_open(one) == {"strange-padding": [True, True, True]}


def test_other_padding_is_another_answer_only_where_it_shows() -> None:
    other = batch(VALID, (2.0, 4.0, 90.0))

    assert wanted(sample(batch(VALID), "zero").replace_padding(other)) == [
        3.0,
        3.0,
        0.0,
    ]
    shown = sample(batch(VALID), "empty-row", empty="uniform").replace_padding(other)
    assert wanted(shown) == [3.0, 3.0, 32.0]


def test_scores_that_the_dtype_cannot_hold_are_not_asked_for() -> None:
    given = batch(VALID)
    huge = {**given.arrays, "query": numbers(300, 1, 0), "key": numbers(300, 1, 0)}
    one = sample(replace(given, arrays=huge), "zero", dtype="float16")

    assert left_open(one) == {"overflow": [True, False, False]}


def test_one_key_leaves_nothing_to_err_in() -> None:
    one = sample(batch(np.array([[True, False, False]])), "zero", dtype="float32")

    assert one.allowed[0, 0, 0, 0] <= 8 * 2.0**-24 * 2.0


@pytest.mark.parametrize("variant", ["full", "causal"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float32", "float64"])
def test_huge_scores_are_still_judged_in_most_places(variant: str, dtype: str) -> None:
    oracle, found = load_oracle("attention"), variant_named(f"attention.{variant}")
    one = sample(
        generate(oracle, found, seed=0, turn=0), "zero", variant=variant, dtype=dtype
    )
    seen: list[tuple[Array, Array]] = []

    class Watching(Subject):
        def agrees(self, sample: Sample, **how: Any) -> Any:
            seen.append((sample.allowed, sample.valid))
            return super().agrees(sample, **how)

    under = Watching(
        correct("attention"),
        load_framework("numpy"),
        load_operations()["attention"],
        found,
        dtype=dtype,
        route="eager",
    )

    assert all(verdict.passed for verdict in large_values(under, one))
    assert len(seen) == 2
    for allowed, valid in seen:
        # Values are of the order of ten: a wider bound would say nothing.
        assert (allowed[valid] < 1).mean() > 0.5


@pytest.mark.parametrize(("variant", "causal"), [("full", False), ("causal", True)])
def test_adapters_are_given_true_or_false(variant: str, *, causal: bool) -> None:
    found = variant_named(f"attention.{variant}")

    assert found.arguments == {"causal": causal}
    assert found.options == {"causal": variant}
