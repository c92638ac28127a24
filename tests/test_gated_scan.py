"""The gated scan: what its bound allows, what may stand at padding, what is asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from conformance.adapters.load import load_adapter
from conformance.check.shrink import _narrow_batches
from conformance.operations import load_law, load_operations, load_oracle
from conformance.trial.adapter import Adapter
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject

OPERATION = load_operations()["gated_scan"]
VARIANTS = {each.options["output"]: each for each in OPERATION.variants}
ORACLE = load_oracle("gated_scan")
RIGHT = load_adapter("numpy_reference")


def sample(
    output: str, *, dtype: str = "float32", padding: str | None = None
) -> Sample:
    variant = VARIANTS[output]
    batch = cast(generate(ORACLE, variant, seed=3, turn=0), dtype)
    return Sample(
        oracle=ORACLE, variant=variant, dtype=dtype, batch=batch, padding=padding
    )


def subject(function: Any, output: str, dtype: str = "float32") -> Subject:
    adapter = Adapter(declaration=RIGHT.declaration, functions={"gated_scan": function})
    framework = load_framework("numpy")
    variant = VARIANTS[output]
    return Subject(adapter, framework, OPERATION, variant, dtype=dtype, route="eager")


def by_logarithms(initial: Any, x: Any, decay: Any, mask: Any, *, output: str) -> Any:
    """Take decays through their logarithm, step by step."""
    with np.errstate(divide="ignore"):
        logs = np.log(np.where(mask[..., None], decay, 1))
    state, states = initial, []
    for at in range(x.shape[1]):
        state = np.exp(logs[:, at]) * state + np.where(mask[:, at, None], x[:, at], 0)
        states.append(state)
    every = np.stack(states, axis=1)
    return every[:, -1] if output == "final" else every


def in_a_tree(initial: Any, x: Any, decay: Any, mask: Any, *, output: str) -> Any:
    """Scan halves and put them together, the initial state first of all."""
    here = mask[..., None]
    added = np.concatenate([initial[:, None], np.where(here, x, 0)], axis=1)
    factor = np.where(here, decay, 1)
    factor = np.concatenate([np.ones_like(factor[:, :1]), factor], axis=1)
    every = _scan(factor, added)[1][:, 1:]
    return every[:, -1] if output == "final" else every


def _scan(factor: Any, added: Any) -> tuple[Any, Any]:
    time = added.shape[1]
    if time == 1:
        return factor, added
    half = time // 2
    left = _scan(factor[:, :half], added[:, :half])
    right = _scan(factor[:, half:], added[:, half:])
    joined = right[0] * left[0][:, -1:], right[0] * left[1][:, -1:] + right[1]
    return (
        np.concatenate([left[0], joined[0]], axis=1),
        np.concatenate([left[1], joined[1]], axis=1),
    )


def through_half_precision(initial: Any, *rest: Any, output: str) -> Any:
    found = in_a_tree(initial, *rest, output=output)
    return found.astype(np.float16).astype(np.float32)


@pytest.mark.parametrize("output", VARIANTS)
@pytest.mark.parametrize("scan", [by_logarithms, in_a_tree])
def test_any_order_of_the_steps_and_a_logarithm_are_within_the_bound(
    scan: Any, output: str
) -> None:
    asked = sample(output, padding="held" if output == "sequence" else None)

    verdict = subject(scan, output).agrees(asked)

    assert verdict.passed, verdict.message
    assert verdict.share > 0


@pytest.mark.parametrize("output", VARIANTS)
def test_digits_that_are_lost_are_not(output: str) -> None:
    assert not subject(through_half_precision, output).agrees(sample(output)).passed


def test_a_state_that_is_held_at_padding_is_judged_where_it_is_declared() -> None:
    asked = sample("sequence", padding="held")
    broken = replace(asked, padding="zero", _answers={})

    assert subject(in_a_tree, "sequence").agrees(asked).passed
    assert not subject(in_a_tree, "sequence").agrees(broken).passed


def test_the_held_state_is_the_final_one_at_the_last_position() -> None:
    asked = sample("sequence", dtype="float64")
    held = ORACLE.held(VARIANTS["sequence"].options, asked.batch, "float64")  # type: ignore[attr-defined]
    final = ORACLE.answer(VARIANTS["final"].options, asked.batch)

    assert (held[0][:, -1] == final).all()


def test_a_row_of_padding_ends_with_its_initial_state() -> None:
    asked = sample("final")
    none = replace(asked.batch, mask=np.zeros_like(asked.batch.mask))

    assert (ORACLE.answer(asked.variant.options, none) == none.beside["initial"]).all()


@pytest.mark.parametrize("output", VARIANTS)
@pytest.mark.parametrize("law", [each.name for each in OPERATION.laws])
def test_each_law_of_its_own_holds_in_every_dtype(law: str, output: str) -> None:
    found = next(each for each in OPERATION.laws if each.name == law)
    if not OPERATION.asks(found, VARIANTS[output]):
        pytest.skip("the variant is not asked")
    right = RIGHT.functions["gated_scan"]
    for dtype in ("float16", "float32", "float64"):
        asked = sample(output, dtype=dtype, padding="zero")
        verdicts = list(load_law(found)(subject(right, output, dtype), asked))
        assert all(each.passed for each in verdicts)
        assert verdicts


def test_initial_states_that_do_not_fit_have_no_answer() -> None:
    asked = sample("final")
    wide = np.zeros((asked.batch.rows, 3), np.float32)
    broken = asked.replace_batch(replace(asked.batch, beside={"initial": wide}))

    assert not broken.solvable


def test_a_shrunk_batch_has_one_feature_in_its_initial_states_too() -> None:
    asked = sample("final")
    narrow = next(
        each
        for each in _narrow_batches(asked.batch)
        if each.arrays["x"].shape[-1] == each.arrays["decay"].shape[-1] == 1
    )

    assert narrow.beside["initial"].shape == (asked.batch.rows, 1)
    assert asked.replace_batch(narrow).solvable
