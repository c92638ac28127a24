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
    widen,
)
from conformance.operations._common.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.operations._common.reduced import Valid
    from conformance.trial.batch import Array
    from conformance.trial.precision import Precision


def exact_variance(values: Sequence[float], ddof: str = "0") -> Fraction | float | None:
    """Return the exact variance; NaN of infinities, None of no more than ddof."""
    if len(values) <= int(ddof):
        return None
    if not all(map(math.isfinite, values)):
        return math.nan
    exact = [Fraction(value) for value in values]
    mean = sum(exact, Fraction(0)) / len(exact)
    squares = sum(((value - mean) ** 2 for value in exact), Fraction(0))
    return squares / (len(exact) - int(ddof))


def _row(values: Sequence[float]) -> float | None:
    found = exact_variance(values)
    return None if found is None else float(found)


def left(v: Valid) -> Array:
    """Return what the squares are divided by: n - ddof, at least 1."""
    found: Array = (v.n - int(v.options.get("ddof", "0"))).clip(1)
    return found


def _distances(v: Valid) -> Array:
    """Return each valid value's distance to the row's mean; zeros at padding."""
    return v.only(v.x - (v.x.sum(axis=1) / v.n)[:, None])


def _value(v: Valid) -> Array:
    distance = _distances(v)
    found: Array = (distance * distance).sum(axis=1) / left(v)
    return found


def _error(v: Valid, p: Precision) -> Array:
    """Return how far the errors of the distances move the mean of their squares.

    Each distance carries the mean's error e and a rounding of its own; its square
    moves by twice that. One pass over the values, as Welford's, stays within it.
    """
    distance, size = abs(_distances(v)), abs(v.x).sum(axis=1) / v.n
    off = v.only(((v.n + 1) * p.v * size)[:, None] + p.v * distance)
    found: Array = (off * (2 * distance + off)).sum(axis=1) / left(v)
    return found + (v.n + 4) * p.v * _value(v)


def _slope(v: Valid, g: Array) -> Array:
    found: Array = 2 * _distances(v) * (g / left(v))[:, None]
    return found


def _slope_error(v: Valid, g: Array, p: Precision) -> Array:
    """Return how far twice each distance's share of g may be off.

    A distance carries the mean's error, and the derivative through the mean, which is
    zero but for that error, is added to it.
    """
    distance, size = abs(_distances(v)), abs(v.x).sum(axis=1) / v.n
    spread = distance.sum(axis=1) / v.n
    means = ((v.n + 2) * p.u * (2 * size + spread))[:, None]
    scale = (abs(g) / left(v))[:, None]
    return v.only(p.factor * (2 * (means + 6 * p.u * distance) * scale + p.eta))


def _mean(xp: Any, x: Any, keep: Any) -> Any:
    total = xp.sum(clean(xp, x, keep), axis=1)
    return total / count(xp, keep, total)


def squares(xp: Any, x: Any, keep: Any) -> Any:
    """Return the sum of the squared distances of each row."""
    distance = clean(xp, x, keep) - _mean(xp, x, keep)[:, None]
    distance = xp.where(over(keep, x), distance, 0.0)
    return xp.sum(distance * distance, axis=1)


def divide(xp: Any, squares: Any, keep: Any, ddof: int = 0) -> Any:
    """Return the squares over n - ddof, and over 1 where that is less."""
    number = count(xp, keep, squares) - ddof
    return squares / xp.where(number > 0, number, 1 + 0 * number)


def spread(xp: Any, x: Any, keep: Any, *, ddof: int = 0) -> Any:
    """Return the variance, not yet stored in the dtype of ``x``."""
    return divide(xp, squares(xp, x, keep), keep, ddof)


def sum_squares(xp: Any, x: Any, keep: Any) -> tuple[Any, Any]:
    """Return the sum of squares and the mean, which cancel where both are large."""
    return xp.sum(clean(xp, x, keep) ** 2, axis=1), _mean(xp, x, keep)


def _average(xp: Any, total: Any, x: Any, keep: Any) -> Any:
    return xp.astype(total / count(xp, keep, total), x.dtype)


def _variance(xp: Any, x: Any, keep: Any) -> Any:
    return xp.astype(spread(xp, x, keep), x.dtype)


REDUCTION = Reduction(
    name="masked_variance",
    row=_row,
    value=_value,
    error=_error,
    slope=_slope,
    slope_error=_slope_error,
    formula=_variance,
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
    total, mean = sum_squares(xp, x, keep)
    return xp.astype(total / count(xp, keep, total) - mean * mean, x.dtype)


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
    return xp.sqrt(_variance(xp, x, keep))


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask, so that infinity or NaN at padding gives NaN."""
    distance = multiply_by_mask(xp, widen(xp, x) - _mean(xp, x, keep)[:, None], keep)
    return _average(xp, xp.sum(distance * distance, axis=1), x, keep)


REDUCTION.give_empty_rows(math.nan, "zero")
