"""Flax modules that are wrong on purpose, linen's and nnx's, each with its right twin.

A block takes ``h [B, T, F]`` and ``mask [B, T]``; the line on which padding comes in
ends with ``# leak``.
"""

# mypy: disable-error-code="misc, import-not-found, untyped-decorator"

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen as nn
from flax import nnx
from wrong_jax import WIDTH, Case, mean, zeroed


class Window(nn.Module):
    wrong: bool = False

    @nn.compact
    def __call__(self, h: Any, mask: Any) -> Any:
        inner = h if self.wrong else zeroed(h, mask)
        return nn.tanh(nn.Conv(WIDTH, (3,), name="conv")(inner))  # leak


class Attend(nn.Module):
    wrong: bool = False

    @nn.compact
    def __call__(self, h: Any, mask: Any) -> Any:
        keep = None if self.wrong else mask[:, None, None]
        layer = nn.MultiHeadDotProductAttention(num_heads=2, name="attention")
        return h + layer(h, mask=keep)  # leak


class Pool(nn.Module):
    wrong: bool = False

    @nn.compact
    def __call__(self, h: Any, mask: Any) -> Any:
        pooled = mean(h, mask)
        if self.wrong:
            pooled = h.mean(1, keepdims=True)  # leak
        return h + nn.Dense(WIDTH)(pooled)


class Norm(nn.Module):
    """Group normalisation over channels and time."""

    wrong: bool = False

    @nn.compact
    def __call__(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return nn.GroupNorm(2, name="norm")(h)  # leak
        return nn.GroupNorm(2, reduction_axes=(-1,), name="norm")(h) + 0.0 * mean(
            h, mask
        )


class Both(nn.Module):
    """A bidirectional recurrence that is not told the lengths."""

    wrong: bool = False

    @nn.compact
    def __call__(self, h: Any, mask: Any) -> Any:
        cells = [nn.RNN(nn.GRUCell(3), name=f"rnn{at}") for at in (0, 1)]
        layer = nn.Bidirectional(*cells, name="both")
        lengths = None if self.wrong else mask.sum(1)
        return layer(h, seq_lengths=lengths)  # leak


class Turn(nn.Module):
    """One of many equal layers."""

    wrong: bool = False

    @nn.compact
    def __call__(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h + nn.Dense(WIDTH)(h.max(1, keepdims=True)), None  # leak
        return h + nn.Dense(WIDTH)(mean(h, mask)), None


class Scanned(nn.Module):
    """Equal layers in a scan."""

    wrong: bool = False

    @nn.compact
    def __call__(self, h: Any, mask: Any) -> Any:
        made = nn.scan(
            Turn,
            variable_axes={"params": 0},
            split_rngs={"params": True},
            in_axes=nn.broadcast,
            length=4,
        )
        return made(self.wrong, name="turn")(h, mask)[0]


class Trained(nn.Module):
    """Batch statistics: right outside training, wrong in it."""

    wrong: bool = False

    @nn.compact
    def __call__(self, h: Any, mask: Any, train: bool = False) -> Any:  # noqa: FBT001, FBT002
        del mask
        if self.wrong:
            return nn.BatchNorm(use_running_average=not train, name="norm")(h)  # leak
        return nn.LayerNorm(name="norm")(h)


class Stack(nn.Module):
    """A projection, then blocks one after the other."""

    blocks: tuple[Any, ...]

    @nn.compact
    def __call__(self, x: Any, mask: Any) -> Any:
        h = nn.Dense(WIDTH)(x)
        for at, each in enumerate(self.blocks):
            h = each(name=f"layer{at}")(h, mask)
        return h


class TrainedStack(nn.Module):
    """The same with a mode."""

    wrong: bool

    @nn.compact
    def __call__(self, x: Any, mask: Any, train: bool = False) -> Any:  # noqa: FBT001, FBT002
        h = nn.Dense(WIDTH)(x)
        h = Trained(self.wrong, name="layer0")(h, mask, train)
        return h + nn.Dropout(0.5, deterministic=not train)(h)


def linen(block: Any, seed: int, at: int, *, wrong: bool) -> Any:
    """Return a module bound to variables of a seed."""
    x, mask = jnp.ones((2, 7, 4)), jnp.ones((2, 7), bool)
    if block is Trained:
        model: Any = TrainedStack(wrong)
    else:
        blocks = [partial(each, wrong=False) for each in (Window, Attend, Pool)]
        blocks[at] = partial(block, wrong=wrong)
        model = Stack(tuple(blocks))
    return model.bind(jax.jit(model.init)(jax.random.PRNGKey(seed), x, mask))


def unbound(block: Any, seed: int, at: int, *, wrong: bool) -> Any:
    """Return a module without variables."""
    del seed
    blocks = [partial(each, wrong=False) for each in (Window, Attend, Pool)]
    blocks[at] = partial(block, wrong=wrong)
    return Stack(tuple(blocks))


class WindowX(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, *, wrong: bool) -> None:
        self.conv = nnx.Conv(WIDTH, WIDTH, (3,), rngs=rngs)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        inner = h if self.wrong else zeroed(h, mask)
        return jnp.tanh(self.conv(inner))  # leak


class AttendX(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, *, wrong: bool) -> None:
        self.attention = nnx.MultiHeadAttention(2, WIDTH, decode=False, rngs=rngs)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        keep = None if self.wrong else mask[:, None, None]
        return h + self.attention(h, mask=keep)  # leak


class PoolX(nnx.Module):
    def __init__(self, rngs: nnx.Rngs, *, wrong: bool) -> None:
        self.mix = nnx.Linear(WIDTH, WIDTH, rngs=rngs)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h + self.mix(h.sum(1, keepdims=True))  # leak
        return h + self.mix(mean(h, mask))


class TiedX(nnx.Module):
    """One layer used twice; the mask is forgotten the second time."""

    def __init__(self, rngs: nnx.Rngs, *, wrong: bool) -> None:
        self.conv = nnx.Conv(WIDTH, WIDTH, (3,), rngs=rngs)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        h = self.conv(zeroed(h, mask))
        if not self.wrong:
            h = zeroed(h, mask)
        return self.conv(h)  # leak


class StateX(nnx.Module):
    """Reads the state after padding."""

    def __init__(self, rngs: nnx.Rngs, *, wrong: bool) -> None:
        self.rnn = nnx.RNN(nnx.GRUCell(WIDTH, WIDTH, rngs=rngs), return_carry=True)
        self.wrong = wrong

    def __call__(self, h: Any, mask: Any) -> Any:
        lengths = None if self.wrong else mask.sum(1)
        state, _ = self.rnn(h, seq_lengths=lengths)  # leak
        return h + state[:, None]


class StackX(nnx.Module):
    def __init__(self, blocks: list[Any], rngs: nnx.Rngs) -> None:
        self.first = nnx.Linear(4, WIDTH, rngs=rngs)
        self.layers = nnx.List([each(rngs) for each in blocks])

    def __call__(self, x: Any, mask: Any) -> Any:
        h = self.first(x)
        for layer in self.layers:
            h = layer(h, mask)
        return h


def newest(block: Any, seed: int, at: int, *, wrong: bool) -> Any:
    """Return an nnx module."""
    blocks = [partial(each, wrong=False) for each in (WindowX, AttendX, PoolX)]
    blocks[at] = partial(block, wrong=wrong)
    return StackX(blocks, nnx.Rngs(seed))


LINEN = partial(Case, build=linen)
NNX = partial(Case, build=newest)
RIGHT = {"placements": ("right",)}

CASES: tuple[Case, ...] = (
    *(LINEN(block=Window, at=at, path=f"layer{at}.conv") for at in range(3)),
    LINEN(block=Attend, path="layer1.attention"),
    *(LINEN(block=Pool, at=at, path=f"layer{at}") for at in (0, 2)),
    LINEN(block=Norm, path="layer1.norm"),
    LINEN(block=Both, path="layer1.rnn1", said=RIGHT),
    LINEN(block=Scanned, path="layer1.turn", inner=Turn),
    LINEN(block=Trained, at=0, question="training", path="layer0.norm"),
    Case(block=Pool, build=unbound, path="layer1"),
    *(NNX(block=WindowX, at=at, path=f"layers.{at}.conv") for at in range(3)),
    NNX(block=AttendX, path="layers.1.attention"),
    *(NNX(block=PoolX, at=at, path=f"layers.{at}") for at in (0, 2)),
    NNX(block=TiedX, at=0, path="layers.0.conv"),
    NNX(block=StateX, at=2, path="layers.2.rnn", said=RIGHT),
)
