"""The best path over an array namespace, with a place for each fault."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import clean, lengths, widen
from conformance.operations._common.chain_formulas import change_mask

NO_TAG = -1


def correct(  # noqa: PLR0917 - the operation has as many arguments
    xp: Any, emissions: Any, mask: Any, transitions: Any, start: Any, end: Any
) -> Any:
    """Return the best path's tags, -1 at padding."""
    return decode(xp, emissions, mask, transitions, start, end)


def decode(  # noqa: PLR0917 - as above
    xp: Any,
    emissions: Any,
    mask: Any,
    transitions: Any,
    start: Any,
    end: Any,
    *,
    fault: str = "",
) -> Any:
    """Return the best path's tags; ``fault`` names what is wrong with them."""
    keep = change_mask(xp, emissions, mask, fault)
    if fault == "writes-its-input":
        emissions[~keep] = 0
    if fault == "reads-memory":
        emissions = emissions.ravel(order="K").reshape(emissions.shape)
    raw = fault in {"multiplies", "steps-over-padding"}
    scores = widen(xp, emissions) if raw else clean(xp, emissions, keep)
    moves, begin, finish = (widen(xp, each) for each in (transitions, start, end))
    moves = moves.T if fault == "transposed" else moves
    begin = 0 * begin if fault == "no-start" else begin
    finish = 0 * finish if fault == "no-end" else finish
    path = _trace_back(xp, scores, keep, moves, begin, finish, fault)
    if fault == "tags-at-padding":
        return path
    if fault == "zeros-at-padding":
        return xp.where(keep, path, xp.zeros_like(path))
    if fault == "packed":
        return _pack(xp, path, keep)
    return xp.where(keep, path, xp.zeros_like(path) + NO_TAG)


def _trace_back(  # noqa: PLR0917 - as above
    xp: Any, scores: Any, keep: Any, moves: Any, begin: Any, finish: Any, fault: str
) -> Any:
    time, width = scores.shape[1:]
    reached = xp.zeros_like(scores[:, 0]) if time else scores.sum(axis=1)
    begun = xp.zeros_like(keep[:, :1])
    came, states = [], xp.arange(width)[None]
    for t in range(time):
        here = keep[:, t, None]
        steps = reached[:, :, None] + moves
        new = xp.where(begun, xp.max(steps, axis=1), begin) + scores[:, t]
        if fault == "greedy":
            new = scores[:, t] + 0 * new
        back = xp.argmax(steps, axis=1)
        stays = xp.broadcast_to(states, back.shape)
        # A padded step is none, and nothing comes before the first valid one.
        came.append(xp.where(here & begun, back, stays))
        if fault == "traces-over-padding":
            came[-1] = xp.where(begun, back, stays)
        if fault == "multiplies":
            share = xp.astype(here, new.dtype)
            reached = share * new + (1 - share) * reached
        else:
            reached = xp.where(here | (fault == "steps-over-padding"), new, reached)
        begun = begun | here
    last = xp.argmax(reached + finish, axis=1)
    path = [last]
    for step in reversed(came[1:]):
        path.append(xp.take_along_axis(step, path[-1][:, None], axis=1)[:, 0])
    if not time:
        return xp.zeros_like(keep, dtype=last.dtype)
    order = path if fault == "not-turned-back" else path[::-1]
    return xp.stack(order, axis=1)


def _pack(xp: Any, path: Any, keep: Any) -> Any:
    """Put the tags at the row's start, as libraries that return lists do."""
    order = xp.argsort(xp.astype(~keep, xp.int32), axis=1, stable=True)
    moved = xp.take_along_axis(path, order, axis=1)
    front = xp.arange(path.shape[1])[None] < lengths(xp, keep)
    return xp.where(front, moved, xp.zeros_like(path) + NO_TAG)
