"""One bidirectional layer over an array namespace, with a place for each fault.

Written for mutants: the right layer is the one without a fault.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.operations._common.arrays import (
    MASKS,
    fill_empty_rows,
    fill_to_last,
    lengths,
    namespace,
    read_mask,
    widen,
)
from conformance.operations._common.cells_mutants import PARTS, step


def build(
    xp: Any,
    forward: Any,
    backward: Any,
    *,
    cell: str,
    merge: str,
    output: str,
    fault: str = "",
) -> WrongRecurrentLayer:
    """Return a layer; ``fault`` names what is wrong with it."""
    del xp
    parameters = [getattr(each, part) for each in (forward, backward) for part in PARTS]
    if hasattr(parameters[0], "requires_grad_"):
        parameters = [each.detach().clone().requires_grad_() for each in parameters]
    return WrongRecurrentLayer(
        parameters=parameters, cell=cell, merge=merge, output=output, fault=fault
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WrongRecurrentLayer:
    """Both directions, one step after the other."""

    parameters: list[Any]
    cell: str
    merge: str
    output: str
    fault: str = ""
    memory: dict[str, Any] = field(default_factory=dict)

    def __call__(self, x: Any, mask: Any) -> Any:
        """Return the output for ``x [B, T, F]``."""
        return self.apply(self.parameters, x, mask)

    def apply(self, parameters: list[Any], x: Any, mask: Any) -> Any:
        """Return the output with other parameters, as JAX wants it."""
        xp = namespace(x)
        keep = self._mask(xp, x, mask)
        seen = self._inputs(xp, x, keep)
        ahead, back = list(parameters[:4]), list(parameters[4:])
        if self.fault == "one-direction":
            back = ahead
        there = self._direction(xp, ahead, seen, keep, backward=False)
        here = self._direction(xp, back, seen, keep, backward=True)
        return xp.astype(self._merge(xp, there, here), x.dtype)

    def _mask(self, xp: Any, x: Any, mask: Any) -> Any:
        keep = read_mask(xp, x, mask)
        if self.fault in MASKS:
            return MASKS[self.fault][0](xp, keep)
        if self.fault == "empty-row-is-full":
            return fill_empty_rows(xp, keep)
        if self.fault == "bitwise" and mask is not None:
            return ~mask == 0
        if self.fault == "baked":
            return _bake_lengths(xp, x, keep)
        return keep

    def _inputs(self, xp: Any, x: Any, keep: Any) -> Any:
        if self.fault == "writes-its-input":
            x[~keep] = 0
        if self.fault == "reads-memory":
            x = x.ravel(order="K").reshape(x.shape)
        wider = widen(xp, x)
        if self.fault == "no-nan":
            wider = xp.where(xp.isnan(wider), xp.zeros_like(wider), wider)
        if self.fault in {"raw-steps", "multiplies"}:
            return wider
        return xp.where(keep[..., None], wider, 0.0)

    def _direction(
        self, xp: Any, weights: list[Any], x: Any, keep: Any, *, backward: bool
    ) -> Any:
        turned = backward and self.fault != "never-reversed"
        order = range(x.shape[1] - 1, -1, -1) if turned else range(x.shape[1])
        steps = self._scan(xp, [widen(xp, each) for each in weights], x, keep, order)
        hidden, outputs = steps
        if self.output == "final":
            return self._final(xp, hidden, outputs, keep, backward=backward)
        if turned and self.fault == "not-turned-back":
            outputs = outputs[::-1]
        return xp.stack(outputs, axis=1)

    def _scan(
        self, xp: Any, weights: list[Any], x: Any, keep: Any, order: range
    ) -> tuple[Any, list[Any]]:
        units = weights[1].shape[0]
        h = xp.zeros_like(x[:, 0, :1] @ weights[1][:1, :units])
        c = h
        h, c = self.memory.get("state", (h, c)) if self.fault == "remembers" else (h, c)
        if h.shape[0] != x.shape[0]:
            h = c = xp.zeros_like(x[:, 0, :1] @ weights[1][:1, :units])
        outputs: list[Any] = [h] * x.shape[1]
        whole = len(order) > 0 and order[0] > 0 and self.fault == "mask-not-reversed"
        for number, t in enumerate(order):
            here = keep[:, number if whole else t][:, None]
            before = h.detach() if self.fault == "cuts-time" else h
            new_h, new_c = step(xp, self.cell, weights, x[:, t], before, c, self.fault)
            h, c, out = self._keep_state(xp, here, (h, c), (new_h, new_c))
            outputs[t] = out
        self.memory["state"] = (h, c)
        return h, outputs

    def _keep_state(  # noqa: PLR0911 - one for each fault
        self, xp: Any, here: Any, old: Any, new: Any
    ) -> tuple[Any, Any, Any]:
        h = xp.where(here, new[0], old[0])
        c = xp.where(here, new[1], old[1])
        out = xp.where(here, h, 0.0)
        if self.fault == "steps-at-padding":
            return new[0], new[1], xp.where(here, new[0], 0.0)
        if self.fault == "steps-and-shows":
            return new[0], new[1], new[0]
        if self.fault == "multiplies":
            share = xp.astype(here, h.dtype)
            h = share * new[0] + (1 - share) * old[0]
            c = share * new[1] + (1 - share) * old[1]
            return h, c, share * h
        if self.fault == "memory-advances":
            return h, new[1], out
        if self.fault == "hidden-advances":
            return new[0], c, xp.where(here, new[0], 0.0)
        if self.fault == "shows-carried":
            return h, c, h
        if self.fault == "resets-at-padding":
            return xp.where(here, h, 0.0), xp.where(here, c, 0.0), out
        if self.fault == "decays-at-padding":
            return xp.where(here, h, h * 0.5), xp.where(here, c, c * 0.5), out
        if self.fault == "floor":
            return h, c, xp.where(here, h, 1e-6)
        return h, c, out

    def _final(
        self, xp: Any, h: Any, outputs: list[Any], keep: Any, *, backward: bool
    ) -> Any:
        if self.fault == "final-at-the-edge":
            return outputs[0] if backward else outputs[-1]
        if self.fault == "backward-final-at-the-end" and backward:
            return outputs[-1]
        if self.fault == "final-at-the-length":
            at = (lengths(xp, keep) if not backward else 1 + 0 * lengths(xp, keep)) - 1
            return _at(xp, outputs, at)
        if self.fault == "both-finals-at-the-end":
            last = xp.sum(
                xp.astype(fill_to_last(xp, keep), xp.int32), axis=1, keepdims=True
            )
            return _at(xp, outputs, last - 1)
        if self.fault == "mean-for-final":
            number = lengths(xp, keep)
            return sum(outputs) / xp.astype(xp.where(number > 0, number, 1), h.dtype)
        return h

    def _merge(self, xp: Any, ahead: Any, back: Any) -> Any:
        if self.fault == "halves-swapped":
            ahead, back = back, ahead
        if self.merge == "concat":
            return xp.concat([ahead, back], axis=-1)
        if self.fault == "averages":
            return (ahead + back) / 2
        return ahead * back if self.fault == "multiplies-directions" else ahead + back


def _at(xp: Any, outputs: list[Any], at: Any) -> Any:
    """Return one position of each row; number -1 is the last of the padded row."""
    whole = xp.stack(outputs, axis=1)
    at = xp.astype(xp.where(at < 0, at + whole.shape[1], at), xp.int64)[..., None]
    index = xp.broadcast_to(at, (whole.shape[0], 1, whole.shape[2]))
    return xp.take_along_axis(whole, index, axis=1)[:, 0]


def _bake_lengths(xp: Any, x: Any, keep: Any) -> Any:
    try:
        known = [int(number) for number in lengths(xp, keep)[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [x.shape[1]] * x.shape[0]
    return xp.arange(x.shape[1])[None] < xp.asarray(known)[:, None]
