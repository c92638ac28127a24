"""The exact ``birnn`` in float64, its running error bound and its derivative."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.cells import (
    GATES,
    PARTS,
    Uncertain,
    affine,
    read_weights,
    select_state,
    start,
    step,
    without_error,
)
from conformance.operations._common.cells_gradient import direction_gradient
from conformance.operations._common.oracle import select_valid
from conformance.trial.draw import GARBAGE, SIGNALS, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 8
FEATURES = 2
UNITS = 2
DIRECTIONS = ("forward", "backward")


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, ``x [B, T, F]``."""
    del options
    shape = (*mask.shape, FEATURES)
    valid = draw.rows_of(SIGNALS, shape)
    return {"x": fill_padding(valid, draw.rows_of(GARBAGE, shape), mask)}


def generate_weights(options: Mapping[str, str], draw: Draw) -> dict[str, Array]:
    """Return both directions' weights, by ``forward.kernel`` and the like."""
    width = GATES[options["cell"]] * UNITS
    shapes = {
        "kernel": (FEATURES, width),
        "recurrent_kernel": (UNITS, width),
        "bias": (width,),
        "recurrent_bias": (width,),
    }
    return {
        f"{direction}.{part}": draw.of(SIGNALS[1], shapes[part])
        for direction in DIRECTIONS
        for part in PARTS
    }


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact output; 0 at padding and for a row without valid positions."""
    return _compute(options, batch, "float64").value


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return the running error of :func:`answer` in ``dtype``, gate by gate.

    A position that is padding has no error: its zero is exact.
    """
    return solve(options, batch, dtype)[1]


def solve(options: Mapping[str, str], batch: Batch, dtype: str) -> tuple[Array, Array]:
    """Return the answer and its bound out of one pass over the steps."""
    p = PRECISIONS[dtype]
    whole = _compute(options, batch, dtype)
    stored = p.u * np.abs(whole.value) + 2 * p.eta
    error = p.factor * (whole.error + stored)
    if options["output"] == "sequence":
        return whole.value, np.where(batch.mask[..., None], error, 0.0)
    return whole.value, np.where((batch.counts > 0)[:, None], error, 0.0)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through x and every weight, through time."""
    return _derivative(options, batch, cotangent, majorant=False)


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64.

    Every factor of the chain rule is replaced by its magnitude, slopes by their
    largest; each of at most T steps rounds each path at most 16 + F + 2 H times.
    """
    p = PRECISIONS["float64"]
    size = _derivative(options, batch, cotangent, majorant=True)
    width = batch.arrays["x"].shape[2] + 2 * _units(batch)
    count = batch.time * (16 + width)
    error = {
        name: p.factor * (count * p.u * each + p.eta) for name, each in size.items()
    }
    return {**error, "x": np.where(batch.mask[..., None], error["x"], 0.0)}


def layer(
    options: Mapping[str, str],
    x: Uncertain,
    mask: Array,
    weights: Mapping[str, Array],
    dtype: str,
) -> Uncertain:
    """Return what a layer gives, and its running error before it is stored.

    Both directions go together: the second reads the rows from their end.

    Args:
        options: The keywords of a variant.
        x: Its input, zeros at padding, ``[B, T, F]``.
        mask: ``[B, T]``.
        weights: Its weights, by ``forward.kernel`` and the like.
        dtype: The dtype that an implementation computes in.
    """
    u, names = PRECISIONS[dtype].u, map(partial(read_weights, weights), DIRECTIONS)
    kernel, recurrent_kernel, bias, recurrent_bias = _stack(list(names))
    keep = _pair(mask)[..., None]
    given = Uncertain(_pair(x.value), _pair(x.error))
    left = affine(given, kernel[:, None], bias[:, None], u)
    recurrent = (recurrent_kernel, recurrent_bias)
    shape = (*keep.shape[:3], recurrent_kernel.shape[1])
    values, errors = np.zeros(shape), np.zeros(shape)
    state = start((*shape[:2], shape[3]))
    for t in range(shape[2]):
        now = Uncertain(left.value[:, :, t], left.error[:, :, t])
        after = step(options["cell"], now, state, recurrent, u)
        state = select_state(keep[:, :, t], after, state)
        values[:, :, t], errors[:, :, t] = state.h.value, state.h.error
    if options["output"] == "final":
        return _merge(options["merge"], state.h.value, state.h.error, u)
    values, errors = (
        _turn_back(np.where(keep, each, 0.0)) for each in (values, errors)
    )
    return _merge(options["merge"], values, errors, u)


def _stack(directions: list[dict[str, Array]]) -> Iterator[Array]:
    """Yield each part of both directions in one array, biases as rows."""
    for part in PARTS:
        both = np.stack([own[part] for own in directions])
        yield both if "kernel" in part else both[:, None]


def _pair(array: Array) -> Array:
    """Return ``[B, T, ...]`` twice, the second time from its end."""
    return np.stack([array, array[:, ::-1]])


def _turn_back(both: Array) -> Array:
    """Return a pair with the second turned back."""
    return np.stack([both[0], both[1, :, ::-1]])


def _merge(merge: str, values: Array, errors: Array, u: float) -> Uncertain:
    if merge == "concat":
        return Uncertain(*(np.concatenate(each, axis=-1) for each in (values, errors)))
    rounding = u * np.abs(values).sum(axis=0)
    return Uncertain(values.sum(axis=0), errors.sum(axis=0) + rounding)


def layer_gradient(
    options: Mapping[str, str],
    x: Array,
    mask: Array,
    weights: Mapping[str, Array],
    cotangent: Array,
    *,
    majorant: bool,
) -> dict[str, Array]:
    """Return a layer's derivative through ``x`` and its weights, or that one's size."""
    total = {"x": np.zeros_like(x)}
    for number, name in enumerate(DIRECTIONS):
        own = read_weights(weights, name)
        units = own["recurrent_kernel"].shape[0]
        part = slice(number * units, (number + 1) * units)
        mine = cotangent[..., part] if options["merge"] == "concat" else cotangent
        found = direction_gradient(
            options,
            x,
            mask,
            own,
            np.abs(mine) if majorant else mine,
            order=_order(name, x.shape[1]),
            majorant=majorant,
        )
        total["x"] += found.pop("x")
        total |= {f"{name}.{part}": array for part, array in found.items()}
    return total


def _units(batch: Batch) -> int:
    return int(batch.weights["forward.recurrent_kernel"].shape[0])


def _order(name: str, time: int) -> range:
    return range(time) if name == "forward" else range(time - 1, -1, -1)


def _compute(options: Mapping[str, str], batch: Batch, dtype: str) -> Uncertain:
    x = without_error(select_valid(batch, "x", 0.0))
    return layer(options, x, batch.mask, batch.weights, dtype)


def _derivative(
    options: Mapping[str, str], batch: Batch, cotangent: Array, *, majorant: bool
) -> dict[str, Array]:
    return layer_gradient(
        options,
        select_valid(batch, "x", 0.0),
        batch.mask,
        batch.weights,
        cotangent,
        majorant=majorant,
    )
