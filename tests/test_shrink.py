"""Failing batches become the smallest that still fail, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.check.shrink import complexity, shrink
from conformance.operations import load_oracle
from conformance.strategies import batches, variant_named
from conformance.trial.batch import Batch
from conformance.trial.sample import generate

if TYPE_CHECKING:
    from collections.abc import Callable

LONG = 1000.0


def generated(variant: str, seed: int = 0) -> Batch:
    found = variant_named(variant)
    oracle = load_oracle(found.operation)
    return generate(oracle, found, seed=seed, turn=0)


def padded(batch: Batch) -> bool:
    return not bool(batch.mask.all())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000))
def test_code_that_counts_padding_is_shown_by_one_and_zero(seed: int) -> None:
    def fails(batch: Batch) -> bool:
        x, mask = batch.arrays["x"], batch.mask
        here = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
        total = np.where(here, x, 0.0).sum(axis=1)
        counts = here.sum(axis=1)
        return bool((total / x.shape[1] != total / counts).any())

    found = shrink(generated("masked_mean", seed), fails, seconds=LONG)

    assert found.arrays["x"].tolist() == [[1, 0]]
    assert found.mask.tolist() == [[True, False]]


def test_what_needs_two_rows_keeps_two() -> None:
    def fails(batch: Batch) -> bool:
        return len(set(batch.counts.tolist())) > 1

    found = shrink(generated("masked_mean"), fails, seconds=LONG)
    assert found.mask.tolist() == [[True, False], [True, True]]


def test_what_needs_many_rows_is_halved() -> None:
    found = shrink(generated("masked_mean"), lambda batch: batch.rows >= 5)
    assert found.rows == 8


def test_garbage_becomes_the_simplest_that_still_fails() -> None:
    def fails(batch: Batch) -> bool:
        return bool((np.abs(batch.arrays["x"])[~batch.mask] > 50).any())

    found = shrink(generated("masked_softmax"), fails, seconds=LONG)
    assert found.arrays["x"].tolist() == [[0, 100]]


def test_a_row_without_positions_does_not_come_in() -> None:
    found = shrink(generated("masked_softmax"), lambda _batch: True, seconds=LONG)
    assert found.counts.tolist() == [1]


def test_a_row_without_positions_may_stay() -> None:
    batch = Batch(arrays={"x": np.ones((2, 3))}, mask=np.zeros((2, 3), bool))
    found = shrink(batch, lambda given: not given.mask.any(), seconds=LONG)
    assert found.mask.tolist() == [[False]]


def test_weights_become_zeros_and_ones() -> None:
    found = shrink(generated("birnn.simple.sum.final"), padded, seconds=LONG)
    assert {float(w.max()) for w in found.weights.values()} == {0.0}
    assert found.mask.tolist() == [[True, False]]


def test_trailing_axes_are_cut_alike_in_inputs_that_belong_together() -> None:
    found = shrink(generated("masked_loss.mse.none"), padded, seconds=LONG)
    shapes = {array.shape for array in found.arrays.values()}
    assert shapes == {(1, 2, 1)}


@settings(max_examples=30, deadline=None)
@given(batches("masked_loss.cross_entropy.none", placement="gaps"), st.integers(0, 3))
def test_what_comes_out_still_fails_and_is_no_harder_to_read(
    batch: Batch, asked: int
) -> None:
    fails: tuple[Callable[[Batch], bool], ...] = (
        lambda given: given.rows * given.time > 2,
        padded,
        lambda given: bool((given.arrays["targets"] == 1).any()),
        lambda given: bool((given.arrays["predictions"] < 0).any()),
    )
    if not fails[asked](batch):
        return
    found = shrink(batch, fails[asked], seconds=LONG)

    assert fails[asked](found)
    assert complexity(found) <= complexity(batch)
    assert (found.counts > 0).all()
    for array in found.arrays.values():
        assert array.shape[:2] == found.mask.shape


def test_no_more_calls_are_made_than_allowed() -> None:
    calls = []

    def fails(batch: Batch) -> bool:
        calls.append(batch)
        return True

    shrink(generated("masked_mean"), fails, calls=7, seconds=LONG)
    assert len(calls) == 7


def test_without_time_left_the_batch_stays_as_it_is() -> None:
    batch = generated("masked_mean")
    assert shrink(batch, lambda _batch: True, seconds=-1.0) is batch


def test_the_feature_that_fails_is_the_one_that_is_kept() -> None:
    x = np.zeros((1, 2, 3))
    x[..., 1] = 7.0
    batch = Batch(arrays={"x": x}, mask=np.ones((1, 2), bool))
    found = shrink(batch, lambda one: bool((one.arrays["x"] > 5).any()), seconds=LONG)

    assert found.arrays["x"].tolist() == [[7]]


def test_lengths_beside_the_positions_are_left_as_they_are() -> None:
    batch = generated("mask_from_lengths.right")
    assert batch.arrays["x"].ndim > 2

    found = shrink(batch, lambda _batch: True, seconds=LONG)

    assert found.beside["lengths"].ndim == 1
    assert found.arrays["x"].shape == (1, 1, 1)
