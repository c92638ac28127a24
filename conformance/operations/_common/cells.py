"""Recurrent cells in float64: one step forward, and its rounding error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array

GATES = {"simple": 1, "lstm": 4, "gru": 3}
PARTS = ("kernel", "recurrent_kernel", "bias", "recurrent_bias")


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A number and how far a right implementation's may be from it."""

    value: Array
    error: Array


@dataclass(frozen=True, slots=True)
class State:
    """What a cell carries: h, and c in an LSTM."""

    h: Uncertain
    c: Uncertain


def without_error(x: Array) -> Uncertain:
    """Return numbers that nobody has rounded."""
    return Uncertain(x, np.zeros_like(x))


def logistic(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)) without overflow."""
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, small) / (1.0 + small))


def start(shape: tuple[int, ...]) -> State:
    """Return the zero initial state, exact."""
    zero = np.zeros(shape)
    return State(Uncertain(zero, zero), Uncertain(zero, zero))


def read_weights(weights: Mapping[str, Array], owner: str) -> dict[str, Array]:
    """Return the weights of one direction in float64, by part."""
    return {
        part: np.asarray(weights[f"{owner}.{part}"], dtype=np.float64) for part in PARTS
    }


def select_state(here: Array, after: State, before: State) -> State:
    """Return the state behind a position: a masked step is no step."""
    return State(
        *(
            Uncertain(
                np.where(here, new.value, old.value),
                np.where(here, new.error, old.error),
            )
            for new, old in ((after.h, before.h), (after.c, before.c))
        )
    )


def split_state(state: Array, units: int) -> tuple[Array, Array]:
    """Return h and c of ``[B, H or 2H]``; zeros for c where a cell has none."""
    h, c = state[:, :units], state[:, units:]
    return h, c if c.shape[1] else np.zeros_like(h)


def step(
    cell: str, left: Uncertain, state: State, recurrent: tuple[Array, Array], u: float
) -> State:
    """Return the state after one position.

    Args:
        cell: ``simple``, ``lstm`` or ``gru``.
        left: What the position's input adds to each gate, ``[..., B, gates * H]``.
        state: The state before it, ``[..., B, H]``.
        recurrent: The recurrent kernel and its bias.
        u: Unit roundoff that the implementation computes in.
    """
    right = affine(state.h, *recurrent, u)
    if cell == "gru":
        return _gru(left, right, state, u)
    gates = _add(left, right, u)
    if cell == "simple":
        return State(tanh_of(gates, u), state.c)
    # All four at once, though g is a tanh: calls cost, not numbers.
    i, f, _, o = _split(logistic_of(gates, u), 4)
    g = tanh_of(_split(gates, 4)[2], u)
    c = _add(_times(f, state.c, u), _times(i, g, u), u)
    return State(_times(o, tanh_of(c, u), u), c)


def _gru(left: Uncertain, right: Uncertain, state: State, u: float) -> State:
    lefts, rights = _split(left, 3), _split(right, 3)
    r = logistic_of(_add(lefts[0], rights[0], u), u)
    z = logistic_of(_add(lefts[1], rights[1], u), u)
    n = tanh_of(_add(lefts[2], _times(r, rights[2], u), u), u)
    # Two right forms, (1 - z) n + z h and n + z (h - n): the error of the wider one.
    value = (1 - z.value) * n.value + z.value * state.h.value
    error = (
        z.error * (np.abs(state.h.value - n.value) + n.error + state.h.error)
        + (1 - z.value) * n.error
        + z.value * state.h.error
        + 4 * u * (np.abs(n.value) + np.abs(state.h.value))
    )
    return State(Uncertain(value, error), state.c)


def affine(x: Uncertain, kernel: Array, bias: Array, u: float) -> Uncertain:
    """Return x W + b: a dot product of n terms in any order errs by n u of its size."""
    size = np.abs(x.value) @ np.abs(kernel) + np.abs(bias)
    terms = kernel.shape[-2] + 2
    error = terms * u * size + x.error @ np.abs(kernel)
    return Uncertain(x.value @ kernel + bias, error)


def _split(whole: Uncertain, count: int) -> list[Uncertain]:
    units = whole.value.shape[-1] // count
    parts = [slice(k * units, (k + 1) * units) for k in range(count)]
    return [Uncertain(whole.value[..., p], whole.error[..., p]) for p in parts]


def _add(a: Uncertain, b: Uncertain, u: float) -> Uncertain:
    # Implementations may add the four parts in another order: the size is of all.
    size = np.abs(a.value) + np.abs(b.value)
    return Uncertain(a.value + b.value, a.error + b.error + 3 * u * size)


def _times(a: Uncertain, b: Uncertain, u: float) -> Uncertain:
    value = a.value * b.value
    error = np.abs(a.value) * b.error + np.abs(b.value) * a.error + a.error * b.error
    return Uncertain(value, error + u * np.abs(value))


def tanh_of(a: Uncertain, u: float) -> Uncertain:
    """Return tanh; its slope damps the error, and it adds 8 u of its own."""
    value = np.tanh(a.value)
    nearest = np.maximum(np.abs(a.value) - a.error, 0.0)
    slope = 1 - np.tanh(nearest) ** 2
    return Uncertain(value, np.minimum(a.error * slope, 2.0) + 8 * u * np.abs(value))


def logistic_of(a: Uncertain, u: float) -> Uncertain:
    """Return the logistic function, likewise."""
    value = logistic(a.value)
    nearest = logistic(-np.maximum(np.abs(a.value) - a.error, 0.0))
    slope = nearest * (1 - nearest)
    return Uncertain(value, np.minimum(a.error * slope, 1.0) + 8 * u * value)
