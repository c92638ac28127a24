"""What an adapter may not answer, and that the other checks still run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from conformance.operations import load_operations
from conformance.specification.selection import Selection
from conformance.trial.batch import Batch
from conformance.trial.subject import _MASKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.records import Result
    from conformance.run.session import Session

RIGHT = """
def masked_mean(x, mask):
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    total = np.where(wide, x, 0).sum(axis=1)
    return (total / wide.sum(axis=1)).astype(x.dtype)
"""
WRONG = {
    "list": (
        "def masked_mean(x, mask):\n    return [1.0]\n",
        "failed",
        (
            "masked_mean returned a list, expected a numpy tensor of shape (1,); "
            "return the framework's own tensor"
        ),
    ),
    "none": (
        "def masked_mean(x, mask):\n    return None\n",
        "failed",
        (
            "masked_mean returned None, expected a numpy tensor of shape (1,); return "
            "the framework's own tensor"
        ),
    ),
    "shape": (
        "def masked_mean(x, mask):\n    return x\n",
        "failed",
        (
            "masked_mean returned shape (1, 1), expected (1,) for masked_mean; see "
            "masked_mean(x [B, T, ...], mask [B, T]) -> [B, ...]"
        ),
    ),
    "raises": (
        "def masked_mean(x, mask):\n    raise ValueError('no \\x1b[31mred')\n",
        "errored",
        "raised ValueError: no red",
    ),
    "exits": (
        "def masked_mean(x, mask):\n    raise SystemExit(0)\n",
        "errored",
        "raised SystemExit: 0",
    ),
    "no-mask": (
        "def masked_mean(x):\n    return x\n",
        "errored",
        "raised TypeError: masked_mean() takes 1 positional argument but 2 were given",
    ),
    "number": (
        "def masked_mean(x, mask):\n    return x\nmasked_mean = 3\n",
        "errored",
        (
            "masked_mean is of type int, expected a function; define `def "
            "masked_mean(...)` and do not assign or delete that name"
        ),
    ),
    "deleted": (
        "def masked_mean(x, mask):\n    return x\ndel masked_mean\n",
        "errored",
        (
            "masked_mean is missing, expected a function; define `def "
            "masked_mean(...)` and do not assign or delete that name"
        ),
    ),
}


def results(session: Session) -> dict[str, Result]:
    return {check.item: session.run(check) for check in session.planned}


@pytest.mark.parametrize(("body", "outcome", "said"), WRONG.values(), ids=WRONG)
def test_what_an_adapter_does_wrong_is_said_of_every_check(
    body: str, outcome: str, said: str, opened: Callable[..., Session]
) -> None:
    session = opened(body)
    found = results(session)
    judged = {r.outcome for r in found.values() if r.outcome != "unsupported"}
    where = "" if said.startswith("raised") else f"{session.adapter.declaration.file}: "
    assert found["value"].message == where + said
    assert judged == {outcome}


def test_what_raised_is_shown_with_its_trace_and_its_smallest_input(
    opened: Callable[..., Session],
) -> None:
    failure = results(opened(WRONG["raises"][0]))["value"].failure
    assert failure is not None
    assert failure.inputs == {"x": [[0.0]]}
    assert "in masked_mean" in failure.trace
    assert "\x1b" not in failure.trace


def test_another_dtype_fails_the_contract_alone(opened: Callable[..., Session]) -> None:
    found = results(opened(RIGHT.replace("x.dtype", "np.float64")))
    wrong = {item: r.message for item, r in found.items() if r.outcome == "failed"}
    assert wrong == {
        "contract": "the answer is float64, expected float32 like the input"
    }


def test_writing_into_an_input_is_seen(opened: Callable[..., Session]) -> None:
    body = RIGHT.replace("    total", "    x[...] = np.where(wide, x, 0)\n    total")
    found = results(opened(body))
    assert found["contract"].message == "x was written to"
    assert found["layout"].message == "x was written to as sliced views"
    assert found["value"].outcome == "passed"


def test_writing_into_the_mask_is_seen(opened: Callable[..., Session]) -> None:
    body = RIGHT.replace("return", "mask[...] = True; answer =") + "    return answer\n"
    assert results(opened(body))["contract"].message == "mask was written to"


def test_answers_that_differ_from_call_to_call_are_seen(
    opened: Callable[..., Session],
) -> None:
    body = "TURN = [1.0]\n" + RIGHT.replace(
        "    return (", "    TURN[0] += 2.0**-24\n    return (TURN[0] * "
    )
    message = results(opened(body))["contract"].message
    assert message.startswith("non-deterministic, as masked_mean/")


def test_a_right_adapter_passes_all_that_it_can_be_held_to(
    opened: Callable[..., Session],
) -> None:
    found = results(opened(RIGHT))
    assert {r.outcome for r in found.values()} == {"passed", "unsupported"}


def test_a_builder_that_builds_nothing_is_told_what_a_layer_is(
    opened: Callable[..., Session],
) -> None:
    body = "def build_birnn(forward, backward, *, cell, merge, output):\n    return 3\n"
    selection = Selection(level="core", checks=("birnn.gru.sum.final/value:*",))
    session = opened(body, selection)
    message = results(session)["value"].message
    wanted = "build_birnn returned an int, expected a layer that is called as"
    assert wanted in message


def test_every_mask_form_says_the_same() -> None:
    mask = np.array([[True, False], [True, True]])
    forms = {name: make(mask, "float64") for name, make in _MASKS.items()}
    assert forms.pop("lengths").tolist() == [1, 2]
    assert {name: form.dtype.name for name, form in forms.items()} == {
        "bool": "bool",
        "float": "float64",
        "int8": "int8",
        "uint8": "uint8",
        "rank-3": "bool",
    }
    assert all((form.reshape(2, 2) == mask).all() for form in forms.values())


def test_a_layer_is_built_once_for_the_same_weights(
    opened: Callable[..., Session],
) -> None:
    body = """
BUILT = []
def build_birnn(forward, backward, *, cell, merge, output):
    BUILT.append(1)
    def layer(x, mask):
        return np.zeros((len(x), forward.recurrent_kernel.shape[0]), x.dtype)
    return layer
"""
    selection = Selection(level="core", checks=("birnn.gru.sum.final/batch-order:*",))
    session = opened(body, selection)
    subject = session.runner.fixtures.subject(session.planned[0])
    weights = {
        f"{direction}.{part}": np.ones((1, 3), np.float32)
        for direction in ("forward", "backward")
        for part in ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    }
    x, mask = np.ones((1, 1, 1), np.float32), np.ones((1, 1), bool)
    batch = Batch(arrays={"x": x}, mask=mask, weights=weights)
    assert subject.eager_function(batch) is subject.eager_function(batch)
    assert subject.answer(batch, like=np.zeros((1, 1))).tolist() == [[0.0]]
    assert load_operations()["birnn"].builds
