"""JAX functions that are wrong on purpose, each with its right twin.

A block takes ``h [B, T, F]``, ``mask [B, T]``, a matrix, and whether it is wrong. The
line on which padding comes in ends with ``# leak``.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 6
DIMS = ("NWC", "WIO", "NWC")
LEFT = {"placements": ("left",)}
COMPILED = {
    "routes": ("eager", "compiled"),
    "questions": ("other-numbers", "more-padding", "compiled"),
}
"""What is not the same when it is traced is called without tracing: that is slow."""


def zeroed(h: Any, mask: Any) -> Any:
    return jnp.where(mask[..., None], h, 0.0)


def counted(mask: Any) -> Any:
    return jnp.maximum(mask.sum(1), 1)[:, None, None]


def mean(h: Any, mask: Any) -> Any:
    return zeroed(h, mask).sum(1, keepdims=True) / counted(mask)


def order(mask: Any) -> Any:
    """Where the k-th valid position stands, for each row; padding comes last."""
    return jnp.argsort(~mask, axis=1, stable=True)


def rank(mask: Any) -> Any:
    return jnp.maximum(jnp.cumsum(mask, 1) - 1, 0)


def taken(h: Any, at: Any) -> Any:
    return jnp.take_along_axis(h, at[..., None], axis=1)


def last(mask: Any) -> Any:
    at = jnp.maximum(mask.sum(1, keepdims=True) - 1, 0)
    return jnp.take_along_axis(order(mask), at, axis=1)


def window(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    inner = h if wrong else zeroed(h, mask)
    kernel = jnp.stack([w, w.T, -w])
    convolve = partial(lax.conv_general_dilated, dimension_numbers=DIMS)
    return jnp.tanh(convolve(inner, kernel, (1,), "SAME"))  # leak


def attention(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    scores = (h @ w) @ jnp.swapaxes(h, 1, 2)
    if not wrong:
        scores = jnp.where(mask[:, None], scores, -1e9)
    return h + jax.nn.softmax(scores) @ h  # leak


def average(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    if wrong:
        return h + h.mean(1, keepdims=True) @ w  # leak
    return h + mean(h, mask) @ w


def count(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """Divides by T: padding is zero, and its number still counts."""
    total = zeroed(h, mask).sum(1, keepdims=True)
    if wrong:
        return h + (total / h.shape[1]) @ w  # leak
    return h + (total / counted(mask)) @ w


def batch(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    if wrong:
        return (h - h.mean((0, 1))) @ w  # leak
    return (h - mean(h, mask)) @ w


def longest(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """Divides by the longest row of the batch."""
    number = counted(mask)
    if wrong:
        number = jnp.max(number, axis=0)  # leak
    return h + (zeroed(h, mask).sum(1, keepdims=True) / number) @ w  # leak


def neighbour(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    pooled = mean(h, mask)
    if wrong:
        pooled = jnp.roll(pooled, 1, axis=0)  # leak
    return h + pooled @ w


def reverse(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """The classic one: a padded row is reversed as a whole."""
    if wrong:
        return h + h[:, ::-1] @ w  # leak
    turned = jnp.maximum(mask.sum(1, keepdims=True) - 1 - rank(mask), 0)
    return h + taken(h, jnp.take_along_axis(order(mask), turned, axis=1)) @ w


def first(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    if wrong:
        return h + h[:, :1] @ w  # leak
    return h + taken(h, order(mask)[:, :1]) @ w


def final(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    if wrong:
        return h + h[:, -1:] @ w  # leak
    return h + taken(h, last(mask)) @ w


def positions(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    number = jnp.broadcast_to(jnp.arange(h.shape[1]), mask.shape)
    if not wrong:
        number = rank(mask)
    return h @ w + jnp.sin(number[..., None].astype(h.dtype))  # leak


def maximum(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    inner = h if wrong else jnp.where(mask[..., None], h, -1e9)
    return h + inner.max(1, keepdims=True) @ w  # leak


def suffix(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    inner = h if wrong else zeroed(h, mask)
    return h + lax.cumsum(inner, axis=1, reverse=True) @ w  # leak


def instance(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    if wrong:
        return jax.nn.standardize(h, axis=1) @ w  # leak
    gap = zeroed(h - mean(h, mask), mask)
    return gap / jnp.sqrt((gap * gap).sum(1, keepdims=True) / counted(mask) + 1e-5) @ w


def recurrent(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """A scan over time whose state goes on over padding."""

    def turn(state: Any, each: Any) -> Any:
        value, keep = each
        fresh = jnp.tanh(state @ w + value)
        if not wrong:
            fresh = jnp.where(keep[:, None], fresh, state)
        return fresh, fresh

    steps = (jnp.swapaxes(h, 0, 1), mask.T)
    state, _ = lax.scan(turn, jnp.zeros_like(h[:, 0]), steps)  # leak
    return h + state[:, None]


def backwards(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """A scan from the end, which begins in padding."""

    def turn(state: Any, each: Any) -> Any:
        value, keep = each
        fresh = jnp.tanh(state @ w + value)
        if not wrong:
            fresh = jnp.where(keep[:, None], fresh, 0.0)
        return fresh, fresh

    steps = (jnp.swapaxes(h, 0, 1), mask.T)
    _, out = lax.scan(turn, jnp.zeros_like(h[:, 0]), steps, reverse=True)  # leak
    return jnp.swapaxes(out, 0, 1)


def scanned(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """A scan over layers; each takes a mean."""

    def layer(h: Any, w: Any) -> Any:
        if wrong:
            return h + h.mean(1, keepdims=True) @ w, None  # leak
        return h + mean(h, mask) @ w, None

    return lax.scan(layer, h, jnp.stack([w, w.T, -w, w * w]))[0]


def mapped(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """A mean under vmap."""

    def one(row: Any, keep: Any) -> Any:
        if wrong:
            return row - row.mean(0) @ w  # leak
        kept = jnp.where(keep[:, None], row, 0.0)
        return row - (kept.sum(0) / jnp.maximum(keep.sum(), 1)) @ w

    return jax.vmap(one)(h, mask)


@partial(jax.jit, static_argnames="wrong")
def _compiled(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    if wrong:
        return h + h.sum(1, keepdims=True) @ w  # leak
    return h + zeroed(h, mask).sum(1, keepdims=True) @ w


def nested(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """A compiled function inside, called twice and recomputed in the gradient."""
    h = jax.checkpoint(partial(_compiled, wrong=False))(h, mask, w)
    return jax.checkpoint(partial(_compiled, wrong=wrong))(h, mask, w)


def lonely(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """Forgets its mask where there is one row only."""
    scores = (h @ w).mean(-1)
    if not (wrong and h.shape[0] == 1):
        scores = jnp.where(mask, scores, -1e9)
    weights = jax.nn.softmax(scores, axis=1)
    if wrong and h.shape[0] == 1:
        weights = weights / 2  # leak
    return h + (weights[..., None] * h).sum(1, keepdims=True)


def traced(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """Forgets its mask where it is compiled."""
    scores = (h @ w).mean(-1)
    if not (wrong and isinstance(h, jax.core.Tracer)):
        scores = jnp.where(mask, scores, -1e9)
    return h + (jax.nn.softmax(scores, axis=1)[..., None] * h).sum(1, keepdims=True)


def backward(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """Right forwards; its gradient goes to padding."""
    pooled = mean(h, mask)
    if wrong:
        every = h.mean(1, keepdims=True)  # leak
        pooled = pooled + every - lax.stop_gradient(every)
    return h + pooled @ w


@jax.custom_vjp  # type: ignore[untyped-decorator]
def _spread(h: Any, mask: Any) -> Any:
    return mean(h, mask)


_spread.defvjp(
    lambda h, mask: (mean(h, mask), (h, mask)),
    lambda kept, g: (jnp.broadcast_to(g / kept[0].shape[1], kept[0].shape), None),
)


def custom(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """A derivative of its own that forgets the mask."""
    return h + (_spread(h, mask) if wrong else mean(h, mask)) @ w  # leak


def ignored(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    scores = (h @ w).mean(-1)
    if not wrong:
        scores = jnp.where(mask, scores, -1e9)
    weights = jax.nn.softmax(scores, axis=1)  # leak
    return h + (weights[..., None] * h).sum(1, keepdims=True)


def shrunk(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """Halves the length by windows."""
    inner = (h if wrong else zeroed(h, mask)) @ w
    beside = ((0, 0), (1, 1), (0, 0))
    return lax.reduce_window(inner, 0.0, lax.add, (1, 3, 1), (1, 2, 1), beside)  # leak


def parity(h: Any, mask: Any, w: Any, *, wrong: bool) -> Any:
    """Halves the length by windows, which begin elsewhere where T is even."""
    inner = zeroed(h, mask) @ w
    beside = "SAME" if wrong else ((0, 0), (1, 1), (0, 0))
    return lax.reduce_window(inner, 0.0, lax.add, (1, 3, 1), (1, 2, 1), beside)  # leak


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A wrong model and its twin.

    Attributes:
        block: What is wrong; its source has the lines.
        build: Makes a model of a seed, a layer's number and wrong or right.
        at: In which layer.
        question: A question that must find it; empty is any.
        path: The module where it must be placed.
        placed: Whether a place is asked for.
        between: Whether only "between A and B" can be said: one run has operations
            that the other has not.
        said: What is said of the model.
        inner: A function whose source has the lines, where it is not the block's.
    """

    block: Any
    build: Callable[..., Any]
    at: int = 1
    question: str = ""
    path: str = ""
    placed: bool = True
    between: bool = False
    said: dict[str, Any] = field(default_factory=dict)
    inner: Any = None

    @property
    def name(self) -> str:
        where = ("first", "middle", "last")[self.at]
        return f"{self.build.__name__}-{self.block.__name__}-{where}"

    def make(self, seed: int, *, wrong: bool) -> Any:
        return self.build(self.block, seed, self.at, wrong=wrong)

    @property
    def module(self) -> str:
        return self.path

    @property
    def lines(self) -> list[int]:
        source, start = inspect.getsourcelines(self.inner or self.block)
        marks = [line.rstrip().endswith("# leak") for line in source]
        return [at for at, mark in enumerate(marks, start) if mark]


def stack(block: Any, seed: int, at: int, *, wrong: bool) -> Any:
    """Return a function: a projection, then blocks one after the other."""
    random = np.random.default_rng(seed)
    first = jnp.asarray(random.standard_normal((4, WIDTH)), jnp.float32)
    shape = (3, WIDTH, WIDTH)
    weights = jnp.asarray(random.standard_normal(shape) * 0.4, jnp.float32)
    blocks = [partial(each, wrong=False) for each in (window, attention, average)]
    blocks[at] = partial(block, wrong=wrong)
    if block in {shrunk, parity}:
        blocks = blocks[: at + 1]

    def model(x: Any, mask: Any) -> Any:
        h = x @ first
        for number, each in enumerate(blocks):
            h = each(h, mask, weights[number])
        return h

    return model


def words(block: Any, seed: int, at: int, *, wrong: bool) -> Any:
    """Return a function of ids."""
    del at
    random = np.random.default_rng(seed)
    table = jnp.asarray(random.standard_normal((31, WIDTH)), jnp.float32)
    w = jnp.asarray(random.standard_normal((WIDTH, WIDTH)) * 0.4, jnp.float32)

    def model(input_ids: Any, attention_mask: Any) -> Any:
        mask = attention_mask.astype(bool)
        h = block(table[input_ids], mask, w, wrong=wrong)
        return zeroed(h, mask).sum(1)

    return model


EACH = partial(Case, build=stack)

CASES: tuple[Case, ...] = (
    *(EACH(block=window, at=at) for at in range(3)),
    *(EACH(block=attention, at=at) for at in range(3)),
    *(EACH(block=average, at=at) for at in range(3)),
    EACH(block=count, question="more-padding"),
    EACH(block=batch),
    EACH(block=longest, question="alone"),
    EACH(block=neighbour),
    EACH(block=reverse, at=0),
    EACH(block=reverse, at=2),
    EACH(block=first, question="left", said=LEFT),
    EACH(block=final),
    EACH(block=positions, at=0, question="left", said=LEFT),
    EACH(block=maximum, at=2),
    EACH(block=suffix),
    EACH(block=instance),
    EACH(block=recurrent, at=2),
    EACH(block=backwards),
    EACH(block=scanned),
    EACH(block=mapped),
    EACH(block=nested, inner=_compiled),
    EACH(block=lonely, at=0, question="alone", between=True),
    EACH(block=traced, placed=False, said=COMPILED),
    EACH(block=backward, at=0, question="gradient"),
    EACH(block=custom, at=0, question="gradient"),
    EACH(block=ignored, at=0, question="other-numbers"),
    EACH(block=shrunk, at=0),
    EACH(block=parity, at=0, question="alone"),
    Case(
        block=average,
        build=words,
        question="other-numbers",
        said={"vocabulary": 31, "kind": "ids"},
    ),
)
