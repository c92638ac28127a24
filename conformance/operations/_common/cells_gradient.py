"""Back-propagation through time for one direction, in float64 and by hand.

With ``majorant`` every factor is replaced by its magnitude and every slope by the
largest it can be, which bounds how far rounding can carry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.cells import logistic, split_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array

Parts = tuple["Array", ...]
Back = tuple["Array", "Array", "Array | float", "Array"]


def direction_gradient(
    options: Mapping[str, str],
    x: Array,
    mask: Array,
    weights: Mapping[str, Array],
    cotangent: Array,
    *,
    order: range,
    majorant: bool,
    initial: Array | None = None,
) -> dict[str, Array]:
    """Return one direction's derivative through x and through its weights, by name.

    Where there is an initial state, the derivative through it is there as well.

    Args:
        options: The variant's keywords.
        x: Inputs with zeros at padding, ``[B, T, F]``.
        mask: ``[B, T]``.
        weights: This direction's weights.
        cotangent: ``[B, T, H]`` for sequence, ``[B, H]`` for final, or
            ``[B, 2H]``, where the memory cell is part of what is final.
        order: The positions in the order that the direction reads them.
        majorant: Whether to return the bound of the derivative's size.
        initial: The state before the first step, ``[B, H or 2H]``; zeros if None.
    """
    units = weights["recurrent_kernel"].shape[0]
    begun = np.zeros((x.shape[0], units)) if initial is None else initial
    h, c = split_state(begun, units)
    trail = []
    forward = _FORWARD[options["cell"]]
    for t in order:
        here = mask[:, t, None]
        new_h, new_c, locals_ = forward(x[:, t], h, c, weights)
        trail.append((t, here, h, locals_))
        h, c = np.where(here, new_h, h), np.where(here, new_c, c)
    back = _BACKWARD[options["cell"]]
    sequence = options["output"] == "sequence"
    none = np.zeros_like(h)
    dh, dc = (none, none) if sequence else split_state(cotangent.copy(), units)
    kernel, recurrent = weights["kernel"], weights["recurrent_kernel"]
    if majorant:
        kernel, recurrent = np.abs(kernel), np.abs(recurrent)
    found = {name: np.zeros_like(array) for name, array in weights.items()}
    found["x"] = np.zeros_like(x)
    size = np.abs if majorant else np.asarray
    for t, here, before, locals_ in reversed(trail):
        total = dh + cotangent[:, t] if sequence else dh
        left, right, keep_h, keep_c = back(locals_, total, dc, majorant=majorant)
        left, right = np.where(here, left, 0.0), np.where(here, right, 0.0)
        found["x"][:, t] = left @ kernel.T
        found["kernel"] += size(x[:, t]).T @ left
        found["bias"] += left.sum(axis=0)
        found["recurrent_kernel"] += size(before).T @ right
        found["recurrent_bias"] += right.sum(axis=0)
        dh = np.where(here, right @ recurrent.T + keep_h, dh)
        dc = np.where(here, keep_c, dc)
    if initial is not None:
        through = np.concatenate([dh, dc], axis=1)
        found["initial"] = through[:, : initial.shape[1]]
    return found


def _simple(
    x: Array, h: Array, c: Array, w: Mapping[str, Array]
) -> tuple[Array, Array, Parts]:
    new = np.tanh(_input_product(x, w) + _state_product(h, w))
    return new, c, (new,)


def _simple_back(saved: Parts, dh: Array, dc: Array, *, majorant: bool) -> Back:
    da = dh * _tanh_slope(saved[0], majorant=majorant)
    return da, da, 0.0, dc


def _lstm(
    x: Array, h: Array, c: Array, w: Mapping[str, Array]
) -> tuple[Array, Array, Parts]:
    i, f, g, o = np.split(_input_product(x, w) + _state_product(h, w), 4, axis=1)
    i, f, g, o = logistic(i), logistic(f), np.tanh(g), logistic(o)
    new_c = f * c + i * g
    t = np.tanh(new_c)
    return o * t, new_c, (i, f, g, o, c, t)


def _lstm_back(saved: Parts, dh: Array, dc: Array, *, majorant: bool) -> Back:
    i, f, g, o, c, t = (np.abs(part) for part in saved) if majorant else saved
    dct = dc + dh * o * _tanh_slope(t, majorant=majorant)
    da = np.concatenate(
        [
            dct * g * _logistic_slope(i, majorant=majorant),
            dct * c * _logistic_slope(f, majorant=majorant),
            dct * i * _tanh_slope(g, majorant=majorant),
            dh * t * _logistic_slope(o, majorant=majorant),
        ],
        axis=1,
    )
    return da, da, 0.0, dct * f


def _gru(
    x: Array, h: Array, c: Array, w: Mapping[str, Array]
) -> tuple[Array, Array, Parts]:
    lr, lz, ln = np.split(_input_product(x, w), 3, axis=1)
    rr, rz, rn = np.split(_state_product(h, w), 3, axis=1)
    r, z = logistic(lr + rr), logistic(lz + rz)
    n = np.tanh(ln + r * rn)
    return (1 - z) * n + z * h, c, (r, z, n, rn, h)


def _gru_back(saved: Parts, dh: Array, dc: Array, *, majorant: bool) -> Back:
    r, z, n, rn, h = saved
    difference = np.abs(h) + np.abs(n) if majorant else h - n
    dn = dh * (1 - z) * _tanh_slope(n, majorant=majorant)
    dz = dh * difference * _logistic_slope(z, majorant=majorant)
    through = np.abs(rn) if majorant else rn
    dr = dn * through * _logistic_slope(r, majorant=majorant)
    left = np.concatenate([dr, dz, dn], axis=1)
    right = np.concatenate([dr, dz, dn * r], axis=1)
    return left, right, dh * z, dc


def _input_product(x: Array, w: Mapping[str, Array]) -> Array:
    return np.asarray(x @ w["kernel"] + w["bias"])


def _state_product(h: Array, w: Mapping[str, Array]) -> Array:
    return np.asarray(h @ w["recurrent_kernel"] + w["recurrent_bias"])


def _tanh_slope(value: Array, *, majorant: bool) -> Array:
    return np.ones_like(value) if majorant else 1 - value**2


def _logistic_slope(value: Array, *, majorant: bool) -> Array:
    return np.full_like(value, 0.25) if majorant else value * (1 - value)


_FORWARD = {"simple": _simple, "lstm": _lstm, "gru": _gru}
_BACKWARD = {"simple": _simple_back, "lstm": _lstm_back, "gru": _gru_back}
