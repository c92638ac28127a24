"""Probing from Python, on layers that torch itself has."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import conformance
from conformance.probe.questions import QUESTIONS

torch = pytest.importorskip("torch")


def masked_mean(x: Any, mask: Any) -> Any:
    return (x * mask[..., None]).sum(1) / mask.sum(1)[:, None]


def plain_mean(x: Any, mask: Any) -> Any:
    del mask
    return x.mean(1)


def kinds(found: conformance.Probed) -> dict[str, str]:
    return {each.question: each.kind for each in found.answers}


def test_the_room_is_called_as_the_function_whatever_was_imported_before() -> None:
    for _ in range(2):
        found = conformance.probe(masked_mean, framework="numpy")
        assert found.clean


def test_a_numpy_function_is_asked_and_not_traced() -> None:
    found = conformance.probe(plain_mean, framework="numpy")
    assert kinds(found)["other-numbers"] == "leak"
    assert kinds(found)["mask-read"] == "leak"
    assert kinds(found)["gradient"] == "not asked"
    assert found.locations == {}


def test_a_result_shows_itself_in_a_terminal_and_in_a_notebook() -> None:
    found = conformance.probe(plain_mean, framework="numpy")
    assert "LEAK" in str(found)
    assert found._repr_html_().startswith("<pre")


def test_assert_invariant_fails_with_what_probe_shows() -> None:
    conformance.assert_invariant(masked_mean, framework="numpy")
    with pytest.raises(AssertionError, match="LEAK"):
        conformance.assert_invariant(plain_mean, framework="numpy")


def test_a_green_answer_needs_a_question() -> None:
    with pytest.raises(conformance.LeakError, match="no question could be asked"):
        conformance.assert_invariant(
            masked_mean, framework="numpy", questions="gradient"
        )


@conformance.parametrize_probes(masked_mean, framework="numpy")
def test_parametrized_probes_pass_or_are_skipped(probe: Any) -> None:
    probe()


def test_every_question_is_answered_once_for_each_output() -> None:
    found = conformance.probe("torch:MultiheadAttention")
    assert {each.question for each in found.answers} == {q.name for q in QUESTIONS}
    assert found.clean


@pytest.mark.parametrize("layer", ["Linear", "LayerNorm", "TransformerEncoderLayer"])
@pytest.mark.filterwarnings("ignore")
def test_a_layer_of_torch_is_clean(layer: str) -> None:
    assert conformance.probe(f"torch:{layer}").clean


def test_a_recurrent_layer_that_wants_time_first_is_understood() -> None:
    torch.manual_seed(0)
    layer = torch.nn.GRU(4, 3).eval()
    found = conformance.probe(layer, questions=("alone", "beside"))
    assert found.report.subject.interface.layout == "TBF"
    sequence = [each for each in found.answers if each.output == "0"]
    assert {each.kind for each in sequence} <= {"same", "noise"}


def test_a_model_is_left_as_it_was() -> None:
    torch.manual_seed(0)
    layer = torch.nn.BatchNorm1d(4)
    layer.weight.data.uniform_()
    layer.bias.data.uniform_()
    before = {name: each.clone() for name, each in layer.state_dict().items()}
    conformance.probe(layer)
    after = layer.state_dict()
    for name, each in before.items():
        np.testing.assert_array_equal(each.numpy(), after[name].numpy())
        assert each.dtype == after[name].dtype
    assert layer.training
