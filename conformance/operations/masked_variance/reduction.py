"""The variance of what counts, and variances made wrong on purpose."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    clean,
    count,
    multiplied,
    over,
    unless_empty,
    wide,
)
from conformance.operations._common.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.operations._common.reduced import Valid
    from conformance.trial.batch import Array
    from conformance.trial.precision import Precision


def _row(values: Sequence[float]) -> float | None:
    if not values:
        return None
    if not all(map(math.isfinite, values)):
        return math.nan
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    return float(sum((value - mean) ** 2 for value in exact) / len(exact))


def away(v: Valid) -> Array:
    """Return each valid value's distance to the row's mean; zeros at padding."""
    return v.only(v.x - (v.x.sum(axis=1) / v.n)[:, None])


def _value(v: Valid) -> Array:
    distance = away(v)
    found: Array = (distance * distance).sum(axis=1) / v.n
    return found


def error(v: Valid, p: Precision) -> Array:
    """Return how far a right variance may be off.

    Each distance carries the mean's error e and a rounding of its own; its square
    moves by twice that. One pass over the values, as Welford's, stays within it.
    """
    distance, size = abs(away(v)), abs(v.x).sum(axis=1) / v.n
    off = v.only(((v.n + 1) * p.v * size)[:, None] + p.v * distance)
    moved = (off * (2 * distance + off)).sum(axis=1) / v.n
    found: Array = moved + (v.n + 4) * p.v * v.answer
    return found


def slope_error(v: Valid, g: Array, p: Precision) -> Array:
    """Return how far the derivative 2 (x - m) / n may be off.

    The distances carry the mean's error, and the derivative through the mean, which
    is zero but for that error, is added to each.
    """
    distance, size = abs(away(v)), abs(v.x).sum(axis=1) / v.n
    spread = distance.sum(axis=1) / v.n
    own = ((v.n + 2) * p.u * (2 * size + spread))[:, None] + 6 * p.u * distance
    return v.only(p.factor * (2 * own * (abs(g) / v.n)[:, None] + p.eta))


def _mean(xp: Any, x: Any, keep: Any) -> Any:
    total = xp.sum(clean(xp, x, keep), axis=1)
    return total / count(xp, keep, total)


def _squares(xp: Any, x: Any, keep: Any) -> Any:
    distance = clean(xp, x, keep) - _mean(xp, x, keep)[:, None]
    distance = xp.where(over(keep, x), distance, 0.0)
    return xp.sum(distance * distance, axis=1)


def _averaged(xp: Any, total: Any, x: Any, keep: Any) -> Any:
    return xp.astype(total / count(xp, keep, total), x.dtype)


def variance(xp: Any, x: Any, keep: Any) -> Any:
    """Return the variance of the valid values, zero for a row without any."""
    return _averaged(xp, _squares(xp, x, keep), x, keep)


REDUCTION = Reduction(
    name="masked_variance",
    row=_row,
    value=_value,
    error=error,
    slope=lambda v, g: 2 * away(v) * (g / v.n)[:, None],
    slope_error=slope_error,
    formula=variance,
)
wrong = REDUCTION.mutants.wrong


@wrong("value", url="https://github.com/espnet/espnet/pull/6571")
def centres_padding(xp: Any, x: Any, keep: Any) -> Any:
    """Takes the mean off padding as well, and squares what is left there."""
    distance = clean(xp, x, keep) - _mean(xp, x, keep)[:, None]
    return _averaged(xp, xp.sum(distance * distance, axis=1), x, keep)


@wrong("shift")
def mean_of_squares_less_squared_mean(xp: Any, x: Any, keep: Any) -> Any:
    """Takes the square of the mean off the mean of squares, which cancels."""
    mean = _mean(xp, x, keep)
    squares = xp.sum(clean(xp, x, keep) ** 2, axis=1)
    return xp.astype(squares / count(xp, keep, squares) - mean * mean, x.dtype)


@wrong("value")
def divides_by_one_less(xp: Any, x: Any, keep: Any) -> Any:
    """Divides by one less than the number of valid positions."""
    total = _squares(xp, x, keep)
    return xp.astype(total / (count(xp, keep, total) - 1), x.dtype)


@wrong("value")
def adds_epsilon_to_the_count(xp: Any, x: Any, keep: Any) -> Any:
    """Adds 1e-5 to the number of valid positions."""
    total = _squares(xp, x, keep)
    return xp.astype(total / (count(xp, keep, total) + 1e-5), x.dtype)


@wrong("value", url="https://github.com/NVIDIA-NeMo/Speech/issues/5401")
def divides_by_time(xp: Any, x: Any, keep: Any) -> Any:
    """Divides by T, not by the number of valid positions."""
    return xp.astype(_squares(xp, x, keep) / x.shape[1], x.dtype)


@wrong("value", url="https://github.com/huggingface/transformers/pull/13512")
def around_the_padded_mean(xp: Any, x: Any, keep: Any) -> Any:
    """Takes off a mean that was divided by T."""
    mean = xp.sum(clean(xp, x, keep), axis=1) / x.shape[1]
    distance = xp.where(over(keep, x), wide(xp, x) - mean[:, None], 0.0)
    return _averaged(xp, xp.sum(distance * distance, axis=1), x, keep)


@wrong("value")
def gives_the_deviation(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the square root of the variance."""
    return xp.sqrt(variance(xp, x, keep))


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask, so that infinity or NaN at padding gives NaN."""
    distance = multiplied(xp, wide(xp, x) - _mean(xp, x, keep)[:, None], keep)
    return _averaged(xp, xp.sum(distance * distance, axis=1), x, keep)


@wrong("empty-row")
def empty_row_is_nan(xp: Any, x: Any, keep: Any) -> Any:
    """Gives NaN for a row without valid positions, zero declared."""
    return unless_empty(xp, variance(xp, x, keep), keep, float("nan"))
