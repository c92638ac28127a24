"""Haiku functions that are wrong on purpose, each with its right twin.

A block takes ``h [B, T, F]`` and ``mask [B, T]``; the line on which padding comes in
ends with ``# leak``.
"""

# mypy: disable-error-code="misc, import-not-found"

from __future__ import annotations

from typing import Any

import haiku as hk
import jax.numpy as jnp
from wrong_jax import WIDTH, Case, mean, zeroed


class Window(hk.Module):
    def __init__(self, name: str, *, wrong: bool) -> None:
        super().__init__(name=name)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        inner = h if self.wrong else zeroed(h, mask)
        return jnp.tanh(hk.Conv1D(WIDTH, 3, name="conv")(inner))  # leak


class Attend(hk.Module):
    def __init__(self, name: str, *, wrong: bool) -> None:
        super().__init__(name=name)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        start = hk.initializers.RandomNormal()
        attention = hk.MultiHeadAttention(
            2, 3, w_init=start, model_size=WIDTH, name="heads"
        )
        keep = None if self.wrong else mask[:, None, None]
        return h + attention(h, h, h, mask=keep)  # leak


class Pool(hk.Module):
    def __init__(self, name: str, *, wrong: bool) -> None:
        super().__init__(name=name)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        mix = hk.Linear(WIDTH, name="mix")
        if self.wrong:
            return h + mix(h.mean(1, keepdims=True))  # leak
        return h + mix(mean(h, mask))


class Norm(hk.Module):
    """Group normalisation over channels and time."""

    def __init__(self, name: str, *, wrong: bool) -> None:
        super().__init__(name=name)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return hk.GroupNorm(2, name="norm")(h)  # leak
        return h + mean(h, mask)


class Recurrent(hk.Module):
    """A state that goes on over padding."""

    def __init__(self, name: str, *, wrong: bool) -> None:
        super().__init__(name=name)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        cell = hk.GRU(WIDTH, name="cell")

        def turn(each: Any, state: Any) -> tuple[Any, Any]:
            value, keep = each
            _, fresh = cell(value, state)
            if not self.wrong:
                fresh = jnp.where(keep[:, None], fresh, state)
            return fresh, fresh

        steps = (jnp.swapaxes(h, 0, 1), mask.T)
        start = cell.initial_state(h.shape[0])
        _, state = hk.dynamic_unroll(turn, steps, start)  # leak
        return h + state[:, None]


class Last(hk.Module):
    def __init__(self, name: str, *, wrong: bool) -> None:
        super().__init__(name=name)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h + hk.Linear(WIDTH, name="mix")(h[:, -1:])  # leak
        return h + hk.Linear(WIDTH, name="mix")(mean(h, mask))


class Stack(hk.Module):
    """A projection, then blocks one after the other."""

    def __init__(self, blocks: list[tuple[Any, bool]]) -> None:
        super().__init__(name="stack")
        self.blocks = blocks

    def __call__(self, x: Any, mask: Any) -> Any:
        h = hk.Linear(WIDTH, name="first")(x)
        for number, (block, wrong) in enumerate(self.blocks):
            h = block(f"layer{number}", wrong=wrong)(h, mask)
        return h


def _function(block: Any, at: int, *, wrong: bool) -> Any:
    blocks = [(each, False) for each in (Window, Attend, Pool)]
    blocks[at] = (block, wrong)

    def model(x: Any, mask: Any) -> Any:
        return Stack(blocks)(x, mask)

    return model


def pure(block: Any, seed: int, at: int, *, wrong: bool) -> Any:
    """Return what ``hk.transform`` gives."""
    del seed
    return hk.transform(_function(block, at, wrong=wrong))


def stateful(block: Any, seed: int, at: int, *, wrong: bool) -> Any:
    """Return what ``hk.transform_with_state`` gives."""
    del seed
    return hk.transform_with_state(_function(block, at, wrong=wrong))


CASES: tuple[Case, ...] = (
    Case(block=Window, build=pure, at=0, path="stack.layer0.conv"),
    Case(block=Window, build=stateful, at=2, path="stack.layer2.conv"),
    Case(block=Attend, build=pure, path="stack.layer1.heads"),
    Case(block=Pool, build=pure, at=0, path="stack.layer0"),
    Case(block=Pool, build=stateful, path="stack.layer1"),
    Case(block=Norm, build=pure, path="stack.layer1.norm"),
    Case(block=Recurrent, build=pure, at=2, path="stack.layer2"),
    Case(block=Last, build=pure, path="stack.layer1"),
)
