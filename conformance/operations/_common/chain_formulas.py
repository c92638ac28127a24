"""A linear chain over an array namespace, with a place for each fault.

Written for mutants: the right chain is the one without a fault.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from conformance.operations._common.arrays import (
    MASKS,
    fill_empty_rows,
    lengths,
    read_mask,
    widen,
)

_RAW = frozenset(
    ("multiplies", "raw-steps", "score-of-padding", "partition-of-padding")
)
"""The faults that step over what stands at padding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What a row's paths are scored with, widened.

    Attributes:
        emissions: ``[B, T, K]``.
        keep: ``[B, T]``.
        transitions: ``[K, K]``.
        start: ``[K]``.
        end: ``[K]``.
        path: Tags as ones among zeros, ``[B, T, K]``, boolean, if there is one.
    """

    emissions: Any
    keep: Any
    transitions: Any
    start: Any
    end: Any
    path: Any = None

    def change(self, **changes: Any) -> Chain:
        """Return the chain with some attributes changed."""
        return Chain(
            **{each.name: getattr(self, each.name) for each in fields(self)} | changes
        )

    def turn(self, xp: Any) -> Chain:
        """Return the chain from its end, with transitions from the next to the one."""
        return self.change(
            emissions=xp.flip(self.emissions, axis=1),
            keep=xp.flip(self.keep, axis=1),
            transitions=self.transitions.T,
            start=self.end,
            end=self.start,
        )


def read_chain(  # noqa: PLR0917 - the operations have as many arguments
    xp: Any,
    emissions: Any,
    mask: Any,
    transitions: Any,
    start: Any,
    end: Any,
    *,
    fault: str,
) -> Chain:
    """Return the chain of an operation's arguments; start and end may be None."""
    keep = change_mask(xp, emissions, mask, fault)
    moves = widen(xp, transitions)
    chain = Chain(
        emissions=clean_emissions(xp, emissions, keep, fault),
        keep=keep,
        transitions=moves,
        start=xp.zeros_like(moves[0]) if start is None else widen(xp, start),
        end=xp.zeros_like(moves[0]) if end is None else widen(xp, end),
    )
    if fault == "frozen-transitions":
        chain = chain.change(transitions=moves.detach())
    return chain


def change_mask(xp: Any, emissions: Any, mask: Any, fault: str) -> Any:
    """Return the mask as booleans, changed where the fault is the mask's."""
    keep = read_mask(xp, emissions, mask)
    if fault in MASKS:
        return MASKS[fault][0](xp, keep)
    if fault == "empty-row-is-full":
        return fill_empty_rows(xp, keep)
    if fault == "bitwise" and mask is not None:
        return ~mask == 0
    if fault == "int8":
        count = xp.astype(lengths(xp, keep), xp.int8)
        return xp.arange(keep.shape[1])[None] < xp.astype(count, xp.int32)
    if fault == "baked":
        return _bake_lengths(xp, emissions, keep)
    return keep


def clean_emissions(xp: Any, emissions: Any, keep: Any, fault: str) -> Any:
    """Return the emissions, widened, zero at padding unless the fault is theirs."""
    if fault == "writes-its-input":
        emissions[~keep] = 0
    if fault == "reads-memory":
        emissions = emissions.ravel(order="K").reshape(emissions.shape)
    found = widen(xp, emissions)
    if fault == "no-nan":
        found = xp.where(xp.isnan(found), xp.zeros_like(found), found)
    if fault == "mask-on-emissions-only":
        return found * xp.astype(keep[..., None], found.dtype)
    if fault in _RAW:
        return found
    return xp.where(keep[..., None], found, 0.0)


@dataclass(slots=True, kw_only=True)
class Messages:
    """The sums over all paths up to each position, tag by tag.

    Attributes:
        arrived: Without the position's own emission, a ``[B, K]`` for each position.
        reached: With it.
        last: What the last valid position was reached with, ``[B, K]``.
        begun: Which rows have a valid position, ``[B, 1]``.
    """

    arrived: list[Any]
    reached: list[Any]
    last: Any
    begun: Any


def walk(xp: Any, chain: Chain, fault: str) -> Messages:
    """Return what each position is reached with."""
    reached = chain.emissions[:, 0] * 0 if chain.keep.shape[1] else chain.start[None]
    reached = xp.where(chain.keep[:, :1], reached, xp.zeros_like(reached))
    begun = xp.zeros_like(chain.keep[:, 0])[:, None]
    found = Messages(arrived=[], reached=[], last=reached, begun=begun)
    for t in range(chain.keep.shape[1]):
        here = chain.keep[:, t, None]
        if fault == "mask-on-emissions-only":
            here = xp.ones_like(here)
        now = chain.emissions[:, t]
        steps = reached[:, :, None] + chain.transitions
        first = 0 * chain.start if fault == "no-start" else chain.start
        if fault == "start-at-zero":
            first = first * (t == 0)
        follows = begun
        if fault == "resets-behind-gaps" and t:
            follows = begun & chain.keep[:, t - 1, None]
        if fault == "raw-steps":  # inside the sum, where NaN has a NaN derivative
            new = log_sum(xp, steps + now[:, None], fault)
            arrived = new
        else:
            arrived = log_sum(xp, steps, fault)
            if fault == "start-at-every-step":
                arrived = arrived + chain.start
            new = arrived + now
        arrived = xp.where(follows, arrived, first)
        new = xp.where(
            follows, new, first if fault == "no-first-emission" else first + now
        )
        if fault == "multiplies":
            share = xp.astype(here, new.dtype)
            reached = new * share + reached * (1 - share)
        else:
            reached = xp.where(here, new, reached)
        if fault == "decays-at-padding":
            reached = xp.where(here, reached, reached * 0.5)
        begun = begun | here
        found.arrived.append(arrived)
        found.reached.append(reached)
    found.last, found.begun = reached, begun
    return found


def partition(xp: Any, chain: Chain, fault: str) -> Any:
    """Return the log of the sum over all paths, ``[B]``, 0 for an empty row."""
    walked = walk(xp, chain, fault)
    end = 0 * chain.end if fault == "no-end" else chain.end
    if fault == "end-at-the-edge":
        end = xp.where(chain.keep[:, -1:], end, 0 * end)
    whole = log_sum(xp, (walked.last + end)[:, :, None], fault)[:, 0]
    return xp.where(walked.begun[:, 0], whole, 0.0)


def log_sum(xp: Any, scores: Any, fault: str) -> Any:
    """Return log sum exp over axis 1."""
    top = xp.max(scores, axis=1, keepdims=True)
    if fault == "partition-of-its-maximum":
        return top[:, 0]
    # Nothing but impossible paths sums up to nothing.
    top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    if fault == "no-maximum-subtracted":
        top = xp.zeros_like(top)
    power = xp.sum(xp.exp(scores - top), axis=1)
    if fault == "epsilon":
        power = power + 1e-4
    return xp.log(power) + top[:, 0]


def finish(xp: Any, found: Any, keep: Any, fault: str) -> Any:
    """Return an answer for each row, changed where the fault is the answer's."""
    if fault == "negative":
        return -found
    if fault == "divides-by-length":
        number = lengths(xp, keep)[:, 0]
        return found / xp.astype(xp.where(number > 0, number, 1), found.dtype)
    if fault == "divides-by-time":
        return found / keep.shape[1]
    if fault == "batch-mean":
        return found * 0 + xp.mean(found)
    if fault == "probability":
        return xp.exp(found)
    return found


def _bake_lengths(xp: Any, emissions: Any, keep: Any) -> Any:
    try:
        known = [int(number) for number in lengths(xp, keep)[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [emissions.shape[1]] * emissions.shape[0]
    return xp.arange(emissions.shape[1])[None] < xp.asarray(known)[:, None]
