"""The sum over paths over an array namespace, with a place for each fault.

Written for mutants: the right loss is the one without a fault.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from conformance.operations._common.arrays import (
    clean,
    lengths,
    widen,
)
from conformance.operations._common.chain_formulas import change_mask

NEVER = float("-inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelChain:
    """What a row's paths are made of.

    Attributes:
        logs: The log-softmax of each frame, ``[B, T, C]``.
        keep: Which frames count, ``[B, T]``.
        labels: The labels, ``[B, S]``.
        there: Which of them count, ``[B, S]``.
        blank: The blank's class.
    """

    logs: Any
    keep: Any
    labels: Any
    there: Any
    blank: int


def correct(
    xp: Any,
    labels: Any,
    label_mask: Any,
    logits: Any,
    mask: Any,
    *,
    blank: str,
    reduction: str,
    zero_infinity: bool,
) -> Any:
    """Return each row's loss, or their mean."""
    return loss(
        xp,
        labels,
        label_mask,
        logits,
        mask,
        blank=blank,
        reduction=reduction,
        zero_infinity=zero_infinity,
    )


def loss(
    xp: Any,
    labels: Any,
    label_mask: Any,
    logits: Any,
    mask: Any,
    *,
    blank: str,
    reduction: str,
    zero_infinity: bool,
    fault: str = "",
) -> Any:
    """Return the loss; ``fault`` names what is wrong with it."""
    keep = change_mask(xp, logits, mask, fault)
    first = (blank == "first") != (fault in {"blank-last", "blank-first"})
    name = 0 if first else logits.shape[2] - 1
    chain = LabelChain(
        logs=_log_shares(xp, _clean(xp, logits, keep, fault), fault),
        keep=xp.ones_like(keep) if fault == "frames-set-to-zero" else keep,
        labels=labels,
        there=label_mask,
        blank=name,
    )
    chain = _change_labels(xp, chain, fault)
    found = -_log_sum(xp, _reach_ends(xp, chain, fault), 1, fault)
    found = _finish(xp, found, chain, fault, zero_infinity=zero_infinity)
    return xp.astype(_reduce(xp, found, chain, reduction, fault), logits.dtype)


def _clean(xp: Any, logits: Any, keep: Any, fault: str) -> Any:
    if fault == "writes-its-input":
        logits[~keep] = 0
    if fault == "reads-memory":
        logits = logits.ravel(order="K").reshape(logits.shape)
    if fault == "no-nan":
        logits = xp.where(xp.isnan(logits), xp.zeros_like(logits), logits)
    if fault in {"raw-steps", "multiplies"}:
        return widen(xp, logits)
    return clean(xp, logits, keep)


def _log_shares(xp: Any, z: Any, fault: str) -> Any:
    if fault == "not-normalised":
        return z
    power = xp.exp(z - xp.max(z, axis=2, keepdims=True))
    total = xp.sum(power, axis=2, keepdims=True)
    if fault == "softmax-twice":
        return _log_shares(xp, power / total, "")
    if fault == "epsilon":
        return xp.log(power / total + 1e-7)
    if fault == "detached-normaliser":
        total = total.detach()
    return z - xp.max(z, axis=2, keepdims=True) - xp.log(total)


def _change_labels(xp: Any, chain: LabelChain, fault: str) -> LabelChain:
    labels, there = chain.labels, chain.there
    number = xp.sum(xp.astype(there, xp.int32), axis=1, keepdims=True)
    places = xp.arange(labels.shape[1])[None, :]
    if fault == "takes-label-padding":
        there = xp.ones_like(there)
    if fault == "zero-is-no-label":
        # As counting what is not zero does: the first so many are taken.
        kept = xp.sum(xp.astype(there & (labels != 0), xp.int32), axis=1)
        there = places < kept[:, None]
    if fault == "at-least-one-label":
        there = there | (places == 0)
    if fault == "drops-the-last-label":
        there = places < number - 1
    if fault == "collapses-repeats":
        labels, there = _collapse(xp, labels, there)
    if fault == "label-lengths-of-the-longest":
        there = places < xp.max(number)
    if fault != "reads-label-padding":
        labels = xp.where(there, labels, chain.blank)
    return replace(chain, labels=labels, there=there)


def _collapse(xp: Any, labels: Any, there: Any) -> tuple[Any, Any]:
    """Return the labels with runs of one merged."""
    alike = labels[:, 1:] == labels[:, :-1]
    kept = there & xp.concat([xp.ones_like(there[:, :1]), ~alike], axis=1)
    place = xp.cumulative_sum(xp.astype(kept, xp.int32), axis=1) - 1
    at = xp.arange(labels.shape[1])[None, :, None]
    moves = (place[:, None, :] == at) & kept[:, None, :]
    moved = xp.sum(xp.where(moves, labels[:, None, :], 0), axis=2)
    return moved, xp.any(moves, axis=2)


def _states(xp: Any, chain: LabelChain) -> tuple[Any, Any]:
    """Return the classes ``[B, K]`` with blanks between, and which state is a label."""
    rows, width = chain.labels.shape
    blanks = xp.full_like(chain.labels, chain.blank)
    pairs = xp.reshape(xp.stack([blanks, chain.labels], axis=2), (rows, 2 * width))
    last = xp.full((rows, 1), chain.blank, dtype=chain.labels.dtype)
    classes = xp.concat([pairs, last], axis=1)
    return classes, (xp.arange(2 * width + 1) % 2 == 1)[None, :]


def _emit(xp: Any, chain: LabelChain, classes: Any, fault: str) -> Any:
    """Return the log-softmax of each state's class, ``[B, T, K]``."""
    names = xp.arange(chain.logs.shape[2])
    if fault == "reads-label-padding":
        # A gather refuses what is no class.
        names[classes]
    taken = classes[:, None, :, None] == names
    return xp.sum(xp.where(taken, chain.logs[:, :, None, :], 0.0), axis=3)


def _reach_ends(xp: Any, chain: LabelChain, fault: str) -> Any:
    """Return the logs of what reaches each state that a path may end in, ``[B, K]``."""
    classes, labels = _states(xp, chain)
    emitted = _emit(xp, chain, classes, fault)
    width = classes.shape[1]
    at = xp.arange(width)[None, :]
    before = _shift(xp, classes, 2, -1)
    skips = labels & (at > 1) & (classes != before)
    if fault == "repeats-need-no-blank":
        skips = labels & (at > 1)
    if fault == "never-skips-the-blank":
        skips = xp.zeros_like(skips)
    zero = xp.astype(xp.zeros_like(classes), chain.logs.dtype)
    reached = xp.where(at == 0, zero, NEVER)
    for t in range(chain.keep.shape[1]):
        here, now = chain.keep[:, t, None], emitted[:, t]
        stay = reached
        if fault == "never-repeats-a-class":
            stay = xp.where(labels, NEVER, reached)
        one = _shift(xp, reached, 1, NEVER)
        if fault == "starts-with-a-blank" and t == 0:
            one = xp.full_like(one, NEVER)
        two = xp.where(skips, _shift(xp, reached, 2, NEVER), NEVER)
        scores = xp.stack([stay, one, two], axis=1)
        if fault == "raw-steps":  # inside the sum, where NaN has a NaN derivative
            new = _log_sum(xp, scores + now[:, None], 1, fault)
        else:
            new = _log_sum(xp, scores, 1, fault) + now
        reached = xp.where(here, new, reached)
        if fault == "multiplies":
            reached = reached + xp.where(here, 0.0, 0 * now)
    number = lengths(xp, chain.there)
    ends = at == 2 * number
    if fault == "ends-with-a-blank":
        return xp.where(ends, reached, NEVER)
    return xp.where(ends | (at == 2 * number - 1), reached, NEVER)


def _shift(xp: Any, states: Any, by: int, fill: float) -> Any:
    """Return each state's predecessor, so many states before."""
    if states.shape[1] < by:
        return xp.full_like(states, fill)
    front = xp.full_like(states[:, :by], fill)
    return xp.concat([front, states[:, :-by]], axis=1)


def _log_sum(xp: Any, scores: Any, axis: int, fault: str) -> Any:
    top = xp.max(scores, axis=axis, keepdims=True)
    if fault == "best-path":
        return xp.max(scores, axis=axis)
    # Nothing but what never happens sums up to nothing.
    top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    if fault == "no-maximum-subtracted":
        top = xp.zeros_like(top)
    power = xp.sum(xp.exp(scores - top), axis=axis)
    nothing = power == 0
    found = xp.log(xp.where(nothing, 1.0, power)) + xp.max(top, axis=axis)
    never = -1e5 if fault == "never-is-minus-1e5" else NEVER
    return xp.where(nothing, never, found)


def _finish(
    xp: Any, found: Any, chain: LabelChain, fault: str, *, zero_infinity: bool
) -> Any:
    number = lengths(xp, chain.there)[:, 0]
    infinite = xp.isinf(found)
    if fault == "infinity-spreads" and found.shape[0]:
        found = xp.where(xp.any(infinite), xp.full_like(found, float("inf")), found)
        infinite = xp.isinf(found)
    zeroes = zero_infinity != (fault in {"keeps-infinity", "zeroes-infinity"})
    if fault == "zeroes-nan":
        infinite = infinite | xp.isnan(found)
    if zeroes:
        found = xp.where(infinite, xp.zeros_like(found), found)
    if fault == "no-labels-no-loss":
        found = xp.where(number == 0, xp.zeros_like(found), found)
    if fault == "divides-by-frames":
        frames = lengths(xp, chain.keep)[:, 0]
        found = found / xp.astype(xp.where(frames > 0, frames, 1), found.dtype)
    return found


def _reduce(xp: Any, found: Any, chain: LabelChain, reduction: str, fault: str) -> Any:
    if reduction == "none":
        return found
    framed = xp.any(chain.keep, axis=1)
    found = xp.where(framed, found, xp.zeros_like(found))
    rows = xp.sum(xp.astype(framed, found.dtype))
    rows = xp.where(rows > 0, rows, xp.ones_like(rows))
    if fault == "mean-over-all-rows":
        rows = max(found.shape[0], 1)
    number = xp.astype(lengths(xp, chain.there)[:, 0], found.dtype)
    least = xp.where(number > 0, number, xp.ones_like(number))
    each = {
        "mean-without-lengths": xp.ones_like(least),
        "mean-over-all-labels": xp.sum(least) / rows,
        "mean-by-padded-labels": max(chain.there.shape[1], 1),
        "divides-by-no-labels": number,
    }.get(fault, least)
    if fault == "mean-over-possible-rows":
        possible = xp.sum(xp.astype(found != 0, found.dtype))
        rows = xp.where(possible > 0, possible, xp.ones_like(possible))
    return xp.sum(found / each) / rows
