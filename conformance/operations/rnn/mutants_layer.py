"""One recurrent layer over an array namespace, with a place for each fault.

Written for mutants: the right layer is the one without a fault.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.operations._common.arrays import (
    after_last,
    lengths,
    namespace,
    places,
    widen,
)
from conformance.operations._common.cells_mutants import PARTS, step
from conformance.operations.conv1d.mutants_formulas import change_mask

CHUNK = 4
"""Positions of a chunk, where a fault computes in chunks: a row of five has two."""


def build(
    xp: Any,
    weights: Any,
    *,
    cell: str,
    direction: str,
    output: str,
    fault: str = "",
) -> WrongDirection:
    """Return a layer; ``fault`` names what is wrong with it."""
    del xp
    parameters = [getattr(weights, part) for part in PARTS]
    if hasattr(parameters[0], "requires_grad_"):
        parameters = [each.detach().clone().requires_grad_() for each in parameters]
    return WrongDirection(
        parameters=parameters,
        cell=cell,
        direction=direction,
        output=output,
        fault=fault,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WrongDirection:
    """One direction, one step after the other."""

    parameters: list[Any]
    cell: str
    direction: str
    output: str
    fault: str = ""
    memory: dict[str, Any] = field(default_factory=dict)

    def __call__(self, initial: Any, x: Any, mask: Any) -> Any:
        """Return the output for ``x [B, T, F]``."""
        return self.apply(self.parameters, initial, x, mask)

    def apply(self, parameters: list[Any], initial: Any, x: Any, mask: Any) -> Any:
        """Return the output with other parameters, as JAX wants it."""
        xp = namespace(x)
        keep = change_mask(xp, x, mask, self.fault)
        seen = _clean(xp, x, keep, self.fault)
        own = [widen(xp, each) for each in parameters]
        units = own[1].shape[0]
        start = self._start(xp, widen(xp, initial), keep, units)
        states = self._scan(xp, own, start, seen, keep)
        show = self._show_final if self.output == "final" else self._show_all
        return xp.astype(show(xp, start, states, keep), x.dtype)

    def _start(self, xp: Any, initial: Any, keep: Any, units: int) -> tuple[Any, Any]:
        fault = self.fault
        if fault == "frozen-initial":
            initial = initial.detach()
        if fault == "first-rows-initial":
            initial = initial[:1] + 0 * initial
        if fault == "initial-stays-unsorted":
            initial = initial[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]
        single = fault == "one-step-from-zero" and keep.shape[1] == 1
        if fault == "starts-from-zero" or single:
            initial = xp.zeros_like(initial)
        if fault == "remembers":
            before = self.memory.get("state", initial)
            initial = before if before.shape == initial.shape else initial
        h, c = initial[:, :units], initial[:, units:]
        if self.cell != "lstm":
            return h, xp.zeros_like(h)
        if fault == "takes-c-first":
            return c, h
        if fault == "takes-h-alone":
            return h, xp.zeros_like(c)
        return (xp.zeros_like(h), c) if fault == "takes-c-alone" else (h, c)

    def _scan(
        self, xp: Any, own: list[Any], start: tuple[Any, Any], x: Any, keep: Any
    ) -> list[tuple[Any, Any]]:
        """Return the states behind each position, in the order of positions."""
        time = x.shape[1]
        ahead = (self.direction == "forward") != (self.fault == "other-direction")
        order = range(time) if ahead else range(time - 1, -1, -1)
        state, states = start, [start] * time
        for number, at in enumerate(order):
            whole = not ahead and self.fault == "mask-not-reversed"
            here = keep[:, number if whole else at][:, None]
            state = self._enter(xp, state, start, (number, here, keep, at))
            before = state[0].detach() if self.fault == "cuts-time" else state[0]
            new = step(xp, self.cell, own, x[:, at], before, state[1], self.fault)
            state = self._keep_state(xp, here, state, new)
            states[at] = state
        self._remember(xp, state)
        if not ahead and self.fault == "not-turned-back":
            return states[::-1]
        return states

    def _remember(self, xp: Any, state: tuple[Any, Any]) -> None:
        if self.fault == "remembers":
            both = xp.concat(list(state), axis=1)
            self.memory["state"] = both if self.cell == "lstm" else state[0]

    def _enter(
        self,
        xp: Any,
        state: tuple[Any, Any],
        start: tuple[Any, Any],
        place: tuple[int, Any, Any, int],
    ) -> tuple[Any, Any]:
        """Return the state that a step begins with."""
        number, here, keep, at = place
        begins = number and number % CHUNK == 0
        if self.fault == "chunks-from-zero" and begins:
            return xp.zeros_like(state[0]), xp.zeros_like(state[1])
        if self.fault == "chunks-from-initial" and begins:
            return start
        if self.fault == "starts-behind-gaps" and number:
            gone = at - 1 if self.direction == "forward" else at + 1
            fresh = here & ~keep[:, gone][:, None]
            h, c = (xp.where(fresh, a, b) for a, b in zip(start, state, strict=True))
            return h, c
        if self.fault == "truncated" and number % 2 == 0:
            return state[0].detach(), state[1].detach()
        return state

    def _keep_state(
        self, xp: Any, here: Any, old: tuple[Any, Any], new: tuple[Any, Any]
    ) -> tuple[Any, Any]:
        h, c = (xp.where(here, a, b) for a, b in zip(new, old, strict=True))
        if self.fault == "steps-at-padding":
            return new
        if self.fault == "multiplies":
            share = xp.astype(here, h.dtype)
            h, c = (share * a + (1 - share) * b for a, b in zip(new, old, strict=True))
        if self.fault == "memory-advances":
            return h, new[1]
        if self.fault == "hidden-advances":
            return new[0], c
        lost = {"resets-at-padding": 0.0, "decays-at-padding": 0.5}.get(self.fault)
        if lost is not None:
            return xp.where(here, h, h * lost), xp.where(here, c, c * lost)
        return h, c

    def _show_all(
        self, xp: Any, start: tuple[Any, Any], states: list[Any], keep: Any
    ) -> Any:
        which = 1 if self.fault == "shows-c" else 0
        shown = [state[which] for state in states]
        if not shown:
            return start[0][:, None][:, :0]
        if self.fault == "state-before":
            ahead = self.direction == "forward"
            shown = [start[0], *shown[:-1]] if ahead else [*shown[1:], start[0]]
        every = xp.stack(shown, axis=1)
        if self.fault == "shows-carried":
            return every
        return xp.where(keep[..., None], every, 1e-6 if self.fault == "floor" else 0.0)

    def _show_final(
        self, xp: Any, start: tuple[Any, Any], states: list[Any], keep: Any
    ) -> Any:
        ahead = (self.direction == "forward") != (self.fault == "other-direction")
        h, c = states[-1 if ahead else 0] if states else start
        if states:
            end = (h, c)
            h, c = _change_final(xp, end, states, keep, ahead=ahead, fault=self.fault)
        if self.fault == "empty-row-is-zero":
            there = after_last(xp, keep) > 0
            h, c = xp.where(there, h, 0.0), xp.where(there, c, 0.0)
        if self.cell != "lstm":
            return h
        if self.fault == "gives-c-first":
            h, c = c, h
        if self.fault == "gives-h-twice":
            c = h
        return xp.concat([h, xp.tanh(c) if self.fault == "gives-tanh-of-c" else c], 1)


def _change_final(
    xp: Any,
    last: tuple[Any, Any],
    states: list[Any],
    keep: Any,
    *,
    ahead: bool,
    fault: str,
) -> tuple[Any, Any]:
    """Return the final state, where the fault is in which one it is."""
    if fault == "final-at-the-edge":
        h, c = (xp.where(keep[:, -1:], each, 0.0) for each in states[-1])
        return h, c
    place = {
        "final-at-the-length": lambda: lengths(xp, keep) - 1,
        "final-of-the-first-step": lambda: _find_first(xp, keep, ahead=ahead),
    }.get(fault)
    if place is None:
        return last
    there = places(xp, keep) == place()
    found = xp.any(there, axis=1, keepdims=True)
    h, c = (
        xp.where(found, _select(xp, there, each), end)
        for each, end in zip(zip(*states, strict=True), last, strict=True)
    )
    return h, c


def _find_first(xp: Any, keep: Any, *, ahead: bool) -> Any:
    """Return the position of each row's first step, ``[B, 1]``."""
    if not ahead:
        return after_last(xp, keep) - 1
    return xp.min(xp.where(keep, places(xp, keep), 10**6), axis=1, keepdims=True)


def _select(xp: Any, there: Any, states: Any) -> Any:
    every = xp.stack(list(states), axis=1)
    return xp.sum(xp.where(there[..., None], every, 0.0), axis=1)


def _clean(xp: Any, x: Any, keep: Any, fault: str) -> Any:
    if fault == "writes-its-input":
        x[~keep] = 0
    if fault == "reads-memory":
        x = x.ravel(order="K").reshape(x.shape)
    wider = widen(xp, x)
    if fault == "no-nan":
        wider = xp.where(xp.isnan(wider), xp.zeros_like(wider), wider)
    if fault in {"raw-steps", "multiplies"}:
        return wider
    return xp.where(keep[..., None], wider, 0.0)
