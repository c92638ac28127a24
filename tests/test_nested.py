"""What the laws of layers inside layers are made of, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.adapters.load import read_declaration
from conformance.check.mutants import adapter, correct
from conformance.operations import load_law, load_operations, load_oracle
from conformance.operations._common.mutant import mutants
from conformance.operations.nested.laws_training import make_distinct
from conformance.operations.nested.oracle_training import (
    EPSILON,
    InnerLayers,
    pull_back,
)
from conformance.specification.numbers import is_exact
from conformance.specification.plan import laws_of, plan
from conformance.specification.selection import Selection
from conformance.strategies import variant_named
from conformance.trial.adapter import LayerWeights, NormWeights, RnnWeights, weights
from conformance.trial.attempt import attempt
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from conformance.trial.batch import Array

ORACLE: Any = load_oracle("nested")
INNER = ("dense", "normed", "twice", "frozen")


def given(inner: str) -> dict[str, Array]:
    shapes = ORACLE.shapes(inner)
    return make_distinct({name: np.zeros(shape) for name, shape in shapes.items()})


def said(mutant: str, law: str, inner: str) -> str:
    """Return what a law says of a mutant."""
    variant = variant_named(f"nested.{inner}")
    wrong = next(each for each in mutants("nested") if each.name == mutant)
    operation = load_operations()["nested"]
    subject = Subject(
        adapter(wrong),
        load_framework("numpy"),
        operation,
        variant,
        dtype="float32",
        route="eager",
    )
    batch = cast(generate(ORACLE, variant, seed=0, turn=0), "float32")
    sample = Sample(oracle=ORACLE, variant=variant, dtype="float32", batch=batch)
    found = next(each for each in laws_of(operation, variant) if each.name == law)
    return attempt(load_law(found), subject, sample).verdict.message


@pytest.mark.parametrize("inner", INNER)
def test_weights_are_told_apart_and_exact_in_every_dtype(inner: str) -> None:
    found = given(inner)
    numbers = [float(each) for array in found.values() for each in array.ravel()]

    assert len(set(numbers)) == len(numbers)
    assert all(is_exact(dtype, n) for n in numbers for dtype in ("float16", "bfloat16"))
    assert 0.0 not in numbers
    assert (found.get("norm.variance", np.ones(1)) > 0).all()


def worth(stack: InnerLayers, x: Array, cotangent: Array) -> float:
    """Return the sum of answers times cotangents, in training."""
    h = np.tanh(x @ stack.first[0] + stack.first[1])
    if stack.norm:
        away = h - h.mean(axis=0)
        root = np.sqrt((away**2).mean(axis=0) + EPSILON)
        h = away / root * stack.norm[0] + stack.norm[1]
    y = 1 / (1 + np.exp(-(h @ stack.second[0] + stack.second[1])))
    return float((y * cotangent).sum())


@pytest.mark.parametrize("inner", INNER)
def test_a_step_of_training_follows_what_differences_say(inner: str) -> None:
    draw = np.random.default_rng(5)
    x, weighed = draw.normal(size=(7, 3)), given(inner)
    cotangent = draw.normal(size=(7, 3 if inner == "twice" else 2))
    stack = InnerLayers.of(inner, weighed)
    found, _ = pull_back(stack, x, cotangent, training=True)
    size, count = pull_back(stack, x, cotangent, training=True, majorant=True)

    assert found.keys() == {"x", *stack.trained}
    for name in stack.trained:
        assert (np.abs(found[name]) <= size[name] * (1 + 1e-12)).all()
        for at in np.ndindex(found[name].shape):
            ends = []
            for move in (1e-6, -1e-6):
                moved = {key: array.copy() for key, array in weighed.items()}
                moved[name][at] += move
                ends.append(worth(InnerLayers.of(inner, moved), x, cotangent))
            want = (ends[0] - ends[1]) / 2e-6
            assert found[name][at] == pytest.approx(want, rel=1e-5, abs=1e-7)
    assert count > 16


@pytest.mark.parametrize(
    ("mutant", "law", "inner", "message"),
    [
        (
            "first-is-lost",
            "weights-once",
            "dense",
            "first.kernel is nowhere in parameters, expected once",
        ),
        (
            "counted-at-each-use",
            "weights-once",
            "twice",
            "first.kernel is 2 times in parameters, expected once",
        ),
        (
            "tracks-state",
            "weights-once",
            "normed",
            "norm.mean is in parameters, expected first.kernel, first.bias, second.",
        ),
        ("loses-state", "state", "normed", "norm.mean is nowhere in state"),
        ("frozen-is-lost", "state", "frozen", "first.kernel is nowhere in state"),
        (
            "first-does-not-train",
            "trains",
            "dense",
            "first.kernel is as it was before a step of training: no gradient",
        ),
        (
            "first-is-lost",
            "trains",
            "dense",
            "first.kernel is no parameter, so it is not trained",
        ),
        ("trains-frozen", "trains", "frozen", "first.kernel["),
        ("same-names", "names", "dense", "names has 'first.kernel' twice"),
        ("a-name-too-few", "names", "dense", "names has 3 names, expected 4"),
        ("shares-weights", "shares-nothing", "dense", "the other layer's answer["),
        ("saves-no-state", "restores", "normed", "restored answer 0["),
    ],
)
def test_a_law_says_what_is_wrong_with_a_layer(
    mutant: str, law: str, inner: str, message: str
) -> None:
    assert said(mutant, law, inner).startswith(message)


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        (("bias", "kernel"), LayerWeights),
        (("scale", "offset", "mean", "variance"), NormWeights),
        (("kernel", "recurrent_kernel", "bias", "recurrent_bias"), RnnWeights),
    ],
)
def test_parts_are_given_as_what_they_are(
    parts: tuple[str, ...], kind: type[Any]
) -> None:
    found = weights({name: name.upper() for name in parts})

    assert isinstance(found, kind)
    assert all(getattr(found, name) == name.upper() for name in parts)


def test_rows_that_share_statistics_are_answered_anew() -> None:
    oracle, variant = (
        load_oracle("masked_batch_norm"),
        variant_named("masked_batch_norm"),
    )
    batch = generate(oracle, variant, seed=1, turn=0)
    one = Sample(oracle=oracle, variant=variant, dtype="float64", batch=batch)
    twice = one.rows(np.zeros(batch.rows, dtype=np.int64))

    assert np.array_equal(
        twice.want, one.replace_batch(twice.batch).want, equal_nan=True
    )
    assert not np.array_equal(twice.want[0], one.want[0])


def test_rows_that_share_statistics_are_not_mapped_over() -> None:
    planned = plan(
        read_declaration("torch_reference"),
        load_operations(),
        {},
        Selection(level="extended", routes=("vmap",)),
    )
    mapped = {check.operation for check in planned}

    assert "layer_norm" in mapped
    assert "masked_batch_norm" not in mapped


def test_a_layer_without_a_fault_breaks_no_law_in_float64() -> None:
    right, operation = correct("nested"), load_operations()["nested"]
    framework = load_framework("numpy")
    for variant in operation.variants:
        subject = Subject(
            right, framework, operation, variant, dtype="float64", route="eager"
        )
        batch = generate(ORACLE, variant, seed=4, turn=0)
        sample = Sample(oracle=ORACLE, variant=variant, dtype="float64", batch=batch)
        for law in operation.laws:
            found = attempt(load_law(law), subject, sample)
            assert found.verdict.message == ""
