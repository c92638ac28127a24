"""Norms over an array namespace, with a place for each fault.

Written for mutants: the right norm is the one without a fault.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    MASKS,
    clean,
    fill_empty_rows,
    lengths,
    read_mask,
    widen,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_EPSILONS = {"small-epsilon": 1e-5, "no-epsilon": 0.0, "large-epsilon": 1e-2}


def batch_norm(
    xp: Any, x: Any, mask: Any, scale: Any, offset: Any, *, fault: str = ""
) -> Any:
    """Return x normed over the batch's valid positions; zero at padding."""
    keep = change_mask(xp, x, mask, fault)
    seen = clean_x(xp, x, keep, fault)
    mean, variance = _statistics(xp, seen, keep, fault)
    found = scale_and_move(xp, seen, (mean, variance), (scale, offset), fault)
    return hide_padding(xp, found, keep, x, fault)


def layer_norm(
    xp: Any, x: Any, mask: Any, scale: Any, offset: Any, *, fault: str = ""
) -> Any:
    """Return x normed over each position's features; zero at padding."""
    keep = change_mask(xp, x, mask, fault)
    seen = clean_x(xp, x, keep, fault)
    axes = {"over-time": (1,), "over-rows": (0,), "over-both": (1, 2)}.get(fault, (2,))
    number = max(1, prod(x.shape[axis] for axis in axes))
    add = partial(xp.sum, axis=axes, keepdims=True)
    mean = add(seen) / number
    away = seen - mean
    variance = add(away * away) / number
    if fault == "one-pass":
        variance = add(seen * seen) / number - mean * mean
    if fault == "unbiased":
        variance = variance * x.shape[2] / (x.shape[2] - 1)
    mean, variance = _hold_statistics(mean, variance, fault)
    found = scale_and_move(xp, seen, (mean, variance), (scale, offset), fault)
    return hide_padding(xp, found, keep, x, fault)


def change_mask(xp: Any, x: Any, mask: Any, fault: str) -> Any:
    """Return the mask as booleans, changed where the fault is the mask's."""
    keep = read_mask(xp, x, mask)
    if fault in MASKS:
        return MASKS[fault][0](xp, keep)
    if fault == "empty-row-is-full":
        return fill_empty_rows(xp, keep)
    if fault == "bitwise" and mask is not None:
        return ~mask == 0
    if fault == "baked":
        try:
            known = [int(number) for number in lengths(xp, keep)[:, 0]]
        except TypeError:  # a tracer has no value: what is left is the static shape
            known = [x.shape[1]] * x.shape[0]
        return xp.arange(x.shape[1])[None] < xp.asarray(known)[:, None]
    return keep


def clean_x(xp: Any, x: Any, keep: Any, fault: str) -> Any:
    """Return x widened, with zeros at padding."""
    if fault == "zeroes-its-input":
        x[~keep] = 0
    if fault == "reads-memory":
        x = x.ravel(order="K").reshape(x.shape)
    if fault == "nan-becomes-zero":
        x = xp.where(xp.isnan(x), xp.zeros_like(x), x)
    if fault == "raw":
        return xp.where(keep[..., None], widen(xp, x), 0 * (widen(xp, x) ** 2))
    if fault == "multiplies":
        return widen(xp, x) * xp.astype(keep[..., None], widen(xp, x).dtype)
    return clean(xp, x, keep)


def _statistics(xp: Any, x: Any, keep: Any, fault: str) -> tuple[Any, Any]:
    """Return the mean and the variance of each feature, ``[1, 1, F]``."""
    weight = xp.astype(keep[..., None], x.dtype)
    over = {"rows": 1, "features": (0, 1, 2)}.get(fault, (0, 1))
    add = partial(xp.sum, axis=over, keepdims=True)
    number = add(weight) * (x.shape[2] if fault == "features" else 1)
    if fault == "int8":
        count = xp.astype(xp.astype(xp.sum(keep), xp.int8), x.dtype)
        number = count + 0 * number
    if fault == "counts-padding":
        number = 0 * number + x.shape[0] * x.shape[1]
    number = xp.where(number > 0, number, 1.0 + 0 * number)
    mean = add(x) / number
    if fault == "mean-of-row-means":
        each = xp.sum(weight, axis=1, keepdims=True)
        rows = xp.sum(x, axis=1, keepdims=True) / xp.where(each > 0, each, 1.0)
        mean = xp.sum(rows, axis=0, keepdims=True) / max(1, x.shape[0])
    away = (x - mean) * (1.0 if fault == "centres-padding" else weight)
    variance = add(away * away) / number
    if fault == "one-pass":
        variance = add(x * x) / number - mean * mean
    if fault == "unbiased":
        variance = variance * number / xp.where(number > 1, number - 1, 1.0)
    return _hold_statistics(mean, variance, fault)


def _hold_statistics(mean: Any, variance: Any, fault: str) -> tuple[Any, Any]:
    if fault == "constant-statistics":
        return mean.detach(), variance.detach()
    return mean, variance


def scale_and_move(
    xp: Any, x: Any, statistics: tuple[Any, Any], weights: tuple[Any, Any], fault: str
) -> Any:
    """Return x less the mean, over the root, scaled and moved."""
    mean, variance = statistics
    scale, offset = (widen(xp, each) for each in weights)
    if fault == "frozen-scale":
        scale = scale.detach()
    epsilon = _EPSILONS.get(fault, 1e-3)
    root = xp.sqrt(variance + epsilon)
    if fault == "epsilon-outside":
        root = xp.sqrt(variance) + epsilon
    if fault == "divides-by-the-variance":
        root = variance + epsilon
    away = x if fault == "no-mean" else x - mean
    if fault == "no-scale":
        return away / root + offset
    if fault == "no-offset":
        return away / root * scale
    if fault == "scale-less-one":
        return away / root * (1 + scale) + offset
    if fault == "offset-is-scaled":
        return (away / root + offset) * scale
    return away / root * scale + offset


def hide_padding(xp: Any, found: Any, keep: Any, x: Any, fault: str) -> Any:
    """Return the answer: zero at padding, of the input's dtype."""
    if fault == "offset-at-padding":
        keep = xp.ones_like(keep)
    return xp.astype(xp.where(keep[..., None], found, 0.0), x.dtype)


def change_answer(
    change: Callable[[Any, Any, Any], Any],
    formula: Callable[..., Any],
    xp: Any,
    *tensors: Any,
) -> Any:
    """Return the right answer, then changed."""
    x, mask = tensors[:2]
    return change(xp, formula(xp, *tensors), read_mask(xp, x, mask))


def cut_to_longest(xp: Any, found: Any, keep: Any) -> Any:
    """Return the answer cut to the longest row."""
    return found[:, : int(xp.max(lengths(xp, keep)))]
