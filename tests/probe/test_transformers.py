"""Tiny models of transformers: what is clean, and where the others leak."""

from __future__ import annotations

import pytest

from conformance.probe.examine import Report, examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import find

pytest.importorskip("transformers")

CLEAN = ("bert", "gpt2", "llama", "mistral", "t5", "bart", "mamba2", "mixtral")
LEAKING = {
    "convbert": ("key_conv_attn_layer.depthwise", "aten.convolution"),
    "nystromformer": ("attention.self.conv", "aten.convolution"),
    "mobilebert": ("embeddings", "aten.constant_pad_nd"),
    "yoso": ("attention.self", "aten.bmm"),
}
"""Where padding comes in first, in transformers 5.24."""


def probed(kind: str) -> Report:
    return examine(find(f"hf:{kind}"), ProbeSettings())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", CLEAN)
def test_what_is_right_comes_out_clean(kind: str) -> None:
    report = probed(kind)
    assert [(each.question, each.text) for each in report.leaks] == []
    read = next(each for each in report.answers if each.question == "mask-read")
    assert read.text.startswith("yes")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", LEAKING)
def test_a_leak_is_placed(kind: str) -> None:
    path, op = LEAKING[kind]
    location = probed(kind).locations["other-numbers"]
    assert location.site.path.endswith(path)
    assert location.site.op == op
    assert location.checked


@pytest.mark.filterwarnings("ignore")
def test_a_pooler_that_reads_padding_on_the_left_is_named_and_is_no_leak() -> None:
    answers = probed("bert").answers
    named = [each for each in answers if each.kind == "limit"]
    assert {each.output for each in named} == {"pooler_output"}
    assert "reads position 0" in named[0].why


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_is_told_no_positions_is_named_and_is_no_leak() -> None:
    named = [each for each in probed("bart").answers if each.kind == "limit"]
    assert "told no positions" in named[0].why


def test_the_side_of_a_decoder_is_probed_where_it_is_the_input() -> None:
    asked = ("mask-read", "other-numbers", "more-padding")
    said = ProbeSettings(inputs=("decoder_input_ids",), questions=asked, locate=False)
    report = examine(find("hf:t5"), said)
    interface = report.subject.interface
    assert interface.mask == "decoder_attention_mask"
    assert [each.name for each in interface.extras] == ["input_ids"]
    assert {each.kind for each in report.answers} <= {"same", "noise"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["llama", "gpt2", "mamba2", "jamba"])
def test_a_decoder_is_asked_for_its_steps(kind: str) -> None:
    # transformers 5.24 renamed the argument, and the question fell silent.
    said = ProbeSettings(questions=("steps",))
    (answer,) = examine(find(f"hf:{kind}"), said).answers
    assert answer.kind in {"same", "noise"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("kind", "shown"),
    [("mamba", " of "), ("rwkv", "steps give [5, 55, 32]")],
)
def test_steps_that_give_something_else_are_a_leak(kind: str, shown: str) -> None:
    said = ProbeSettings(questions=("steps",))
    (answer,) = examine(find(f"hf:{kind}"), said).answers
    assert answer.kind == "leak"
    assert shown in answer.text
