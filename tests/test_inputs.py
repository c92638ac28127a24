"""Generated inputs: the same everywhere, and with what laws look for in them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.operations import load_operations, load_oracle
from conformance.trial.draw import (
    BASE_TIME,
    COTANGENTS,
    GARBAGE,
    LADDER,
    LOGITS,
    SIGNALS,
    VALUES,
    Draw,
    draw_right_mask,
    fill_padding,
)
from conformance.trial.precision import PRECISIONS, numpy_dtype
from conformance.trial.sample import generate

TABLES = (VALUES, LOGITS, SIGNALS, GARBAGE, COTANGENTS)
FIRST = [41, 39, 9, 29, 94, 92, 83, 98]
VARIANTS = [
    variant
    for operation in load_operations().values()
    for variant in operation.variants
]


def test_the_first_numbers_never_change() -> None:
    # They are part of what a seed means: records of two versions can be compared.
    draw = Draw(0, "masked_mean/batch", 0)
    assert draw.below(100, 8).tolist() == FIRST
    assert Draw(0, "masked_mean/batch", 0).below(100, 8).tolist() == FIRST


@given(st.integers(0, 2**31), st.integers(1, 50))
def test_choices_stay_below_and_in_the_table(seed: int, high: int) -> None:
    draw = Draw(seed, "any")
    chosen = draw.below(high, (3, 4))
    assert chosen.shape == (3, 4)
    assert ((chosen >= 0) & (chosen < high)).all()
    assert set(draw.of((1.0, 2.5), 9).tolist()) <= {1.0, 2.5}


@given(st.integers(0, 2**31))
def test_a_row_is_of_one_tier(seed: int) -> None:
    tiers = ((1.0, 2.0), (10.0, 20.0, 30.0))
    for row in Draw(seed, "any").rows_of(tiers, (6, 8)):
        assert any(set(row.tolist()) <= set(tier) for tier in tiers)


@pytest.mark.parametrize("other", [(1, "a", 0), (0, "b", 0), (0, "a", 1)])
def test_seed_name_and_turn_all_matter(other: tuple[int, str, int]) -> None:
    one, two = Draw(0, "a", 0), Draw(*other)
    assert one.below(1 << 30, 4).tolist() != two.below(1 << 30, 4).tolist()


@given(st.integers(0, 2**31), st.integers(2, 12))
def test_an_order_moves_every_row(seed: int, size: int) -> None:
    order = Draw(seed, "any").order(size)
    assert sorted(order.tolist()) == list(range(size))
    assert (order != np.arange(size)).all()


@given(st.integers(0, 2**31), st.integers(1, 40))
def test_masks_are_padded_on_the_right_and_hold_each_length(
    seed: int, rows: int
) -> None:
    mask = draw_right_mask(Draw(seed, "any"), rows, BASE_TIME)
    counts = mask.sum(axis=1)
    steps = [step for step in LADDER if step <= BASE_TIME]

    assert (counts >= 1).all()
    assert np.array_equal(mask, np.arange(BASE_TIME) < counts[:, None])
    assert counts[: len(steps)].tolist() == steps[:rows]


def test_garbage_is_a_hundred_times_what_counts_or_zero() -> None:
    largest = max(abs(each) for tier in VALUES for each in tier)
    garbage = {abs(each) for tier in GARBAGE for each in tier}
    assert min(garbage - {0.0}) >= 99 * largest
    assert 0.0 in garbage


@pytest.mark.parametrize("dtype", PRECISIONS)
def test_garbage_and_cotangents_are_exact_in_every_dtype(dtype: str) -> None:
    exact = {each for tier in (*GARBAGE, *COTANGENTS) for each in tier}
    if dtype == "bfloat16":  # it has 8 bits: 1e4 becomes 9984, both are in the table
        exact -= {1e4, -1e4}
    for each in exact:
        assert float(np.asarray(each).astype(numpy_dtype(dtype))) == each


def test_no_cotangent_is_zero_and_every_number_is_finite() -> None:
    assert all(each != 0 for tier in COTANGENTS for each in tier)
    assert all(math.isfinite(each) for table in TABLES for t in table for each in t)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_a_generated_batch_is_the_same_again_and_fits_the_operation(
    variant: object,
) -> None:
    found = VARIANTS[VARIANTS.index(variant)]  # type: ignore[arg-type]
    operation = load_operations()[found.operation]
    oracle = load_oracle(operation.name)
    one, two = (generate(oracle, found, seed=5, turn=1) for _ in range(2))

    assert tuple(one.arrays) == operation.inputs
    assert one.rows == oracle.ROWS
    for name, array in one.arrays.items():
        assert array.shape[:2] == one.mask.shape
        assert np.array_equal(array, two.arrays[name])
    assert bool(one.weights) is bool(operation.builds or operation.weights)


def test_weights_depend_on_the_seed_and_not_on_the_turn() -> None:
    found = next(variant for variant in VARIANTS if variant.operation == "birnn")
    oracle = load_oracle("birnn")
    first, later = (generate(oracle, found, seed=5, turn=turn) for turn in (0, 1))
    other = generate(oracle, found, seed=6, turn=0)
    for name, array in first.weights.items():
        assert np.array_equal(array, later.weights[name])
    assert any(
        not np.array_equal(a, other.weights[n]) for n, a in first.weights.items()
    )


def test_garbage_stands_where_the_mask_does_not_hold() -> None:
    mask = np.array([[True, False]])
    got = fill_padding(np.zeros((1, 2, 2)), np.ones((1, 2, 2)), mask)
    assert got.tolist() == [[[0, 0], [1, 1]]]
