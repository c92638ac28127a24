"""Equinox modules that are wrong on purpose, each with its right twin.

A block takes one row, ``h [T, F]`` and ``mask [T]``, as Equinox' layers do; the line on
which padding comes in ends with ``# leak``.
"""

# mypy: disable-error-code="misc, import-not-found"

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from wrong_jax import WIDTH, Case


def zeroed(h: Any, mask: Any) -> Any:
    return jnp.where(mask[:, None], h, 0.0)


def mean(h: Any, mask: Any) -> Any:
    return zeroed(h, mask).sum(0) / jnp.maximum(mask.sum(), 1)


class Window(eqx.Module):
    conv: eqx.nn.Conv1d
    wrong: bool = eqx.field(static=True)

    def __init__(self, key: Any, *, wrong: bool) -> None:
        self.conv = eqx.nn.Conv1d(WIDTH, WIDTH, 3, padding=1, key=key)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        inner = h if self.wrong else zeroed(h, mask)
        return jnp.tanh(self.conv(inner.T).T)  # leak


class Attend(eqx.Module):
    attention: eqx.nn.MultiheadAttention
    wrong: bool = eqx.field(static=True)

    def __init__(self, key: Any, *, wrong: bool) -> None:
        self.attention = eqx.nn.MultiheadAttention(2, WIDTH, key=key)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        time = h.shape[0]
        keep = None if self.wrong else jnp.broadcast_to(mask, (time, time))
        return h + self.attention(h, h, h, mask=keep)  # leak


class Pool(eqx.Module):
    mix: eqx.nn.Linear
    wrong: bool = eqx.field(static=True)

    def __init__(self, key: Any, *, wrong: bool) -> None:
        self.mix = eqx.nn.Linear(WIDTH, WIDTH, key=key)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h + self.mix(h.mean(0))  # leak
        return h + self.mix(mean(h, mask))


class Norm(eqx.Module):
    """Group normalisation over channels and time."""

    norm: eqx.nn.GroupNorm
    wrong: bool = eqx.field(static=True)

    def __init__(self, key: Any, *, wrong: bool) -> None:
        del key
        self.norm = eqx.nn.GroupNorm(2, WIDTH)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return self.norm(h.T).T  # leak
        return h + mean(h, mask)


class Recurrent(eqx.Module):
    """A cell in a scan whose state goes on over padding."""

    cell: eqx.nn.GRUCell
    wrong: bool = eqx.field(static=True)

    def __init__(self, key: Any, *, wrong: bool) -> None:
        self.cell = eqx.nn.GRUCell(WIDTH, WIDTH, key=key)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        def turn(state: Any, each: Any) -> Any:
            value, keep = each
            fresh = self.cell(value, state)
            if not self.wrong:
                fresh = jnp.where(keep, fresh, state)
            return fresh, None

        state, _ = jax.lax.scan(turn, jnp.zeros(WIDTH), (h, mask))  # leak
        return h + state


class Stack(eqx.Module):
    """A projection, then blocks one after the other, for one row."""

    first: eqx.nn.Linear
    layers: list[Any]

    def __init__(self, blocks: list[Any], key: Any) -> None:
        keys = jax.random.split(key, 4)
        self.first = eqx.nn.Linear(4, WIDTH, key=keys[3])
        self.layers = [
            each(k, wrong=w) for (each, w), k in zip(blocks, keys, strict=False)
        ]

    def __call__(self, x: Any, mask: Any) -> Any:
        h = jax.vmap(self.first)(x)
        for layer in self.layers:
            h = layer(h, mask)
        return h


class Batched(eqx.Module):
    """The same for a batch."""

    stack: Stack

    def __call__(self, x: Any, mask: Any) -> Any:
        return jax.vmap(self.stack)(x, mask)


def row(block: Any, seed: int, at: int, *, wrong: bool) -> Stack:
    """Return a module for one row."""
    blocks = [(each, False) for each in (Window, Attend, Pool)]
    blocks[at] = (block, wrong)
    return Stack(blocks, jax.random.PRNGKey(seed))


def whole(block: Any, seed: int, at: int, *, wrong: bool) -> Batched:
    """Return a module for a batch."""
    return Batched(row(block, seed, at, wrong=wrong))


CASES: tuple[Case, ...] = (
    Case(block=Window, build=row, at=0, path="layers.0.conv"),
    Case(block=Window, build=whole, at=1, path="stack.layers.1.conv"),
    Case(block=Window, build=row, at=2, path="layers.2.conv"),
    Case(block=Attend, build=whole, at=1, path="stack.layers.1.attention"),
    Case(block=Pool, build=row, at=0, path="layers.0"),
    Case(block=Pool, build=whole, at=2, path="stack.layers.2"),
    Case(block=Norm, build=row, at=1, path="layers.1.norm"),
    Case(block=Recurrent, build=row, at=2, path="layers.2"),
)
