"""One position after the other, with what a torch model keeps in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import wrap

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402 - torch may be absent


@dataclass
class Answer:
    """What a model of transformers gives: its states, and a cache by a name."""

    last_hidden_state: Any
    past_key_values: Any = None
    cache: Any = None
    state: Any = None

    def __getitem__(self, at: int) -> Any:
        return (self.last_hidden_state,)[at]


class Sums(nn.Module):  # type: ignore[misc]
    """The sum of all tokens so far, and a count of calls that nothing must read."""

    kept = "cache"

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(23, 6)
        self.left: Any = None

    def run(self, ids: Any, before: Any) -> Answer:
        found = torch.cumsum(self.embedding(ids), 1)
        if before is not None:
            found = found + before
        self.left = found[:, -1:]
        return Answer(found, **{self.kept: self.left})

    def forward(self, input_ids: Any, cache: Any = None, use_cache: Any = None) -> Any:
        del use_cache
        return self.run(input_ids, cache)


class OlderName(Sums):
    """The argument as it was called before transformers 5.24."""

    kept = "past_key_values"

    def forward(
        self, input_ids: Any, past_key_values: Any = None, use_cache: Any = None
    ) -> Any:
        del use_cache
        return self.run(input_ids, past_key_values)


class RecurrentName(Sums):
    """The argument as RWKV calls it."""

    kept = "state"

    def forward(self, input_ids: Any, state: Any = None, use_cache: Any = None) -> Any:
        del use_cache
        return self.run(input_ids, state)


class Forgets(Sums):
    """Reads no cache."""

    def run(self, ids: Any, before: Any) -> Answer:
        del before
        return super().run(ids, None)


class Remembers(Sums):
    """Goes on from the call before where it is given no cache and one token."""

    def run(self, ids: Any, before: Any) -> Answer:
        one = ids.shape[1] == 1 and before is None
        return super().run(ids, self.left if one else before)


class Repeats(Sums):
    """Gives each token of a step twice."""

    def run(self, ids: Any, before: Any) -> Answer:
        answer = super().run(ids, before)
        if before is not None:
            answer.last_hidden_state = answer.last_hidden_state.repeat(1, 2, 1)
        return answer


class OtherName(Sums):
    """Takes a cache by a name that the probe does not know."""

    def forward(self, input_ids: Any, kept: Any = None, use_cache: Any = None) -> Any:
        del use_cache
        return self.run(input_ids, kept)


def ask(model: nn.Module) -> tuple[str, str]:
    settings = ProbeSettings(questions=("steps",), causal=True)
    (answer,) = examine(wrap(model), settings).answers
    return answer.kind, answer.text or answer.why


@pytest.mark.parametrize("maker", [Sums, OlderName, RecurrentName])
def test_steps_are_asked_by_each_name_of_a_cache(maker: type[Sums]) -> None:
    kind, _ = ask(maker())
    assert kind in {"same", "noise"}


def test_a_cache_that_is_not_read_is_a_leak() -> None:
    kind, text = ask(Forgets())
    assert kind == "leak"
    assert " of " in text


def test_what_an_earlier_call_left_behind_must_not_matter() -> None:
    assert ask(Remembers())[0] == "leak"


def test_steps_of_another_shape_are_a_leak_and_not_passed_over() -> None:
    kind, text = ask(Repeats())
    assert kind == "leak"
    assert "21, 6], one call [5, 11, 6]" in text


def test_a_cache_by_an_unknown_name_is_said_not_to_be_asked() -> None:
    kind, text = ask(OtherName())
    assert kind == "not asked"
    assert "no cache that is known" in text
