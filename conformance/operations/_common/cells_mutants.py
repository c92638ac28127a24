"""A step of each recurrent cell over an array namespace, with a place for each fault.

Written for mutants: the right step is the one without a fault.
"""

from __future__ import annotations

from typing import Any

PARTS = ("kernel", "recurrent_kernel", "bias", "recurrent_bias")


def step(  # noqa: PLR0917 - a step needs its weights, state and fault
    xp: Any, cell: str, weights: list[Any], x: Any, h: Any, c: Any, fault: str
) -> tuple[Any, Any]:
    """Return h and c behind one position; ``fault`` names what is wrong with it."""
    kernel, recurrent, bias, recurrent_bias = weights
    if fault == "bias-twice":
        bias = bias + bias
    if fault == "no-recurrent-bias":
        recurrent_bias = recurrent_bias * 0
    if fault == "frozen-bias":
        bias = bias.detach()
    left, right = x @ kernel + bias, h @ recurrent + recurrent_bias
    if cell == "simple":
        total = left + right
        return (
            xp.where(total > 0, total, 0.0) if fault == "relu" else xp.tanh(total)
        ), c
    if cell == "lstm":
        return _lstm(xp, _split(left + right, 4), c, fault)
    a, b = _split(left, 3), _split(right, 3)
    r, z = _logistic(xp, a[0] + b[0]), _logistic(xp, a[1] + b[1])
    if fault == "gates-swapped":
        r, z = z, r
    last = b[2]
    if fault == "reset-before":
        units = h.shape[1]
        last = (r * h) @ recurrent[:, 2 * units :] + recurrent_bias[2 * units :]
    n = xp.tanh(a[2] + r * last if fault != "reset-before" else a[2] + last)
    if fault == "update-inverted":
        return z * n + (1 - z) * h, c
    return (1 - z) * n + z * h, c


def _lstm(xp: Any, gates: list[Any], c: Any, fault: str) -> tuple[Any, Any]:
    if fault == "gates-swapped":
        gates = [gates[1], gates[0], *gates[2:]]
    if fault == "output-gate-third":
        gates = [gates[0], gates[1], gates[3], gates[2]]
    if fault == "forget-bias":
        gates = [gates[0], gates[1] + 1, *gates[2:]]
    i, f, o = (_logistic(xp, gates[k]) for k in (0, 1, 3))
    new = f * c + i * xp.tanh(gates[2])
    return (o * new if fault == "no-tanh-of-memory" else o * xp.tanh(new)), new


def _logistic(xp: Any, x: Any) -> Any:
    small = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, 1.0, small) / (1 + small)


def _split(whole: Any, parts: int) -> list[Any]:
    units = whole.shape[1] // parts
    return [whole[:, k * units : (k + 1) * units] for k in range(parts)]
