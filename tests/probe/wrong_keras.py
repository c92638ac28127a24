"""Keras layers and models that are wrong on purpose, each with its right twin.

A block takes ``h [B, T, F]`` and ``mask [B, T]``; ``wrong`` chooses which of the two it
is. The line on which padding comes in ends with ``# leak``. Models made of library
layers alone have no such line; there the layer counts.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import keras
from keras import layers, ops

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH = 6


class Block(layers.Layer):  # type: ignore[misc]
    """A block of a stack."""

    def __init__(self, *, wrong: bool, name: str) -> None:
        super().__init__(name=name)
        self.wrong = wrong
        self.make()

    def make(self) -> None:
        """Make the layers."""
        self.mix = layers.Dense(WIDTH, name="mix")


def zeroed(h: Any, mask: Any) -> Any:
    return ops.where(mask[..., None], h, ops.zeros((), dtype=h.dtype))


def hidden(h: Any, mask: Any) -> Any:
    return ops.where(mask[..., None], h, ops.full((), -1e4, dtype=h.dtype))


def counted(mask: Any, h: Any) -> Any:
    count = ops.sum(ops.cast(mask, h.dtype), axis=1)
    return ops.maximum(count, 1)[:, None, None]


def mean(h: Any, mask: Any) -> Any:
    return ops.sum(zeroed(h, mask), axis=1, keepdims=True) / counted(mask, h)


def order(mask: Any) -> Any:
    """Where the k-th valid position stands, for each row; padding comes last."""
    time = mask.shape[1]
    places = ops.arange(time)[None]
    return ops.argsort(ops.where(mask, places, places + time), axis=1)


def rank(mask: Any) -> Any:
    """The number of each position among the valid ones."""
    return ops.maximum(ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1, 0)


def taken(h: Any, at: Any) -> Any:
    """The positions of h, by number, ``[B, N]``."""
    return ops.take_along_axis(h, ops.cast(at, "int32")[..., None], axis=1)


def length(mask: Any) -> Any:
    return ops.sum(ops.cast(mask, "int32"), axis=1, keepdims=True)


class Conv(Block):
    def make(self) -> None:
        self.conv = layers.Conv1D(WIDTH, 3, padding="same", name="conv")

    def call(self, h: Any, mask: Any) -> Any:
        if not self.wrong:
            h = zeroed(h, mask)
        return ops.tanh(self.conv(h))  # leak


class Attention(Block):
    def make(self) -> None:
        self.qkv = layers.Dense(3 * WIDTH, name="qkv")

    def call(self, h: Any, mask: Any) -> Any:
        q, k, v = ops.split(self.qkv(h), 3, axis=-1)
        scores = ops.matmul(q, ops.transpose(k, (0, 2, 1)))
        if not self.wrong:
            scores = ops.where(mask[:, None], scores, ops.full((), -1e9, scores.dtype))
        weights = ops.softmax(scores, axis=-1)  # leak
        return h + ops.matmul(weights, v)


class Library(Block):
    """MultiHeadAttention without its mask."""

    def make(self) -> None:
        self.attention = layers.MultiHeadAttention(2, 3, name="attention")

    def call(self, h: Any, mask: Any) -> Any:
        keep = None if self.wrong else mask[:, None]
        return h + self.attention(h, h, attention_mask=keep)  # leak


class Mean(Block):
    def call(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h + self.mix(ops.mean(h, axis=1, keepdims=True))  # leak
        return h + self.mix(mean(h, mask))


class Count(Block):
    """Divides by T: padding is zero, and its number still counts."""

    def call(self, h: Any, mask: Any) -> Any:
        total = ops.sum(zeroed(h, mask), axis=1, keepdims=True)
        if self.wrong:
            return h + self.mix(total / h.shape[1])  # leak
        return h + self.mix(total / counted(mask, h))


class Batch(Block):
    """A statistic over the whole batch."""

    def call(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h - ops.mean(h, axis=(0, 1), keepdims=True)  # leak
        return h - mean(h, mask)


class LongestRow(Block):
    """Divides by the longest row of the batch."""

    def call(self, h: Any, mask: Any) -> Any:
        total = ops.sum(zeroed(h, mask), axis=1, keepdims=True)
        count = counted(mask, h)
        if self.wrong:
            count = count * 0 + ops.max(count, axis=0, keepdims=True)  # leak
        return h + self.mix(total / count)


class Neighbour(Block):
    """Rows read the next row of the batch."""

    def call(self, h: Any, mask: Any) -> Any:
        pooled = mean(h, mask)
        if self.wrong:
            pooled = ops.roll(pooled, 1, axis=0)  # leak
        return h + self.mix(pooled)


class Instance(Block):
    """Normalises each row over time."""

    def call(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h - ops.mean(h, axis=1, keepdims=True)  # leak
        gap = zeroed(h - mean(h, mask), mask)
        return gap / ops.sqrt(mean(gap * gap, mask) + 1e-5)


class Group(Block):
    """Group normalisation over channels and time."""

    def make(self) -> None:
        self.norm = layers.GroupNormalization(2, name="norm")

    def call(self, h: Any, mask: Any) -> Any:
        return self.norm(h) if self.wrong else zeroed(h, mask)  # leak


class Maximum(Block):
    def call(self, h: Any, mask: Any) -> Any:
        if not self.wrong:
            h = hidden(h, mask)
        top = ops.max(h, axis=1, keepdims=True)  # leak
        return h + self.mix(top)


class LogSum(Block):
    def call(self, h: Any, mask: Any) -> Any:
        inner = h if self.wrong else hidden(h, mask)
        return h + self.mix(ops.logsumexp(inner, axis=1, keepdims=True))  # leak


class Deviation(Block):
    def call(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h * ops.std(h, axis=1, keepdims=True)  # leak
        gap = zeroed(h - mean(h, mask), mask)
        return h * ops.sqrt(mean(gap * gap, mask))


class Reverse(Block):
    """The classic one: a padded row is reversed as a whole."""

    def call(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h + self.mix(ops.flip(h, axis=1))  # leak
        turned = ops.maximum(length(mask) - 1 - rank(mask), 0)
        places = ops.take_along_axis(order(mask), turned, axis=1)
        return h + self.mix(taken(h, places))


class Recurrent(Block):
    """A bidirectional layer without its mask: the way back begins in padding."""

    def make(self) -> None:
        inner = layers.SimpleRNN(3, return_sequences=True)
        self.rnn = layers.Bidirectional(inner, name="rnn")

    def call(self, h: Any, mask: Any) -> Any:
        return h + self.rnn(h, mask=None if self.wrong else mask)  # leak


class FinalState(Block):
    """Reads the state after padding."""

    def make(self) -> None:
        self.rnn = layers.GRU(WIDTH, name="rnn")

    def call(self, h: Any, mask: Any) -> Any:
        keep = None if self.wrong else mask
        return h + self.rnn(h, mask=keep)[:, None]  # leak


class Last(Block):
    def call(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h + self.mix(h[:, -1:])  # leak
        at = ops.maximum(length(mask) - 1, 0)
        return h + self.mix(taken(h, ops.take_along_axis(order(mask), at, axis=1)))


class Roll(Block):
    def call(self, h: Any, mask: Any) -> Any:
        inner = h if self.wrong else zeroed(h, mask)
        before = ops.pad(inner[:, 1:], ((0, 0), (0, 1), (0, 0)))
        if self.wrong:
            before = ops.roll(inner, -1, axis=1)  # leak
        return h + self.mix(before)


class Suffix(Block):
    """A sum over everything that follows."""

    def call(self, h: Any, mask: Any) -> Any:
        inner = h if self.wrong else zeroed(h, mask)
        total = ops.sum(inner, axis=1, keepdims=True)  # leak
        return h + total - ops.cumsum(inner, axis=1)


class Pool(Block):
    def make(self) -> None:
        self.pool = layers.AveragePooling1D(3, 1, "valid", name="pool")

    def call(self, h: Any, mask: Any) -> Any:
        inner = h if self.wrong else zeroed(h, mask)
        wide = ops.pad(inner, ((0, 0), (1, 1), (0, 0)))  # near
        return h + self.pool(wide)  # leak


class Tied(Block):
    """One layer used twice; the mask is forgotten the second time."""

    def make(self) -> None:
        self.conv = layers.Conv1D(WIDTH, 3, padding="same", name="conv")

    def call(self, h: Any, mask: Any) -> Any:
        h = self.conv(zeroed(h, mask))
        if not self.wrong:
            h = zeroed(h, mask)
        return self.conv(h)  # leak


class Inverted(Block):
    """Takes away what counts and keeps what does not."""

    def call(self, h: Any, mask: Any) -> Any:
        keep = ops.logical_not(mask) if self.wrong else mask
        scores = ops.where(keep, ops.mean(h, axis=-1), ops.full((), -1e4, h.dtype))
        weights = ops.softmax(scores, axis=1)[..., None]  # leak
        return h + ops.sum(weights * h, axis=1, keepdims=True)


class Shared(Block):
    """Counts positions over the batch, not over the row."""

    def call(self, h: Any, mask: Any) -> Any:
        every = ops.sum(ops.cast(mask, h.dtype))  # near
        count = every if self.wrong else counted(mask, h)
        total = ops.sum(zeroed(h, mask), axis=1, keepdims=True)
        return h + self.mix(total / count)  # leak


class Backward(Block):
    """Right forwards; its gradient goes to padding."""

    def call(self, h: Any, mask: Any) -> Any:
        pooled = mean(h, mask)
        if self.wrong:
            every = ops.mean(h, axis=1, keepdims=True)  # leak
            pooled = pooled + every - ops.stop_gradient(every)
        return h + self.mix(pooled)


class Custom(Block):
    """A gradient of its own that forgets the mask."""

    def call(self, h: Any, mask: Any) -> Any:
        @ops.custom_gradient  # type: ignore[untyped-decorator]
        def spread(h: Any) -> Any:
            def back(*given: Any, upstream: Any = None) -> Any:
                gradient = given[0] if upstream is None else upstream
                return ops.broadcast_to(gradient, h.shape)

            h = ops.where(mask[..., None], h, ops.zeros_like(h))  # leak
            return ops.sum(h, axis=1, keepdims=True), back

        if self.wrong:
            return h + self.mix(spread(h))  # leak
        return h + self.mix(ops.sum(zeroed(h, mask), axis=1, keepdims=True))


class Training(Block):
    """Batch statistics: right in evaluation, wrong in training."""

    def make(self) -> None:
        kind = layers.BatchNormalization if self.wrong else layers.LayerNormalization
        self.norm = kind(name="norm")

    def call(self, h: Any, mask: Any, training: Any = None) -> Any:
        if self.wrong:
            return self.norm(h, training=training)  # leak
        return self.norm(zeroed(h, mask))


class Positions(Block):
    """Numbers positions from the left edge, padding among them."""

    def call(self, h: Any, mask: Any) -> Any:
        number = rank(mask)
        if self.wrong:
            number = ops.arange(h.shape[1])[None]  # near
        return h + ops.sin(ops.cast(number, h.dtype))[..., None]  # leak


class First(Block):
    """Reads position 0."""

    def call(self, h: Any, mask: Any) -> Any:
        if self.wrong:
            return h + self.mix(h[:, :1])  # leak
        return h + self.mix(taken(h, order(mask)[:, :1]))


class Ignored(Block):
    """Does not read its mask at all."""

    def call(self, h: Any, mask: Any) -> Any:
        scores = ops.mean(h, axis=-1)
        if not self.wrong:
            scores = ops.where(mask, scores, ops.full((), -1e4, h.dtype))
        weights = ops.softmax(scores, axis=1)[..., None]  # leak
        return h + ops.sum(weights * h, axis=1, keepdims=True)


class Stack(keras.Model):  # type: ignore[misc]
    """A projection, then blocks one after the other."""

    def __init__(self, blocks: list[Block], glue: str = "") -> None:
        super().__init__()
        self.first = layers.Dense(WIDTH, name="first")
        self.blocks = blocks
        self.glue = glue

    def call(self, x: Any, mask: Any) -> Any:
        h = self.first(x)
        for block in self.blocks:
            h = block(h, mask)
            if self.glue == "wrong":
                h = h - ops.mean(h, axis=1, keepdims=True)  # glue
            elif self.glue:
                h = h - mean(h, mask)
        return h


def masked_features(*behind: Callable[[], Any]) -> Any:
    """Return a model that finds its mask itself, by Masking."""
    first = [keras.Input((None, 4)), layers.Masking(), layers.Dense(WIDTH)]
    return keras.Sequential([*first, *(make() for make in behind)])


def masked_ids(*behind: Callable[[], Any]) -> Any:
    """Return a model that finds its mask itself, by its embedding."""
    first = layers.Embedding(29, WIDTH, mask_zero=True)
    return keras.Sequential([first, *(make() for make in behind)])


def convolve() -> Any:
    return layers.Conv1D(WIDTH, 3, padding="same", name="conv")


def recur() -> Any:
    return layers.GRU(WIDTH, return_sequences=True, name="rnn")


def negative_square(h: Any) -> Any:
    return -ops.square(h)


def sink() -> Any:
    """Return a layer after which padding is larger than any content."""
    return layers.Dense(WIDTH, activation=negative_square, use_bias=False)


def average() -> Any:
    return layers.GlobalAveragePooling1D(name="pool")


def maximum() -> Any:
    return layers.GlobalMaxPooling1D(name="pool")


def functional(*, wrong: bool) -> Any:
    """Return a model whose graph has an operation that is no layer."""
    x = keras.Input((None, 4))
    h = layers.Dense(WIDTH)(layers.Masking()(x))
    pooled = ops.mean(h, axis=1) if wrong else layers.GlobalAveragePooling1D()(h)
    return keras.Model(x, layers.Dense(3)(pooled))


def nested(*, wrong: bool) -> Any:
    """Return a model in a model; the inner one loses the mask."""
    kind = convolve if wrong else recur
    inner = keras.Sequential([kind()], name="inner")
    x = keras.Input((None, 4))
    h = inner(layers.Dense(WIDTH)(layers.Masking()(x)))
    return keras.Model(x, h)


def attending(*, wrong: bool) -> Any:
    """Return a model whose attention gets its mask by propagation, or not."""
    x = keras.Input((None, 4))
    masked = layers.Masking()(x)
    h = layers.Dense(WIDTH)(x if wrong else masked)
    out = layers.MultiHeadAttention(2, 3, name="attention")(h, h)
    return keras.Model(x, layers.Add()([out, layers.Dense(WIDTH)(masked)]))


MODELS: dict[str, tuple[Callable[[], Any], Callable[[], Any], str]] = {
    "masking-convolution": (
        lambda: masked_features(convolve, average),
        lambda: masked_features(recur, average),
        "conv",
    ),
    "masking-maximum": (
        lambda: masked_features(sink, maximum),
        lambda: masked_features(sink, average),
        "pool",
    ),
    "embedding-convolution": (
        lambda: masked_ids(convolve),
        lambda: masked_ids(recur),
        "conv",
    ),
    "functional-operation": (
        lambda: functional(wrong=True),
        lambda: functional(wrong=False),
        "mean",
    ),
    "nested": (lambda: nested(wrong=True), lambda: nested(wrong=False), "inner/conv"),
    "attention": (
        lambda: attending(wrong=True),
        lambda: attending(wrong=False),
        "attention",
    ),
}
"""Models of library layers: wrong, right, and the layer where padding comes in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A wrong model and its twin.

    Attributes:
        block: What is wrong; None for a model of library layers.
        model: The name of that model.
        at: In which layer of three.
        question: A question that must find it; empty is any.
        path: The layer where it must be placed, below the block.
        placed: Whether a place is asked for.
        near: Whether a line marked ``near`` is right too.
        said: What is said of the model.
        between: Whether only "between A and B" can be said.
        glue: Whether the leak stands between the blocks.
    """

    block: type[Block] | None = None
    model: str = ""
    at: int = 1
    question: str = ""
    path: str = ""
    placed: bool = True
    near: bool = False
    said: dict[str, Any] = field(default_factory=dict)
    between: bool = False
    glue: bool = False

    @property
    def name(self) -> str:
        if self.block is None:
            return self.model or "glue"
        return f"{self.block.__name__}-{('first', 'middle', 'last')[self.at]}"

    def make(self, seed: int, *, wrong: bool) -> Any:
        keras.utils.set_random_seed(seed)
        if self.model:
            right, twin, _ = MODELS[self.model]
            return right() if wrong else twin()
        blocks: list[Block] = [
            Conv(wrong=False, name="b0"),
            Mean(wrong=False, name="b1"),
        ]
        if self.glue:
            return Stack(blocks, "wrong" if wrong else "right")
        blocks.append(Mean(wrong=False, name="b2"))
        if self.block is not None:
            blocks[self.at] = self.block(wrong=wrong, name=f"b{self.at}")
        return Stack(blocks)

    @property
    def module(self) -> str:
        if self.model:
            return MODELS[self.model][2]
        if self.glue:
            return ""
        return f"b{self.at}/{self.path}" if self.path else f"b{self.at}"

    @property
    def lines(self) -> list[int]:
        if self.model:
            return [0]
        source, start = inspect.getsourcelines(self.block or Stack)
        marks: tuple[str, ...] = ("# glue",) if self.glue else ("# leak",)
        marks += ("# near",) if self.near else ()
        return [
            at for at, line in enumerate(source, start) if line.rstrip().endswith(marks)
        ]


LEFT = {"placements": ("left",)}

CASES: tuple[Case, ...] = (
    *(Case(block=Conv, at=at, path="conv") for at in range(3)),
    Case(block=Attention),
    Case(block=Library, path="attention", at=0),
    Case(block=Mean, at=2),
    Case(block=Count, question="more-padding"),
    Case(block=Batch, question="beside"),
    Case(block=LongestRow, question="alone"),
    Case(block=Neighbour, question="order"),
    Case(block=Instance),
    Case(block=Group, path="norm"),
    Case(block=Maximum),
    Case(block=LogSum),
    Case(block=Deviation),
    Case(block=Reverse),
    Case(block=Recurrent, path="rnn"),
    Case(block=FinalState, path="rnn", at=2),
    Case(block=Last),
    Case(block=Roll),
    Case(block=Suffix),
    Case(block=Pool, path="pool", near=True),
    Case(block=Tied, path="conv"),
    Case(block=Inverted),
    Case(block=Shared, question="alone", near=True),
    Case(block=Backward, at=0, question="gradient"),
    Case(block=Backward, at=2, question="parameter-gradient"),
    # It closes over the mask: on JAX it is found and has no place (docs/probe.md).
    *(
        Case(block=Custom, at=at, question=question)
        for at, question in ((0, "gradient"), (1, "parameter-gradient"))
        if keras.config.backend() != "jax"
    ),
    Case(block=Training, question="training", path="norm"),
    Case(block=Positions, question="left", said=LEFT, near=True),
    Case(block=First, question="left", said=LEFT),
    Case(block=Ignored, at=0, question="other-numbers"),
    Case(glue=True),
    *(Case(model=name) for name in MODELS),
)
