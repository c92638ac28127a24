"""The chain over an array namespace, with a place for each fault.

Written for mutants: the right likelihood is the one without a fault.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.operations._common.arrays import (
    MASKS,
    all_true,
    fill_empty_rows,
    lengths,
    read_mask,
    widen,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What a row's path is scored with, widened.

    Attributes:
        emissions: ``[B, T, K]``.
        path: Tags as ones among zeros, ``[B, T, K]``, boolean.
        keep: ``[B, T]``.
        transitions: ``[K, K]``.
        start: ``[K]``.
        end: ``[K]``.
    """

    emissions: Any
    path: Any
    keep: Any
    transitions: Any
    start: Any
    end: Any


def correct(  # noqa: PLR0917 - the operation has as many arguments
    xp: Any,
    emissions: Any,
    tags: Any,
    mask: Any,
    transitions: Any,
    start: Any,
    end: Any,
) -> Any:
    """Return the log-likelihood of each row's path, 0 for an empty row."""
    return likelihood(xp, emissions, tags, mask, transitions, start, end)


def likelihood(  # noqa: PLR0917 - as above
    xp: Any,
    emissions: Any,
    tags: Any,
    mask: Any,
    transitions: Any,
    start: Any,
    end: Any,
    *,
    fault: str = "",
) -> Any:
    """Return the log-likelihood; ``fault`` names what is wrong with it."""
    keep = change_mask(xp, emissions, mask, fault)
    chain = Chain(
        emissions=_clean(xp, emissions, keep, fault),
        path=_path(xp, tags, keep, start, fault),
        keep=keep,
        transitions=widen(xp, transitions),
        start=widen(xp, start),
        end=widen(xp, end),
    )
    if fault == "frozen-transitions":
        chain = _replace(chain, transitions=chain.transitions.detach())
    scored = parted = chain
    if fault == "score-of-padding":
        scored = _replace(chain, keep=all_true(xp, keep))
    if fault == "partition-of-padding":
        parted = _replace(chain, keep=all_true(xp, keep))
    if fault == "transposed":
        scored = _replace(chain, transitions=chain.transitions.T)
    found = _score(xp, scored, fault) - _partition(xp, parted, fault)
    return xp.astype(_finish(xp, found, keep, fault), emissions.dtype)


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


def _replace(chain: Chain, **changes: Any) -> Chain:
    names = ("emissions", "path", "keep", "transitions", "start", "end")
    return Chain(**{**{name: getattr(chain, name) for name in names}, **changes})


def _clean(xp: Any, emissions: Any, keep: Any, fault: str) -> Any:
    if fault == "writes-its-input":
        emissions[~keep] = 0
    if fault == "reads-memory":
        emissions = emissions.ravel(order="K").reshape(emissions.shape)
    found = widen(xp, emissions)
    if fault == "no-nan":
        found = xp.where(xp.isnan(found), xp.zeros_like(found), found)
    if fault == "mask-on-emissions-only":
        return found * xp.astype(keep[..., None], found.dtype)
    raw = {"multiplies", "raw-steps", "score-of-padding", "partition-of-padding"}
    if fault in raw:
        return found
    return xp.where(keep[..., None], found, 0.0)


def _path(xp: Any, tags: Any, keep: Any, start: Any, fault: str) -> Any:
    labels = tags if fault == "reads-padding-tags" else xp.where(keep, tags, 0)
    if fault == "tag-zero-is-padding":
        keep &= tags != 0
    if fault == "reads-padding-tags":
        # A gather refuses what is no tag.
        return start[labels][..., None] * 0 == (
            xp.astype(labels[..., None] != xp.arange(start.shape[0]), start.dtype)
        )
    return labels[..., None] == xp.arange(start.shape[0])


def _score(xp: Any, chain: Chain, fault: str) -> Any:
    before = xp.zeros_like(chain.path[:, 0])
    begun = xp.zeros_like(chain.keep[:, 0])
    total = xp.zeros_like(chain.emissions[:, 0, 0])
    for t in range(chain.keep.shape[1]):
        here, tag = chain.keep[:, t], chain.path[:, t]
        if fault == "mask-on-emissions-only":
            here = xp.ones_like(here)
        last = chain.path[:, t - 1] if fault == "previous-position" and t else before
        pair = last[:, :, None] & tag[:, None, :]
        moved = xp.sum(xp.where(pair, chain.transitions, 0.0), axis=(1, 2))
        first = xp.sum(xp.where(tag, chain.start, 0.0), axis=1)
        if fault == "start-at-zero":
            first = first if t == 0 else moved
        if fault == "no-start":
            first = 0 * first
        now = xp.sum(xp.where(tag, chain.emissions[:, t], 0.0), axis=1)
        new = xp.where(begun, moved, first) + now
        if fault == "multiplies":
            total = total + new * xp.astype(here, new.dtype)
        total = xp.where(here, total + new, total) if fault != "multiplies" else total
        before = xp.where(here[:, None], tag, before)
        begun = begun | here
    if fault == "end-at-the-edge":
        before = chain.path[:, -1]
    last = xp.sum(xp.where(before, chain.end, 0.0), axis=1)
    last = 0 * last if fault == "no-end" else last
    return total + xp.where(begun, last, 0.0)


def _partition(xp: Any, chain: Chain, fault: str) -> Any:
    reached = chain.emissions[:, 0] * 0 if chain.keep.shape[1] else chain.start[None]
    reached = xp.where(chain.keep[:, :1], reached, xp.zeros_like(reached))
    begun = xp.zeros_like(chain.keep[:, 0])[:, None]
    for t in range(chain.keep.shape[1]):
        here = chain.keep[:, t, None]
        if fault == "mask-on-emissions-only":
            here = xp.ones_like(here)
        now = chain.emissions[:, t]
        steps = reached[:, :, None] + chain.transitions
        first = 0 * chain.start if fault == "no-start" else chain.start
        follows = begun
        if fault == "resets-behind-gaps" and t:
            follows = begun & chain.keep[:, t - 1, None]
        if fault == "raw-steps":  # inside the sum, where NaN has a NaN derivative
            new = _log_sum(xp, steps + now[:, None], fault)
        else:
            new = _log_sum(xp, steps, fault) + now
        new = xp.where(follows, new, first + now)
        reached = xp.where(here, new, reached)
        if fault == "decays-at-padding":
            reached = xp.where(here, reached, reached * 0.5)
        begun = begun | here
    end = 0 * chain.end if fault == "no-end" else chain.end
    whole = _log_sum(xp, (reached + end)[:, :, None], fault)[:, 0]
    return xp.where(begun[:, 0], whole, 0.0)


def _log_sum(xp: Any, scores: Any, fault: str) -> Any:
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


def _finish(xp: Any, found: Any, keep: Any, fault: str) -> Any:
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
