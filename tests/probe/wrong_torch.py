"""Torch modules that are wrong on purpose, each with its right twin.

A block takes ``h [B, T, F]`` and ``mask [B, T]``; ``wrong`` chooses which of the two it
is. The line on which padding comes in ends with ``# leak``.
"""

# mypy: disable-error-code="misc, no-any-return"
from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as f

WIDTH = 6


class Block(nn.Module):
    """A block of a stack."""

    def __init__(self, *, wrong: bool) -> None:
        super().__init__()
        self.wrong = wrong
        self.build()

    def build(self) -> None:
        """Make the parameters."""
        self.mix = nn.Linear(WIDTH, WIDTH)


def zeroed(h: Tensor, mask: Tensor) -> Tensor:
    return torch.where(mask[..., None], h, torch.zeros((), dtype=h.dtype))


def counted(mask: Tensor, h: Tensor) -> Tensor:
    return mask.sum(1).to(h.dtype)[:, None, None].clamp(min=1)


def order(mask: Tensor) -> Tensor:
    """Where the k-th valid position stands, for each row; padding comes last."""
    return torch.sort(~mask, dim=1, stable=True).indices


def rank(mask: Tensor) -> Tensor:
    """The number of each position among the valid ones."""
    return (mask.cumsum(1) - 1).clamp(min=0)


def taken(h: Tensor, at: Tensor) -> Tensor:
    """The positions of h, by number, ``[B, N]``."""
    return h.gather(1, at[..., None].expand(-1, -1, h.shape[-1]))


def last(mask: Tensor) -> Tensor:
    """The last valid position of each row, ``[B, 1]``."""
    return order(mask).gather(1, (mask.sum(1, keepdim=True) - 1).clamp(min=0))


class Conv(Block):
    def build(self) -> None:
        self.conv = nn.Conv1d(WIDTH, WIDTH, 3, padding=1)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if not self.wrong:
            h = zeroed(h, mask)
        return torch.tanh(self.conv(h.transpose(1, 2)).transpose(1, 2))  # leak


class ZeroConv(Block):
    """Starts as the identity: a random model hides what it does."""

    def build(self) -> None:
        self.conv = nn.Conv1d(WIDTH, WIDTH, 3, padding=1)
        nn.init.zeros_(self.conv.weight)
        nn.init.zeros_(self.conv.bias)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        inner = h if self.wrong else zeroed(h, mask)
        return h + self.conv(inner.transpose(1, 2)).transpose(1, 2)  # leak


class Attention(Block):
    def build(self) -> None:
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.qkv(h).chunk(3, -1)
        scores = q @ k.transpose(1, 2)
        if not self.wrong:
            scores = scores.masked_fill(~mask[:, None], torch.finfo(h.dtype).min)
        weights = scores.softmax(-1)  # leak
        return h + weights @ v


class Fused(Block):
    """Scaled dot-product attention with heads, its mask forgotten."""

    def build(self) -> None:
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        rows, time, _ = h.shape
        q, k, v = self.qkv(h).view(rows, time, 3, 2, 3).permute(2, 0, 3, 1, 4)
        keep = None if self.wrong else mask[:, None, None]
        out = f.scaled_dot_product_attention(q, k, v, attn_mask=keep)  # leak
        return h + out.transpose(1, 2).reshape(rows, time, WIDTH)


class Library(Block):
    """torch.nn.MultiheadAttention without its key_padding_mask."""

    def build(self) -> None:
        self.attention = nn.MultiheadAttention(WIDTH, 2, batch_first=True)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        hidden = None if self.wrong else ~mask
        out, _ = self.attention(h, h, h, key_padding_mask=hidden)  # leak
        return h + out


class Soft(Block):
    """An additive mask that is too small to take anything away."""

    def build(self) -> None:
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.qkv(h).chunk(3, -1)
        least = -5.0 if self.wrong else torch.finfo(h.dtype).min
        out = (1 - mask[:, None].to(h.dtype)) * least
        scores = q @ k.transpose(1, 2) * 0.1 + out
        return h + scores.softmax(-1) @ v  # leak


class Mean(Block):
    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return h + self.mix(h.mean(1, keepdim=True))  # leak
        return h + self.mix(zeroed(h, mask).sum(1, keepdim=True) / counted(mask, h))


class Count(Block):
    """Divides by T: padding is zero, and its number still counts."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        total = zeroed(h, mask).sum(1, keepdim=True)
        if self.wrong:
            return h + self.mix(total / h.shape[1])  # leak
        return h + self.mix(total / counted(mask, h))


class Logarithm(Block):
    """Scales by the logarithm of T, as some attentions do."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        count = counted(mask, h)
        if self.wrong:
            count = torch.full_like(count, h.shape[1])  # leak
        return h + self.mix(h) * torch.log(count)


class Batch(Block):
    """A statistic over the whole batch."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return h - h.mean((0, 1), keepdim=True)  # leak
        return h - zeroed(h, mask).sum(1, keepdim=True) / counted(mask, h)


class LongestRow(Block):
    """Divides by the longest row of the batch."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        total = zeroed(h, mask).sum(1, keepdim=True)
        count = counted(mask, h)
        if self.wrong:
            count = count.amax(0, keepdim=True).expand_as(count)  # leak
        return h + self.mix(total / count)


class Neighbour(Block):
    """Rows read the next row of the batch."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        pooled = zeroed(h, mask).sum(1, keepdim=True) / counted(mask, h)
        if self.wrong:
            pooled = pooled.roll(1, 0)  # leak
        return h + self.mix(pooled)


class Instance(Block):
    """Normalises each row over time."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return f.instance_norm(h.transpose(1, 2)).transpose(1, 2)  # leak
        count = counted(mask, h)
        mean = zeroed(h, mask).sum(1, keepdim=True) / count
        gap = zeroed(h - mean, mask)
        return gap * torch.rsqrt((gap * gap).sum(1, keepdim=True) / count + 1e-5)


class Group(Block):
    """Group normalisation over channels and time."""

    def build(self) -> None:
        self.norm = nn.GroupNorm(2, WIDTH)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return self.norm(h.transpose(1, 2)).transpose(1, 2)  # leak
        return zeroed(h, mask)


class Maximum(Block):
    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if not self.wrong:
            h = h.masked_fill(~mask[..., None], -1e4)
        top = h.amax(1, keepdim=True)  # leak
        return h + self.mix(top)


class LogSum(Block):
    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        inner = h if self.wrong else h.masked_fill(~mask[..., None], -1e9)
        return h + self.mix(inner.logsumexp(1, keepdim=True))  # leak


class Deviation(Block):
    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return h * h.std(1, keepdim=True)  # leak
        count = counted(mask, h)
        mean = zeroed(h, mask).sum(1, keepdim=True) / count
        gap = zeroed(h - mean, mask)
        return h * torch.sqrt((gap * gap).sum(1, keepdim=True) / count)


class Median(Block):
    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return h + h.median(1, keepdim=True).values  # leak
        hidden = h.masked_fill(~mask[..., None], float("nan"))
        return h + hidden.nanmedian(1, keepdim=True).values.nan_to_num()


class TopK(Block):
    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        inner = h if self.wrong else h.masked_fill(~mask[..., None], -1e9)
        return h + inner.topk(2, dim=1).values.sum(1, keepdim=True)  # leak


class Reverse(Block):
    """The classic one: a padded row is reversed as a whole."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return h + self.mix(h.flip(1))  # leak
        turned = (mask.sum(1, keepdim=True) - 1 - rank(mask)).clamp(min=0)
        return h + self.mix(taken(h, order(mask).gather(1, turned)))


class Recurrent(Block):
    """A bidirectional layer: its way back begins in padding."""

    def build(self) -> None:
        self.rnn = nn.GRU(WIDTH, 3, batch_first=True, bidirectional=True)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return self.rnn(h)[0]  # leak
        lengths = mask.sum(1).clamp(min=1)
        packed = nn.utils.rnn.pack_padded_sequence(
            taken(h, order(mask)), lengths, batch_first=True, enforce_sorted=False
        )
        out, _ = nn.utils.rnn.pad_packed_sequence(
            self.rnn(packed)[0], batch_first=True, total_length=h.shape[1]
        )
        return taken(out, rank(mask))


class FinalState(Block):
    """Reads the state after padding."""

    def build(self) -> None:
        self.rnn = nn.LSTM(WIDTH, WIDTH, batch_first=True)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return h + self.rnn(h)[1][0][0][:, None]  # leak
        out, _ = self.rnn(taken(h, order(mask)))
        count = (mask.sum(1, keepdim=True) - 1).clamp(min=0)
        return h + taken(out, count)


class Loop(Block):
    """A recurrence by hand, whose state goes on over padding."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        state = torch.zeros_like(h[:, 0])
        for time in range(h.shape[1]):
            fresh = torch.tanh(self.mix(state) + h[:, time])  # near
            if not self.wrong:
                fresh = torch.where(mask[:, time, None], fresh, state)
            state = fresh  # leak
        return h + state[:, None]


class Last(Block):
    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return h + self.mix(h[:, -1:])  # leak
        return h + self.mix(taken(h, last(mask)))


class InPlace(Block):
    """Adds the next position in place."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        h = h.clone() if self.wrong else zeroed(h, mask).clone()
        h[:, :-1] += h[:, 1:].clone()  # leak
        return h


class Roll(Block):
    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        inner = h if self.wrong else zeroed(h, mask)
        before = f.pad(inner[:, 1:], (0, 0, 0, 1))
        if self.wrong:
            before = inner.roll(-1, 1)  # leak
        return h + self.mix(before)


class Suffix(Block):
    """A sum over everything that follows."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        inner = h if self.wrong else zeroed(h, mask)
        return h + inner.sum(1, keepdim=True) - inner.cumsum(1)  # leak


class Fourier(Block):
    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return h + torch.fft.fft(h, dim=1).real  # leak
        return h + zeroed(h, mask).sum(1, keepdim=True)


class Window(Block):
    """Windows by unfold."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        inner = h if self.wrong else zeroed(h, mask)
        wide = f.pad(inner, (0, 0, 1, 1)).unfold(1, 3, 1)  # near
        return torch.tanh(wide.sum(-1))  # leak


class Pool(Block):
    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        inner = h if self.wrong else zeroed(h, mask)
        return h + f.avg_pool1d(inner.transpose(1, 2), 3, 1, 1).transpose(1, 2)  # leak


class Tied(Block):
    """One layer used twice; the mask is forgotten the second time."""

    def build(self) -> None:
        self.conv = nn.Conv1d(WIDTH, WIDTH, 3, padding=1)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        h = self.conv(zeroed(h, mask).transpose(1, 2)).transpose(1, 2)
        if not self.wrong:
            h = zeroed(h, mask)
        return self.conv(h.transpose(1, 2)).transpose(1, 2)  # leak


class Mapped(Block):
    """A mean under vmap."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        def one(row: Tensor, keep: Tensor) -> Tensor:
            if self.wrong:
                return row - row.mean(0)  # leak
            row = torch.where(keep[:, None], row, torch.zeros((), dtype=row.dtype))
            return row - row.sum(0) / keep.sum().clamp(min=1)

        return torch.vmap(one)(h, mask)


class Squeeze(Block):
    """Loses the axis of rows where there is one row only."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        weights = h.mean(-1).masked_fill(~mask, -1e9)
        if self.wrong and h.shape[0] == 1:
            return h + weights.squeeze().softmax(0).mean() * h.sum((1, 2))  # leak
        return h + (weights.softmax(1)[..., None] * h).sum(1, keepdim=True)


class Inverted(Block):
    """Takes away what counts and keeps what does not."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        scores = h.mean(-1).masked_fill(mask if self.wrong else ~mask, -1e9)
        return h + (scores.softmax(1)[..., None] * h).sum(1, keepdim=True)  # leak


class Shared(Block):
    """Counts positions over the batch, not over the row."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        count = mask.sum().to(h.dtype) if self.wrong else counted(mask, h)  # near
        return h + self.mix(zeroed(h, mask).sum(1, keepdim=True) / count)  # leak


class Compiled(Block):
    """Forgets its mask where it is compiled."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:  # leak
        scores = h.mean(-1)
        if not (self.wrong and torch.compiler.is_compiling()):
            scores = scores.masked_fill(~mask, -1e9)
        return h + (scores.softmax(1)[..., None] * h).sum(1, keepdim=True)


class Backward(Block):
    """Right forwards; its gradient goes to padding."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        mean = zeroed(h, mask).sum(1, keepdim=True) / counted(mask, h)
        if self.wrong:
            every = h.mean(1, keepdim=True)  # leak
            mean = mean + every - every.detach()
        return h + self.mix(mean)


class Spread(torch.autograd.Function):
    """A sum over what counts, whose own way back forgets the mask."""

    @staticmethod
    def forward(ctx: Any, h: Tensor, mask: Tensor) -> Tensor:
        ctx.time = mask.shape[1]
        return (h * mask[..., None]).sum(1, keepdim=True)  # leak

    @staticmethod
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor, None]:
        return given[0].expand(-1, ctx.time, -1).clone(), None


class OwnBackward(Block):
    """Right forwards; a function with a derivative of its own gives it to padding."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return h + self.mix(Spread.apply(h, mask))
        return h + self.mix(zeroed(h, mask).sum(1, keepdim=True))


class Training(Block):
    """Batch statistics: right in evaluation, wrong in training."""

    def build(self) -> None:
        self.norm: nn.Module = (
            nn.BatchNorm1d(WIDTH) if self.wrong else nn.LayerNorm(WIDTH)
        )

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if not self.wrong:
            return self.norm(zeroed(h, mask))
        return self.norm(h.transpose(1, 2)).transpose(1, 2)  # leak


class Positions(Block):
    """Numbers positions from the left edge, padding among them."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        number = torch.arange(h.shape[1])[None].expand(mask.shape)
        if not self.wrong:
            number = (mask.cumsum(1) - 1).clamp(min=0)
        return h + torch.sin(number[..., None].to(h.dtype))  # leak


class First(Block):
    """Reads position 0."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if self.wrong:
            return h + self.mix(h[:, :1])  # leak
        return h + self.mix(taken(h, order(mask)[:, :1]))


class Before(Block):
    """A causal convolution: safe on the right, not on the left."""

    def build(self) -> None:
        self.conv = nn.Conv1d(WIDTH, WIDTH, 3)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        inner = h if self.wrong else zeroed(h, mask)
        wide = f.pad(inner.transpose(1, 2), (2, 0))
        return torch.tanh(self.conv(wide).transpose(1, 2))  # leak


class Ignored(Block):
    """Does not read its mask at all."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        scores = h.mean(-1)
        if not self.wrong:
            scores = scores.masked_fill(~mask, -1e9)
        return h + (scores.softmax(1)[..., None] * h).sum(1, keepdim=True)  # leak


class EmptyRow(Block):
    """An empty row's NaN reaches the others by a sum over the batch that is zero."""

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        least = float("-inf") if self.wrong else -1e9
        weights = h.mean(-1).masked_fill(~mask, least).softmax(1)
        pooled = (weights[..., None] * zeroed(h, mask)).sum(1, keepdim=True)
        return h + pooled + 0 * pooled.sum(0, keepdim=True)  # leak


class Strided(Block):
    """Halves the length."""

    def build(self) -> None:
        self.conv = nn.Conv1d(WIDTH, WIDTH, 3, stride=2, padding=1)

    def forward(self, h: Tensor, mask: Tensor) -> Tensor:
        if not self.wrong:
            h = zeroed(h, mask)
        return self.conv(h.transpose(1, 2)).transpose(1, 2)  # leak


class Stack(nn.Module):
    """A projection, then blocks one after the other."""

    def __init__(self, blocks: list[Block], glue: str = "") -> None:
        super().__init__()
        self.first = nn.Linear(4, WIDTH)
        self.layers = nn.ModuleList(blocks)
        self.glue = glue

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        h = self.first(x)
        for layer in self.layers:
            h = layer(h, mask)
            if self.glue == "wrong":
                h = h - h.mean(1, keepdim=True)  # glue
            elif self.glue:
                h = h - zeroed(h, mask).sum(1, keepdim=True) / counted(mask, h)
        return h


class Words(nn.Module):
    """A stack on ids."""

    def __init__(self, block: Block) -> None:
        super().__init__()
        self.embedding = nn.Embedding(31, WIDTH)
        self.layers = nn.ModuleList([block])

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        h = self.embedding(input_ids)
        for layer in self.layers:
            h = layer(h, attention_mask.bool())
        return h.mul(attention_mask[..., None]).sum(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A wrong module and its twin.

    Attributes:
        block: What is wrong.
        at: In which layer of three.
        question: A question that must find it; empty is any.
        path: The module where it must be placed, below the layer.
        placed: Whether a place is asked for.
        near: Whether a line marked ``near`` is right too.
        between: Whether only "between A and B" can be said.
        said: What is said of the model.
        kind: ``stack``, ``words`` or ``glue``.
    """

    block: type[Block]
    at: int = 1
    question: str = ""
    path: str = ""
    placed: bool = True
    near: bool = False
    between: bool = False
    said: dict[str, Any] = field(default_factory=dict)
    kind: str = "stack"

    @property
    def name(self) -> str:
        where = ("first", "middle", "last")[self.at]
        return f"{self.block.__name__}-{where}" + f"-{self.kind}" * (
            self.kind != "stack"
        )

    def make(self, seed: int, *, wrong: bool) -> nn.Module:
        torch.manual_seed(seed)
        if self.kind == "words":
            return Words(self.block(wrong=wrong)).eval()
        if self.kind == "glue":
            blocks: list[Block] = [Conv(wrong=False), Attention(wrong=False)]
            return Stack(blocks, "wrong" if wrong else "right").eval()
        blocks = [Conv(wrong=False), Attention(wrong=False), Mean(wrong=False)]
        blocks[self.at] = self.block(wrong=wrong)
        if self.block is Strided:
            blocks = blocks[: self.at + 1]
        return Stack(blocks).eval()

    @property
    def module(self) -> str:
        if self.kind == "glue":
            return ""
        layer = "layers.0" if self.kind == "words" else f"layers.{self.at}"
        return f"{layer}.{self.path}" if self.path else layer

    @property
    def lines(self) -> list[int]:
        kind: type = Stack if self.kind == "glue" else self.block
        kind = Spread if kind is OwnBackward else kind
        source, start = inspect.getsourcelines(kind)
        marks: tuple[str, ...] = ("# glue",) if self.kind == "glue" else ("# leak",)
        marks += ("# near",) if self.near else ()
        return [
            at for at, line in enumerate(source, start) if line.rstrip().endswith(marks)
        ]


LEFT = {"placements": ("left",)}

CASES: tuple[Case, ...] = (
    *(Case(block=Conv, at=at, path="conv") for at in range(3)),
    *(Case(block=Attention, at=at) for at in range(3)),
    *(Case(block=Mean, at=at) for at in range(3)),
    *(Case(block=Reverse, at=at) for at in range(3)),
    *(Case(block=Count, at=at, question="more-padding") for at in range(3)),
    Case(block=ZeroConv, path="conv"),
    Case(block=Fused),
    Case(block=Library, path="attention"),
    Case(block=Soft),
    Case(block=Logarithm, question="alone"),
    Case(block=Batch, question="beside"),
    Case(block=LongestRow, question="alone"),
    Case(block=Neighbour, question="order"),
    Case(block=Instance),
    Case(block=Group, path="norm"),
    Case(block=Maximum),
    Case(block=LogSum),
    Case(block=Deviation),
    Case(block=Median),
    Case(block=TopK),
    Case(block=Recurrent, path="rnn"),
    Case(block=Recurrent, path="rnn", at=2),
    Case(block=FinalState, path="rnn"),
    Case(block=Loop, at=0, near=True),
    Case(block=Loop, near=True, between=True),
    Case(block=Last),
    Case(block=InPlace),
    Case(block=Roll),
    Case(block=Suffix),
    Case(block=Fourier),
    Case(block=Window, near=True),
    Case(block=Pool),
    Case(block=Tied, path="conv"),
    Case(block=Mapped),
    Case(block=Squeeze, question="alone", between=True),
    Case(block=Inverted),
    Case(block=Shared, question="alone", near=True),
    Case(block=Compiled, said={"routes": ("eager", "compiled")}),
    Case(block=Backward, at=0, question="gradient"),
    *(Case(block=Backward, at=at, question="parameter-gradient") for at in (1, 2)),
    Case(block=OwnBackward, question="parameter-gradient"),
    Case(block=Training, question="training", path="norm"),
    Case(block=Positions, question="left", said=LEFT),
    Case(block=First, question="left", said=LEFT),
    Case(block=Before, at=0, path="conv", question="left-numbers", said=LEFT),
    Case(block=Ignored, at=0, question="other-numbers"),
    Case(block=EmptyRow, question="empty-row"),
    Case(block=Strided, path="conv", at=2),
    Case(block=Mean, kind="glue"),
    Case(block=Mean, kind="words", at=0, question="other-numbers"),
    Case(block=Conv, kind="words", at=0, path="conv"),
)
