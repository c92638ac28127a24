"""One step of training by hand, in float64: derivatives through layers in layers.

With ``majorant`` every factor is replaced by its magnitude and every slope by the
largest it can be, which bounds how far rounding can carry: each path is rounded at
most as often as the second number of :func:`pull_back` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.cells import logistic
from conformance.operations._common.oracle import to_float64

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array

    Pair = tuple[Array, Array]

EPSILON = 1e-3
RATE = 0.25
KEPT = 0.9
"""How much of a moving statistic is kept at each step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerLayers:
    """The inner layers' weights in float64.

    Attributes:
        first: Kernel and bias.
        second: Kernel and bias, the first's where that is used twice.
        norm: Scale, offset, moving mean and moving variance, or nothing.
        trained: The names of what is trained.
        state: The names of what is not.
    """

    first: Pair
    second: Pair
    norm: tuple[Array, ...]
    trained: tuple[str, ...]
    state: tuple[str, ...]

    @classmethod
    def of(cls, inner: str, weights: Mapping[str, Array]) -> InnerLayers:
        """Return the stack that a variant makes of its weights."""
        still = {"norm.mean", "norm.variance"}
        still |= {"first.kernel", "first.bias"} if inner == "frozen" else set()
        whole = {name: to_float64(array) for name, array in weights.items()}
        second = "first" if inner == "twice" else "second"
        parts = ("scale", "offset", "mean", "variance") if inner == "normed" else ()
        return cls(
            first=(whole["first.kernel"], whole["first.bias"]),
            second=(whole[f"{second}.kernel"], whole[f"{second}.bias"]),
            norm=tuple(whole[f"norm.{part}"] for part in parts),
            trained=tuple(name for name in weights if name not in still),
            state=tuple(name for name in weights if name in still),
        )


def pull_back(
    stack: InnerLayers,
    x: Array,
    cotangent: Array,
    *,
    training: bool = False,
    majorant: bool = False,
) -> tuple[dict[str, Array], float]:
    """Return the derivative through x and each trained weight, and its roundings.

    Args:
        stack: The weights.
        x: Positions one below the other, ``[N, F]``.
        cotangent: ``[N, O]``.
        training: Whether the norm takes the batch's statistics.
        majorant: Whether to return the bound of the derivative's size.
    """
    size = np.abs if majorant else np.asarray
    kernel, _ = stack.first
    a = np.tanh(_affine(x, stack.first))
    hidden, back, spread = _norm(stack, a, training=training, majorant=majorant)
    y = logistic(_affine(hidden, stack.second))
    out = size(cotangent) * (0.25 if majorant else y * (1 - y))
    found = {
        "second.kernel": size(hidden).T @ out,
        "second.bias": out.sum(axis=0),
    }
    moved, own = back(out @ size(stack.second[0]).T)
    moved = moved * (1.0 if majorant else 1 - a**2)
    found |= own
    first = {"first.kernel": size(x).T @ moved, "first.bias": moved.sum(axis=0)}
    if "second.kernel" not in stack.trained:  # one layer, used twice
        for part in ("kernel", "bias"):
            first[f"first.{part}"] = first[f"first.{part}"] + found[f"second.{part}"]
    found |= first
    kept = {name: found[name] for name in stack.trained}
    count = (16 + sum(stack.first[0].shape) + len(hidden.T) + len(x)) * spread
    for weights, given in ((stack.first, x), (stack.second, hidden)):
        # What a product of rounded terms is off by, of the slopes behind it.
        count *= 1 + float(_affine(np.abs(given), _sizes(weights)).max(initial=0.0))
    return {"x": moved @ size(kernel).T, **kept}, count


def statistics(stack: InnerLayers, x: Array) -> tuple[Array, Array, float]:
    """Return the batch's mean and biased variance behind tanh, and their roundings."""
    a = np.tanh(_affine(x, stack.first))
    size = 1 + float(_affine(np.abs(x), _sizes(stack.first)).max(initial=0.0))
    return a.mean(axis=0), a.var(axis=0), 4 * (16 + len(x) + len(x.T)) * size


def _norm(stack: InnerLayers, a: Array, *, training: bool, majorant: bool) -> tuple:  # type: ignore[type-arg]
    """Return the norm's answer, its pull, and how much rounding it carries on."""
    if not stack.norm:
        return a, lambda pull: (pull, {}), 1.0
    size = np.abs if majorant else np.asarray
    scale, offset, mean, variance = stack.norm
    if training:
        mean, variance = a.mean(axis=0), a.var(axis=0)
    root = np.sqrt(variance + EPSILON)
    n = (a - mean) / root

    def back(pull: Array) -> tuple[Array, dict[str, Array]]:
        own = {
            "norm.scale": (pull * size(n)).sum(axis=0),
            "norm.offset": pull.sum(axis=0),
        }
        down = pull * size(scale)
        if training:
            sign = 1 if majorant else -1
            through = (down * size(n)).mean(axis=0)
            down = down + sign * (down.mean(axis=0) + size(n) * through)
        return down / root, own

    # Squares less the squared mean, as some take the variance, cancel that far.
    spread = 1 + 4 * float(((a**2).mean(axis=0) / (variance + EPSILON)).max())
    return n * scale + offset, back, spread


def _affine(x: Array, weights: Pair) -> Array:
    return np.asarray(x @ weights[0] + weights[1])


def _sizes(weights: Pair) -> Pair:
    return np.abs(weights[0]), np.abs(weights[1])
