"""One recurrent direction: what its bound allows, and what is handed on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.adapters.load import load_adapter
from conformance.operations import load_law, load_operations, load_oracle
from conformance.operations._common.cells import read_weights
from conformance.operations.birnn import oracle as birnn
from conformance.trial.adapter import Adapter
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject

OPERATION = load_operations()["rnn"]
VARIANTS = {each.name: each for each in OPERATION.variants}
ORACLE = load_oracle("rnn")
RIGHT = load_adapter("numpy_reference")
LSTM = "rnn.lstm.forward.final"


def sample(name: str, *, dtype: str = "float32", padding: str = "zero") -> Sample:
    batch = cast(generate(ORACLE, VARIANTS[name], seed=3, turn=0), dtype)
    return Sample(
        oracle=ORACLE,
        variant=VARIANTS[name],
        dtype=dtype,
        batch=batch,
        padding=padding,
    )


def subject(build: Any, name: str, dtype: str = "float32") -> Subject:
    adapter = Adapter(declaration=RIGHT.declaration, functions={"build_rnn": build})
    framework = load_framework("numpy")
    variant = VARIANTS[name]
    return Subject(adapter, framework, OPERATION, variant, dtype=dtype, route="eager")


def changing(change: Any, name: str, dtype: str = "float32") -> Subject:
    """Return the right layer with what it is given changed, ``(initial, mask)``."""

    def build(weights: Any, **how: str) -> Any:
        right = RIGHT.functions["build_rnn"](weights, **how)

        def layer(initial: Any, x: Any, mask: Any) -> Any:
            given, keep = change(initial, mask)
            return right(given, x, keep)

        return layer

    return subject(build, name, dtype)


@pytest.mark.parametrize(
    ("law", "name"),
    [
        (law.name, variant.name)
        for law in OPERATION.laws
        for variant in OPERATION.variants
        if OPERATION.asks(law, variant)
    ],
)
def test_each_law_of_its_own_holds_in_every_dtype(law: str, name: str) -> None:
    found = next(each for each in OPERATION.laws if each.name == law)
    right = RIGHT.functions["build_rnn"]
    for dtype in ("float16", "float32", "float64"):
        asked = sample(name, dtype=dtype)
        verdicts = list(load_law(found)(subject(right, name, dtype), asked))
        assert [each.message for each in verdicts if not each.passed] == []
        assert verdicts


@pytest.mark.parametrize("name", VARIANTS)
def test_digits_that_are_lost_are_not_within_the_bound(name: str) -> None:
    def coarse(initial: Any, mask: Any) -> Any:
        return initial.astype(np.float16).astype(np.float32) * np.float32(1.001), mask

    assert not changing(coarse, name).agrees(sample(name)).passed


def test_a_layer_that_forgets_single_steps_is_caught_by_that_law_alone() -> None:
    def forget(initial: Any, mask: Any) -> Any:
        return (initial * 0 if mask.shape[1] == 1 else initial), mask

    forgetful = changing(forget, LSTM)
    laws = {law.name: law for law in OPERATION.laws if law.level == "core"}
    asked = {law: OPERATION.asks(laws[law], VARIANTS[LSTM]) for law in laws}
    failed = {
        name
        for name, law in laws.items()
        if asked[name]
        and not all(v.passed for v in load_law(law)(forgetful, sample(LSTM)))
    }

    assert failed == {"step-by-step"}


def test_at_core_no_chunk_is_padding_alone() -> None:
    def refuse(initial: Any, mask: Any) -> Any:
        if not mask.any(axis=1).all():
            msg = "a row of length zero"
            raise ValueError(msg)
        return initial, mask

    strict = changing(refuse, LSTM)
    laws = {law.name: load_law(law) for law in OPERATION.laws}

    assert all(each.passed for each in laws["chunks"](strict, sample(LSTM)))
    assert all(each.passed for each in laws["step-by-step"](strict, sample(LSTM)))
    with pytest.raises(ValueError, match="length zero"):
        list(laws["ended-rows"](strict, sample(LSTM)))


@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
def test_zero_states_give_what_the_half_of_a_birnn_gives(cell: str) -> None:
    name = next(each for each in VARIANTS if each.startswith(f"rnn.{cell}.forward"))
    asked = sample(name, dtype="float64")
    weights = {
        f"{way}.{part}": array
        for way in ("forward", "backward")
        for part, array in read_weights(asked.batch.weights, "weights").items()
    }
    options = {**VARIANTS[name].options, "merge": "concat"}
    begun = {"initial": np.zeros_like(asked.batch.beside["initial"])}
    want = birnn.answer(options, replace(asked.batch, weights=weights, beside={}))
    got = ORACLE.answer(options, replace(asked.batch, beside=begun))

    assert np.array_equal(got[..., :2], want[..., :2])


def test_a_state_that_is_held_at_padding_is_judged_where_it_is_declared() -> None:
    name = "rnn.gru.backward.sequence"
    asked = sample(name, dtype="float64", padding="held")
    steps, bound, every = ORACLE.held(VARIANTS[name].options, asked.batch, "float64")  # type: ignore[attr-defined]
    behind = ~asked.batch.mask
    begun = np.broadcast_to(asked.batch.beside["initial"][:, None], steps.shape)

    # Read backwards, padding on the right comes before the first step.
    assert np.array_equal(steps[behind], begun[behind])
    assert (bound >= 0).all()
    assert every.all()
    assert np.array_equal(asked.want[behind], begun[behind])


def test_initial_states_that_do_not_fit_have_no_answer() -> None:
    asked = sample(LSTM)
    narrow = {"initial": asked.batch.beside["initial"][:, :2]}

    assert not asked.replace_batch(replace(asked.batch, beside=narrow)).solvable


@pytest.mark.parametrize("name", VARIANTS)
def test_its_derivative_is_that_of_its_answer(name: str) -> None:
    asked = sample(name, dtype="float64")
    batch, options = asked.batch, VARIANTS[name].options
    cotangent = asked.cotangent()
    slope = ORACLE.gradient(options, batch, cotangent)["initial"]
    draw = asked.draw("direction").rows_of(((1, -1, 0.5, -0.25),), slope.shape)
    ahead, behind = (
        ORACLE.answer(
            options,
            replace(batch, beside={"initial": batch.beside["initial"] + step * draw}),
        )
        for step in (1e-6, -1e-6)
    )

    assert np.allclose(
        ((ahead - behind) / 2e-6 * cotangent).sum(), (slope * draw).sum(), rtol=1e-7
    )
