"""The exact ``nested`` in float64, its running error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.cells import (
    Uncertain,
    affine,
    logistic_of,
    tanh_of,
)
from conformance.operations._common.oracle import select_valid
from conformance.operations.nested.oracle_training import InnerLayers, pull_back
from conformance.trial.draw import GARBAGE, SIGNALS, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 32
FEATURES = 3
UNITS = 2
VARIANCES = (0.25, 0.5, 1.0, 2.0, 4.0)


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, ``x [B, T, F]``."""
    del options
    shape = (*mask.shape, FEATURES)
    valid = draw.rows_of(SIGNALS, shape)
    return {"x": fill_padding(valid, draw.rows_of(GARBAGE, shape), mask)}


def generate_weights(options: Mapping[str, str], draw: Draw) -> dict[str, Array]:
    """Return the inner layers' weights, by ``first.kernel`` and the like."""
    found = {
        name: draw.of(SIGNALS[1], shape)
        for name, shape in shapes(options["inner"]).items()
    }
    if "norm.variance" in found:
        found["norm.variance"] = draw.of(VARIANCES, (UNITS,))
    return found


def shapes(inner: str) -> dict[str, tuple[int, ...]]:
    """Return the shape of each weight and piece of state, in the builder's order."""
    if inner == "twice":
        return {"first.kernel": (FEATURES, FEATURES), "first.bias": (FEATURES,)}
    found: dict[str, tuple[int, ...]] = {
        "first.kernel": (FEATURES, UNITS),
        "first.bias": (UNITS,),
        "second.kernel": (UNITS, UNITS),
        "second.bias": (UNITS,),
    }
    if inner == "normed":
        parts = ("scale", "offset", "mean", "variance")
        found |= {f"norm.{part}": (UNITS,) for part in parts}
    return found


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact output; 0 at padding."""
    value = _forward(options, batch, "float64").value
    return np.where(batch.mask[..., None], value, 0.0)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return the running error of :func:`answer` in ``dtype``; none at padding."""
    p = PRECISIONS[dtype]
    found = _forward(options, batch, dtype)
    error = p.factor * (found.error + p.u * np.abs(found.value) + 2 * p.eta)
    return np.where(batch.mask[..., None], error, 0.0)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through x and every weight that is trained."""
    return _derivative(options, batch, cotangent, majorant=False)[0]


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64: see ``training``."""
    p = PRECISIONS["float64"]
    size, count = _derivative(options, batch, cotangent, majorant=True)
    error = {
        name: p.factor * (count * p.u * each + p.eta) for name, each in size.items()
    }
    return {**error, "x": np.where(batch.mask[..., None], error["x"], 0.0)}


def _derivative(
    options: Mapping[str, str], batch: Batch, cotangent: Array, *, majorant: bool
) -> tuple[dict[str, Array], float]:
    x = select_valid(batch, "x", 0.0)
    flat = x.reshape(-1, x.shape[-1])
    pull = np.where(batch.mask[..., None], cotangent, 0.0).reshape(len(flat), -1)
    stack = InnerLayers.of(options["inner"], batch.weights)
    found, count = pull_back(stack, flat, pull, majorant=majorant)
    return {**found, "x": found["x"].reshape(x.shape)}, count


def _forward(options: Mapping[str, str], batch: Batch, dtype: str) -> Uncertain:
    x, u = select_valid(batch, "x", 0.0), PRECISIONS[dtype].u
    stack = InnerLayers.of(options["inner"], batch.weights)
    rows = x.reshape(x.shape[0] * x.shape[1], x.shape[2])
    flat = Uncertain(rows, np.zeros_like(rows))
    hidden = tanh_of(_keep_special(affine(flat, *stack.first, u)), u)
    if stack.norm:
        hidden = _normalise(hidden, stack.norm, u)
    found = _keep_special(logistic_of(affine(hidden, *stack.second, u), u))
    shape = (*x.shape[:2], found.value.shape[1])
    return Uncertain(found.value.reshape(shape), found.error.reshape(shape))


def _keep_special(a: Uncertain) -> Uncertain:
    """Infinities and NaN come of their input, whatever is rounded on the way."""
    return Uncertain(a.value, np.where(np.isfinite(a.value), a.error, 0.0))


def _normalise(a: Uncertain, norm: tuple[Array, ...], u: float) -> Uncertain:
    """Return a batch norm's answer; as (a - m) s + b or as a s + (b - m s)."""
    scale, offset, mean, variance = norm
    factor = scale / np.sqrt(variance + 1e-3)
    size = (np.abs(a.value) + np.abs(mean)) * np.abs(factor) + np.abs(offset)
    error = a.error * np.abs(factor) + 8 * u * size
    return Uncertain((a.value - mean) * factor + offset, error)
