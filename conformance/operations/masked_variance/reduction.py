"""The variance of what counts, and variances made wrong on purpose."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    clean,
    count,
    multiply_by_mask,
    over,
    unless_empty,
    widen,
)
from conformance.operations._common.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.operations._common.reduced import Valid
    from conformance.trial.batch import Array
    from conformance.trial.precision import Precision


def exact_squares(values: Sequence[float]) -> Fraction | float:
    """Return the exact sum of squared distances to the mean; NaN of infinities."""
    if not all(map(math.isfinite, values)):
        return math.nan
    exact = [Fraction(value) for value in values]
    mean = sum(exact, Fraction(0)) / len(exact)
    return sum(((value - mean) ** 2 for value in exact), Fraction(0))


def _row(values: Sequence[float]) -> float | None:
    return float(exact_squares(values) / len(values)) if values else None


def distances(v: Valid) -> Array:
    """Return each valid value's distance to the row's mean; zeros at padding."""
    return v.only(v.x - (v.x.sum(axis=1) / v.n)[:, None])


def _value(v: Valid) -> Array:
    distance = distances(v)
    found: Array = (distance * distance).sum(axis=1) / v.n
    return found


def moved(v: Valid, p: Precision) -> Array:
    """Return how far the errors of the distances move the mean of their squares.

    Each distance carries the mean's error e and a rounding of its own; its square
    moves by twice that. One pass over the values, as Welford's, stays within it.
    """
    distance, size = abs(distances(v)), abs(v.x).sum(axis=1) / v.n
    off = v.only(((v.n + 1) * p.v * size)[:, None] + p.v * distance)
    found: Array = (off * (2 * distance + off)).sum(axis=1) / v.n
    return found


def distance_error(v: Valid, p: Precision) -> Array:
    """Return how far each distance may be off in a derivative.

    It carries the mean's error, and the derivative through the mean, which is zero but
    for that error, is added to it.
    """
    distance, size = abs(distances(v)), abs(v.x).sum(axis=1) / v.n
    spread = distance.sum(axis=1) / v.n
    means = ((v.n + 2) * p.u * (2 * size + spread))[:, None]
    found: Array = means + 6 * p.u * distance
    return found


def _slope_error(v: Valid, g: Array, p: Precision) -> Array:
    scale = (abs(g) / v.n)[:, None]
    return v.only(p.factor * (2 * distance_error(v, p) * scale + p.eta))


def _mean(xp: Any, x: Any, keep: Any) -> Any:
    total = xp.sum(clean(xp, x, keep), axis=1)
    return total / count(xp, keep, total)


def squares(xp: Any, x: Any, keep: Any) -> Any:
    """Return the sum of the squared distances of each row."""
    distance = clean(xp, x, keep) - _mean(xp, x, keep)[:, None]
    distance = xp.where(over(keep, x), distance, 0.0)
    return xp.sum(distance * distance, axis=1)


def _average(xp: Any, total: Any, x: Any, keep: Any) -> Any:
    return xp.astype(total / count(xp, keep, total), x.dtype)


def variance(xp: Any, x: Any, keep: Any) -> Any:
    """Return the variance of the valid values, zero for a row without any."""
    return _average(xp, squares(xp, x, keep), x, keep)


REDUCTION = Reduction(
    name="masked_variance",
    row=_row,
    value=_value,
    error=lambda v, p: moved(v, p) + (v.n + 4) * p.v * v.answer,
    slope=lambda v, g: 2 * distances(v) * (g / v.n)[:, None],
    slope_error=_slope_error,
    formula=variance,
    skips="nanvar",
)
wrong = REDUCTION.mutants.wrong


@wrong("value", url="https://github.com/espnet/espnet/pull/6571")
def centres_padding(xp: Any, x: Any, keep: Any) -> Any:
    """Takes the mean off padding as well, and squares what is left there."""
    distance = clean(xp, x, keep) - _mean(xp, x, keep)[:, None]
    return _average(xp, xp.sum(distance * distance, axis=1), x, keep)


@wrong("shift")
def mean_of_squares_less_squared_mean(xp: Any, x: Any, keep: Any) -> Any:
    """Takes the square of the mean off the mean of squares, which cancels."""
    mean = _mean(xp, x, keep)
    squares = xp.sum(clean(xp, x, keep) ** 2, axis=1)
    return xp.astype(squares / count(xp, keep, squares) - mean * mean, x.dtype)


@wrong("value")
def divides_by_one_less(xp: Any, x: Any, keep: Any) -> Any:
    """Divides by one less than the number of valid positions."""
    total = squares(xp, x, keep)
    return xp.astype(total / (count(xp, keep, total) - 1), x.dtype)


@wrong("value")
def adds_epsilon_to_the_count(xp: Any, x: Any, keep: Any) -> Any:
    """Adds 1e-5 to the number of valid positions."""
    total = squares(xp, x, keep)
    return xp.astype(total / (count(xp, keep, total) + 1e-5), x.dtype)


@wrong("value", url="https://github.com/NVIDIA-NeMo/Speech/issues/5401")
def divides_by_time(xp: Any, x: Any, keep: Any) -> Any:
    """Divides by T, not by the number of valid positions."""
    return xp.astype(squares(xp, x, keep) / x.shape[1], x.dtype)


@wrong("value", url="https://github.com/huggingface/transformers/pull/13512")
def around_the_padded_mean(xp: Any, x: Any, keep: Any) -> Any:
    """Takes off a mean that was divided by T."""
    mean = xp.sum(clean(xp, x, keep), axis=1) / x.shape[1]
    distance = xp.where(over(keep, x), widen(xp, x) - mean[:, None], 0.0)
    return _average(xp, xp.sum(distance * distance, axis=1), x, keep)


@wrong("value")
def gives_the_deviation(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the square root of the variance."""
    return xp.sqrt(variance(xp, x, keep))


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask, so that infinity or NaN at padding gives NaN."""
    distance = multiply_by_mask(xp, widen(xp, x) - _mean(xp, x, keep)[:, None], keep)
    return _average(xp, xp.sum(distance * distance, axis=1), x, keep)


@wrong("empty-row")
def empty_row_is_nan(xp: Any, x: Any, keep: Any) -> Any:
    """Gives NaN for a row without valid positions, zero declared."""
    return unless_empty(xp, variance(xp, x, keep), keep, float("nan"))
