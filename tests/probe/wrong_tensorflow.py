"""TensorFlow modules and functions that are wrong on purpose, each with its twin.

The line on which padding comes in ends with ``# leak``.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 6


def zeroed(h: Any, mask: Any) -> Any:
    return tf.where(mask[..., None], h, tf.zeros_like(h))


def counted(h: Any, mask: Any) -> Any:
    count = tf.reduce_sum(tf.cast(mask, h.dtype), 1)
    return tf.maximum(count, 1)[:, None, None]


class Dense(tf.Module):  # type: ignore[misc]
    """A layer by hand."""

    def __init__(self, seed: int, inputs: int = WIDTH) -> None:
        super().__init__()
        self.w = tf.Variable(
            tf.random.stateless_normal([inputs, WIDTH], [seed, 1]) * 0.5
        )
        self.b = tf.Variable(tf.random.stateless_normal([WIDTH], [seed, 2]))

    def __call__(self, h: Any) -> Any:
        return tf.einsum("btf,fg->btg", h, self.w) + self.b


class Block(tf.Module):  # type: ignore[misc]
    """A block of a stack."""

    def __init__(self, seed: int, *, wrong: bool) -> None:
        super().__init__()
        self.wrong = wrong
        self.mix = Dense(seed)
        self.kernel = tf.Variable(
            tf.random.stateless_normal([3, WIDTH, WIDTH], [seed, 3]) * 0.5
        )


class Conv(Block):
    def __call__(self, h: Any, mask: Any) -> Any:
        inner = h if self.wrong else zeroed(h, mask)
        return self.mix(tf.nn.conv1d(inner, self.kernel, 1, "SAME"))  # leak


class Mean(Block):
    def __call__(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h + self.mix(tf.reduce_mean(h, 1, keepdims=True))  # leak
        total = tf.reduce_sum(zeroed(h, mask), 1, keepdims=True)
        return h + self.mix(total / counted(h, mask))


class Count(Block):
    def __call__(self, h: Any, mask: Any) -> Any:
        total = tf.reduce_sum(zeroed(h, mask), 1, keepdims=True)
        if self.wrong:
            return h + self.mix(total / h.shape[1])  # leak
        return h + self.mix(total / counted(h, mask))


class Reverse(Block):
    def __call__(self, h: Any, mask: Any) -> Any:
        lengths = tf.reduce_sum(tf.cast(mask, tf.int32), 1)
        if self.wrong:
            return h + self.mix(tf.reverse(h, [1]))  # leak
        return h + self.mix(tf.reverse_sequence(h, lengths, seq_axis=1))


class Maximum(Block):
    def __call__(self, h: Any, mask: Any) -> Any:
        if not self.wrong:
            h = tf.where(mask[..., None], h, tf.constant(-1e4, h.dtype))
        return h + self.mix(tf.reduce_max(h, 1, keepdims=True))  # leak


class Graph(Block):
    """A mean inside a tf.function."""

    @tf.function  # type: ignore[untyped-decorator]
    def pool(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return tf.reduce_mean(h, 1, keepdims=True)
        total = tf.reduce_sum(zeroed(h, mask), 1, keepdims=True)
        return total / counted(h, mask)

    def __call__(self, h: Any, mask: Any) -> Any:
        return h + self.mix(self.pool(h, mask))  # leak


class Backward(Block):
    """Right forwards; its gradient goes to padding."""

    def __call__(self, h: Any, mask: Any) -> Any:
        pooled = tf.reduce_sum(zeroed(h, mask), 1, keepdims=True) / counted(h, mask)
        if self.wrong:
            every = tf.reduce_mean(h, 1, keepdims=True)  # leak
            pooled = pooled + every - tf.stop_gradient(every)
        return h + self.mix(pooled)


class Custom(Block):
    """A gradient of its own that forgets the mask."""

    def __call__(self, h: Any, mask: Any) -> Any:
        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def spread(h: Any) -> Any:
            total = tf.reduce_sum(zeroed(h, mask), 1, keepdims=True)
            return total, lambda g: tf.broadcast_to(g, h.shape)

        if self.wrong:
            return h + self.mix(spread(h))  # leak
        return h + self.mix(tf.reduce_sum(zeroed(h, mask), 1, keepdims=True))


class Table(Block):
    """A weight whose gradient takes in what stands at padding."""

    def __call__(self, h: Any, mask: Any) -> Any:
        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def product(h: Any, w: Any) -> Any:
            def back(g: Any) -> Any:
                every = tf.ones_like(g) * tf.reduce_sum(g, 1, keepdims=True)
                whole = tf.einsum("btf,btg->fg", h, every)
                return tf.einsum("btg,fg->btf", g, w), whole

            return tf.einsum("btf,fg->btg", h, w), back

        if self.wrong:
            out = product(h, self.mix.w)  # leak
        else:
            out = tf.einsum("btf,fg->btg", h, self.mix.w)
        return zeroed(h + out, mask)


class Stack(tf.Module):  # type: ignore[misc]
    """A projection, then blocks one after the other."""

    def __init__(self, blocks: list[Block]) -> None:
        super().__init__()
        self.first = Dense(9, 4)
        self.blocks = blocks

    def __call__(self, x: Any, mask: Any) -> Any:
        h = self.first(x)
        for block in self.blocks:
            h = block(h, mask)
        return h


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A wrong module and its twin.

    Attributes:
        block: What is wrong.
        at: In which layer of two.
        question: A question that must find it; empty is any.
        said: What is said of the model.
        between: Whether only "between A and B" can be said.
        placed: Whether a place is asked for.
    """

    block: type[Block]
    at: int = 1
    question: str = ""
    said: dict[str, Any] = field(default_factory=dict)
    between: bool = False
    placed: bool = True

    @property
    def name(self) -> str:
        return f"{self.block.__name__}-{self.at}"

    @property
    def module(self) -> str:
        return f"blocks.{self.at}"

    @property
    def lines(self) -> list[int]:
        source, start = inspect.getsourcelines(self.block)
        return [
            at
            for at, line in enumerate(source, start)
            if line.rstrip().endswith("# leak")
        ]

    def make(self, seed: int, *, wrong: bool) -> Callable[..., Any]:
        blocks: list[Block] = [Conv(seed, wrong=False), Mean(seed + 1, wrong=False)]
        blocks[self.at] = self.block(seed + 2, wrong=wrong)
        return Stack(blocks)


CASES: tuple[Case, ...] = (
    Case(block=Conv, at=0),
    Case(block=Conv),
    Case(block=Mean),
    Case(block=Mean, at=0),
    Case(block=Count, question="more-padding"),
    Case(block=Reverse, said={"placements": ("right",)}),
    Case(block=Maximum, at=0),
    Case(block=Graph),
    Case(block=Backward, at=0, question="gradient"),
    Case(block=Backward, question="parameter-gradient"),
    Case(block=Custom, at=0, question="gradient"),
    Case(block=Custom, question="parameter-gradient"),
    Case(block=Table, at=0, question="parameter-gradient"),
)
