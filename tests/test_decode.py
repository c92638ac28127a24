"""Decoding: the answers of causal attention to the whole row, and their derivative."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from conformance.operations import load_operations, load_oracle
from conformance.trial.batch import Batch
from conformance.trial.sample import generate

if TYPE_CHECKING:
    from conformance.trial.batch import Array

VARIANT = load_operations()["decode"].variants[0]
ORACLE = load_oracle("decode")
OPTIONS = VARIANT.options


def drawn() -> Batch:
    return generate(ORACLE, VARIANT, seed=3, turn=0)


def test_its_answers_are_those_of_causal_attention_to_the_whole_row() -> None:
    batch = drawn()
    time, beside = batch.time, batch.beside
    arrays = {
        name: np.concatenate([array, beside[f"step_{name}"]], axis=1)
        for name, array in batch.arrays.items()
    }
    # What the prompt asks moves no answer of a step.
    arrays["query"] = np.concatenate([batch.arrays["key"], beside["query"]], axis=1)
    mask = np.concatenate([batch.mask, beside["step_mask"]], axis=1)
    attention = load_oracle("attention")
    whole = attention.answer({"causal": "causal"}, Batch(arrays=arrays, mask=mask))

    assert np.allclose(ORACLE.answer(OPTIONS, batch), whole[:, time:], rtol=1e-12)


@pytest.mark.parametrize("name", ["query", "step_key", "step_value"])
def test_its_derivative_through_the_steps_is_that_of_its_answer(name: str) -> None:
    batch = drawn()
    valid = batch.beside["step_mask"][..., None, None]
    shape = batch.beside[name].shape
    pulled = np.where(
        valid, np.cos(np.arange(batch.beside[name].size)).reshape(shape), 0
    )
    slope = ORACLE.gradient(OPTIONS, batch, pulled)[name]
    way = np.where(valid, np.sin(np.arange(slope.size)).reshape(shape), 0.0)

    def answer(step: float) -> Array:
        moved = {**batch.beside, name: batch.beside[name] + step * way}
        return ORACLE.answer(OPTIONS, replace(batch, beside=moved))

    ahead, behind = answer(1e-6), answer(-1e-6)
    rise = ((ahead - behind) / 2e-6 * pulled).sum()
    assert np.allclose(rise, (slope * way).sum(), rtol=1e-6)


def test_a_row_that_pauses_does_not_see_the_key_of_its_padded_step() -> None:
    batch = drawn().take([0])
    steps = batch.beside["step_mask"].shape[1]
    paused = np.arange(steps)[None] != 1
    beside = {**batch.beside, "step_mask": paused}
    without = {name: array[:, paused[0]] for name, array in beside.items()}
    got = ORACLE.answer(OPTIONS, replace(batch, beside=beside))
    want = ORACLE.answer(OPTIONS, replace(batch, beside=without))

    assert np.array_equal(got[:, paused[0]], want)
