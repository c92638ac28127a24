"""An oracle is asked the same question once, and answers as before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from typing import cast as cast_type

import numpy as np
import pytest

from conformance.operations import load_operations, load_oracle
from conformance.trial.batch import Batch
from conformance.trial.oracle import LARGE, CachedOracle, solve
from conformance.trial.sample import cast, generate

if TYPE_CHECKING:
    from conformance.specification import Variant
    from conformance.trial.batch import Array
    from conformance.trial.oracle import MaskOracle

VARIANTS = [
    variant
    for operation in load_operations().values()
    for variant in operation.variants
]


class Counting:
    """The mean's oracle, which counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0
        self.own = load_oracle("masked_mean")

    def answer(self, options: Any, batch: Batch) -> Array:
        self.calls += 1
        found: Array = self.own.answer(options, batch)
        return found

    def bound(self, options: Any, batch: Batch, dtype: str) -> Array:
        found: Array = self.own.bound(options, batch, dtype)
        return found


def batch(rows: int | None = None) -> Batch:
    variant = load_operations()["masked_mean"].variants[0]
    oracle = load_oracle("masked_mean")
    return cast(generate(oracle, variant, seed=0, turn=0, rows=rows), "float32")


def test_the_same_content_is_answered_once() -> None:
    counting: Any = Counting()
    oracle = CachedOracle(counting)
    first = oracle.solve({}, batch(), "float32")
    again = oracle.solve({}, batch(), "float32")
    assert counting.calls == 1
    assert first is again


@pytest.mark.parametrize("change", ["dtype", "value", "mask"])
def test_another_question_is_another_answer(change: str) -> None:
    counting: Any = Counting()
    oracle = CachedOracle(counting)
    given = batch()
    oracle.solve({}, given, "float32")
    x, mask = given.arrays["x"].copy(), given.mask.copy()
    x[0, 0] += change == "value"
    mask[0, 0] ^= change == "mask"
    other = replace(given, arrays={"x": x}, mask=mask)
    oracle.solve({}, other, "float16" if change == "dtype" else "float32")
    assert counting.calls == 2


def test_a_large_batch_is_not_kept() -> None:
    counting: Any = Counting()
    oracle = CachedOracle(counting)
    large = batch(LARGE)
    for _ in range(2):
        oracle.solve({}, large, "float32")
    assert counting.calls == 2
    assert not oracle.answers


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: each.name)
def test_one_pass_gives_the_answer_and_the_bound(variant: Variant) -> None:
    oracle = load_oracle(variant.operation)
    given = cast(generate(oracle, variant, seed=0, turn=0), "float32")
    options = variant.options
    if variant.makes_mask:
        given = cast_type("MaskOracle", oracle).formed(options, given)
    answer, bound = solve(oracle, options, given, "float32")
    assert np.array_equal(answer, oracle.answer(options, given), equal_nan=True)
    assert np.array_equal(bound, oracle.bound(options, given, "float32"))


def test_batches_whose_hashes_collide_have_answers_of_their_own() -> None:
    # The key holds the content: only equal bytes of equal shapes are one question.
    remembered = CachedOracle(load_oracle("masked_mean"))
    for value in (1.0, 2.0):
        batch = Batch(arrays={"x": np.full((1, 1), value)}, mask=np.ones((1, 1), bool))
        assert remembered.solve({}, batch, "float64")[0] == value
    assert all(isinstance(key[-1][0][2], bytes) for key in remembered.answers)
