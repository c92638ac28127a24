"""Samples: exact answers once, what is declared for empty rows, and what follows."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conformance.operations import load_oracle
from conformance.strategies import variant_named
from conformance.trial.batch import Batch
from conformance.trial.sample import Sample, cast, generate

MEAN = variant_named("masked_mean")
EMPTY = np.array([[True, False], [False, False]])


def sample(variant: str, *, dtype: str = "float32", **more: Any) -> Sample:
    found = variant_named(variant)
    oracle = load_oracle(found.operation)
    batch = cast(generate(oracle, found, seed=1, turn=0), dtype)
    return Sample(oracle=oracle, variant=found, dtype=dtype, batch=batch, **more)


def emptied(variant: str, empty: str | None) -> Sample:
    found = variant_named(variant)
    arrays = {"x": np.array([[2.0, 9.0], [3.0, 4.0]])}
    if found.operation == "masked_loss":
        arrays = {"predictions": np.ones((2, 2, 1)), "targets": np.zeros((2, 2, 1))}
    return Sample(
        oracle=load_oracle(found.operation),
        variant=found,
        dtype="float32",
        batch=Batch(arrays=arrays, mask=EMPTY),
        empty=empty,
    )


def test_the_exact_answer_is_computed_once() -> None:
    asked: list[str] = []

    def answer(_options: object, batch: Batch) -> Any:
        asked.append("answer")
        return np.zeros(batch.rows)

    oracle = SimpleNamespace(answer=answer, bound=lambda _o, b, _d: np.ones(b.rows))
    one = replace(sample("masked_mean"), oracle=oracle, _answers={})

    assert one.want is one.replace_padding(one.batch).want
    assert one.allowed is one.allowed
    assert asked == ["answer"]
    assert one.replace_batch(one.batch).want is not one.want


@pytest.mark.parametrize(
    ("declared", "want"),
    [("nan", np.nan), ("zero", 0.0), ("negative-infinity", -np.inf)],
)
def test_an_empty_row_gives_what_is_declared_exactly(
    declared: str, want: float
) -> None:
    one = emptied("masked_mean", declared)
    assert np.array_equal(one.want, [2.0, want], equal_nan=True)
    assert one.allowed[1] == 0.0


def test_uniform_probabilities_are_those_of_the_padded_length() -> None:
    one = emptied("masked_softmax", "uniform")
    assert one.want.tolist() == [[1, 0], [0.5, 0.5]]
    assert 0 < one.allowed[1, 0] < 0.01


@pytest.mark.parametrize("declared", [None, "skip", "error"])
def test_what_is_not_declared_is_not_judged(declared: str | None) -> None:
    clause = "empty-row-raises" if declared else "undeclared-empty-row"
    open_by = emptied("masked_mean", declared).open_by
    assert {name: own.tolist() for name, own in open_by.items()} == {
        clause: [False, True]
    }


def test_what_the_specification_fixes_cannot_be_declared() -> None:
    assert emptied("masked_loss.mse.none", "nan").want.tolist() == [[1, 0], [0, 0]]


def test_a_scalar_is_declared_for_a_batch_without_any_position_only() -> None:
    one = emptied("masked_loss.mse.mean", "nan")
    none = one.replace_batch(replace(one.batch, mask=np.zeros_like(EMPTY)))

    assert float(one.want) == 1.0
    assert np.isnan(none.want)


def test_rows_take_their_answers_with_them() -> None:
    one = sample("masked_mean")
    order = np.arange(one.batch.rows)[::-1]
    moved = one.rows(order)

    assert np.array_equal(moved.want, one.want[::-1])
    assert np.array_equal(moved.want, moved.replace_batch(moved.batch).want)


def test_a_scalar_of_moved_rows_is_computed_anew() -> None:
    one = sample("masked_loss.mse.mean")
    twice = one.rows(np.zeros(4, np.int64))
    assert np.array_equal(twice.want, twice.replace_batch(twice.batch).want)


def test_an_answer_that_the_dtype_cannot_hold_is_not_asked_for() -> None:
    x = np.array([[6e4, 6e4], [1.0, 1.0]])
    batch = Batch(
        arrays={"predictions": x[..., None], "targets": 0 * x[..., None]},
        mask=np.ones((2, 2), bool),
    )
    one = replace(
        sample("masked_loss.mse.none", dtype="float16"), batch=batch, _answers={}
    )
    open_by = {name: own.tolist() for name, own in one.open_by.items()}
    assert open_by == {"overflow": [[True, True], [False, False]]}


def test_a_batch_that_no_operation_takes_is_not_solvable() -> None:
    one = sample("masked_loss.cross_entropy.none")
    wrong = {
        **one.batch.arrays,
        "targets": np.full_like(one.batch.arrays["targets"], 9),
    }
    assert one.solvable
    assert not one.replace_batch(replace(one.batch, arrays=wrong)).solvable


def test_a_cotangent_has_the_answers_shape_and_no_zero() -> None:
    for variant in ("masked_mean", "masked_softmax", "masked_loss.mse.mean"):
        one = sample(variant)
        assert one.cotangent().shape == one.want.shape
        assert (one.cotangent() != 0).all()
        assert np.array_equal(one.cotangent(), one.cotangent())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_casting_leaves_masks_and_labels_alone(dtype: str) -> None:
    batch = sample("masked_loss.cross_entropy.none", dtype=dtype).batch
    assert batch.arrays["predictions"].dtype.name == dtype
    assert batch.arrays["targets"].dtype == np.int64
    assert batch.mask.dtype == np.bool_


def test_a_trimmed_row_has_its_valid_positions_in_order() -> None:
    x = np.arange(6.0).reshape(1, 6)
    mask = np.array([[False, True, False, True, True, False]])
    one = Batch(arrays={"x": x}, mask=mask).trim(0)

    assert one.arrays["x"].tolist() == [[1, 3, 4]]
    assert (one.rows, one.time, one.counts.tolist()) == (1, 3, [3])
