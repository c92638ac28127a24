"""The gated scan over an array namespace, with a place for each fault.

Written for mutants: the right scan is the one without a fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    after_last,
    lengths,
    places,
    through_bfloat16,
    widen,
)
from conformance.operations.conv1d.mutants_formulas import change_mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CHUNK = 4
"""Positions of a chunk, where a fault computes in chunks: a row of five has two."""

LONG_CHUNK = 128
LIMIT = 1e4
LEAST = 1e-4


def correct(
    xp: Any, initial: Any, x: Any, decay: Any, mask: Any, **options: Any
) -> Any:
    """Return the scan, zero at padding."""
    return scan(xp, initial, x, decay, mask, **options)


def scan(
    xp: Any,
    initial: Any,
    x: Any,
    decay: Any,
    mask: Any,
    *,
    output: str,
    fault: str = "",
) -> Any:
    """Return the scan; ``fault`` names what is wrong with it."""
    keep = change_mask(xp, x, mask, fault)
    added, factor = _clean(xp, x, decay, keep, fault)
    start = widen(xp, initial)
    added, factor = _change_gate(xp, (added, factor, keep), fault)
    start, added = _change_start(xp, start, added, (factor, decay, keep), fault)
    if fault == "reversed":
        keep, added, factor = (xp.flip(a, axis=1) for a in (keep, added, factor))
    if fault == "divides-by-the-product":
        states = _divide(xp, start, added, factor)
    elif fault == "takes-logarithms":
        states = _take_logarithms(xp, start, added, factor)
    else:
        states = _step(xp, start, (added, factor, keep), fault)
    if fault == "reversed" and output == "sequence":
        keep, states = xp.flip(keep, axis=1), xp.flip(states, axis=1)
    if fault == "initial-undecayed":
        states = states + widen(xp, initial)[:, None]
    states = _change_states(xp, states, start, keep, fault)
    show = _show_final if output == "final" else _show_all
    return xp.astype(show(xp, states, start, keep, fault), x.dtype)


def _clean(xp: Any, x: Any, decay: Any, keep: Any, fault: str) -> tuple[Any, Any]:
    """Return what is added and what the state is multiplied by: 0 and 1 at padding."""
    here = keep[..., None]
    if fault == "writes-its-input":
        x[~keep] = 0
    if fault == "reads-memory":
        x = x.ravel(order="K").reshape(x.shape)
    wide, factor = widen(xp, x), widen(xp, decay)
    if fault == "no-nan":
        wide = xp.where(xp.isnan(wide), xp.zeros_like(wide), wide)
    if fault == "multiplies":
        number = xp.astype(here, wide.dtype)
        return wide * number, factor * number + (1.0 - number)
    other = 0 * (wide * wide) if fault == "adds-what-is-zero" else 0.0
    added = wide if fault == "adds-at-padding" else xp.where(here, wide, other)
    if fault == "decays-at-padding":
        return added, factor
    lost = 0.0 if fault == "forgets-at-padding" else 1.0
    return added, xp.where(here, factor, lost)


def _change_gate(xp: Any, steps: tuple[Any, Any, Any], fault: str) -> tuple[Any, Any]:
    """Return what is added and the decay, where the fault is in what decays mean."""
    added, factor, keep = steps
    if fault == "weighs-the-input":
        return (1.0 - factor) * added, factor
    if fault == "decays-the-input":
        return factor * added, factor
    if fault in _GATES:
        factor = _GATES[fault](xp, factor, keep[..., None])
    return added, factor


_GATES: Mapping[str, Callable[[Any, Any, Any], Any]] = {
    "complement": lambda xp, factor, here: xp.where(here, 1.0 - factor, factor),
    "decay-as-logarithm": lambda xp, factor, here: xp.where(
        here, xp.exp(factor), factor
    ),
    "decays-twice": lambda _xp, factor, _here: factor * factor,
    "floors-the-decay": lambda xp, factor, _here: xp.where(
        factor < LEAST, LEAST, factor
    ),
    "zero-is-no-decay": lambda xp, factor, _here: xp.where(factor == 0, 1.0, factor),
    "one-decay-for-all-features": lambda _xp, factor, _here: (
        factor[..., :1] + 0 * factor
    ),
    "one-decay-for-all-rows": lambda xp, factor, here: xp.where(
        here, factor[:1] + 0 * factor, 1.0
    ),
    "decay-one-late": lambda xp, factor, _here: xp.concat(
        [xp.ones_like(factor[:, :1]), factor[:, :-1]], axis=1
    ),
    "frozen-decay": lambda _xp, factor, _here: factor.detach(),
}
"""What each fault makes of the decays."""


def _change_start(
    xp: Any, start: Any, added: Any, gate: tuple[Any, Any, Any], fault: str
) -> tuple[Any, Any]:
    """Return the initial state and what is added, where the fault is between them."""
    factor, decay, keep = gate
    if fault == "frozen-initial":
        start = start.detach()
    if fault in {"starts-from-zero", "initial-undecayed"}:
        return xp.zeros_like(start), added
    if fault == "first-rows-initial":
        return start[:1] + 0 * start, added
    if fault == "initial-twice":
        return 2 * start, added
    if fault == "initial-beside-the-first-input" and factor.shape[1]:
        # As a term of the first position, whose decay is then not for it.
        first = added[:, :1] + start[:, None]
        return xp.zeros_like(start), xp.concat([first, added[:, 1:]], axis=1)
    if fault == "initial-before-the-mask" and factor.shape[1]:
        # As people put it in where a scan takes none, but at a padded position too.
        first = added[:, :1] + widen(xp, decay)[:, :1] * start[:, None]
        first = xp.where(keep[:, :1, None], first, 0.0)
        return xp.zeros_like(start), xp.concat([first, added[:, 1:]], axis=1)
    return start, added


def _step(xp: Any, start: Any, steps: tuple[Any, Any, Any], fault: str) -> Any:
    """Return the states behind each position, ``[B, T, F]``."""
    added, factor, keep = steps
    state, states = start, []
    for at in range(added.shape[1]):
        through = factor[:, at]
        if fault == "enters-chunks-undecayed" and at and at % CHUNK == 0:
            through = xp.ones_like(through)
        if at:
            fresh = keep[:, at] & ~keep[:, at - 1]
            state = _enter(xp, state, start, (at, fresh), fault)
        state = _limit(xp, through * state + added[:, at], fault)
        states.append(state)
    return xp.stack(states, axis=1) if states else 0 * added


def _enter(xp: Any, state: Any, start: Any, place: tuple[int, Any], fault: str) -> Any:
    """Return the state that a position begins with."""
    at, fresh = place
    lost = {"chunks-from-zero": CHUNK, "long-chunks-from-zero": LONG_CHUNK}
    if at % lost.get(fault, at + 1) == 0:
        return xp.zeros_like(state)
    if fault == "starts-behind-gaps":
        return xp.where(fresh[:, None], start, state)
    return state.detach() if fault == "truncated" and at % 2 == 0 else state


def _limit(xp: Any, state: Any, fault: str) -> Any:
    """Return the state that a position leaves."""
    if fault == "rectifies":
        return xp.where(state < 0, 0.0, state)
    if fault == "limits-the-state":
        return xp.where(state > LIMIT, LIMIT, state)
    return through_bfloat16(xp, state) if fault == "state-in-bfloat16" else state


def _divide(xp: Any, start: Any, added: Any, factor: Any) -> Any:
    """Return the states as the product of decays times a sum of quotients."""
    product = xp.cumulative_prod(factor, axis=1)
    quotients = xp.cumulative_sum(added / product, axis=1)
    return product * (start[:, None] + quotients)


def _take_logarithms(xp: Any, start: Any, added: Any, factor: Any) -> Any:
    """Return the states by logarithms of the inputs too, NaN below zero."""
    logs = xp.cumulative_sum(xp.log(factor), axis=1)
    quotients = xp.cumulative_sum(xp.exp(xp.log(added) - logs), axis=1)
    return xp.exp(logs) * (start[:, None] + quotients)


def _change_states(xp: Any, states: Any, start: Any, keep: Any, fault: str) -> Any:
    if fault == "state-before" and states.shape[1]:
        return xp.concat([start[:, None], states[:, :-1]], axis=1)
    if fault == "mean-for-final":
        here = xp.astype(keep[..., None], states.dtype)
        number = xp.sum(here, axis=1, keepdims=True)
        total = xp.sum(xp.where(keep[..., None], states, 0.0), axis=1, keepdims=True)
        return xp.where(number > 0, total / number, states)
    return states


def _show_all(xp: Any, states: Any, start: Any, keep: Any, fault: str) -> Any:
    del start
    if fault == "shows-carried":
        return states
    return xp.where(keep[..., None], states, 1e-6 if fault == "floor" else 0.0)


def _show_final(xp: Any, states: Any, start: Any, keep: Any, fault: str) -> Any:
    if not states.shape[1]:
        return start
    if fault == "final-at-the-edge":
        return xp.where(keep[:, -1:], states[:, -1], 0.0)
    if fault == "final-at-the-length":
        last = xp.where(lengths(xp, keep) > 0, lengths(xp, keep), 1) - 1
        return _take(xp, states, keep, last)
    if fault == "final-of-the-first":
        first = xp.min(xp.where(keep, places(xp, keep), 10**6), axis=1, keepdims=True)
        return _take(xp, states, keep, xp.where(first < 10**6, first, 0))
    if fault == "empty-row-is-zero":
        return xp.where(after_last(xp, keep) > 0, states[:, -1], 0.0)
    return states[:, -1]


def _take(xp: Any, states: Any, keep: Any, place: Any) -> Any:
    here = (places(xp, keep) == place)[..., None]
    return xp.sum(xp.where(here, states, 0.0), axis=1)
