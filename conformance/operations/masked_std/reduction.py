"""The deviation of what counts, and deviations made wrong on purpose."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import count, over, unless_empty, widen
from conformance.operations._common.reduction import Reduction
from conformance.operations.masked_variance.reduction import (
    distance_error,
    distances,
    exact_squares,
    moved,
    squares,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.operations._common.reduced import Valid
    from conformance.trial.batch import Array
    from conformance.trial.precision import Precision


def _row(values: Sequence[float], ddof: str) -> float | None:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    if len(values) <= int(ddof):
        return None
    found = exact_squares(values) / (len(values) - int(ddof))
    if not isinstance(found, Fraction):
        return found
    with mpmath.workdps(50):
        return float(mpmath.sqrt(mpmath.mpf(found.numerator) / found.denominator))


def _left(v: Valid) -> Array:
    left: Array = (v.n - int(v.options["ddof"])).clip(1)
    return left


def _value(v: Valid) -> Array:
    found: Array = ((distances(v) ** 2).sum(axis=1) / _left(v)) ** 0.5
    return found


def _error(v: Valid, p: Precision) -> Array:
    """Return how far the root is off where its square is off by E.

    The root of E less is off by E / (std + root(std^2 - E)), that of E more by less;
    near 0, where E is the larger, it is off by root(E) at most.
    """
    std, left = v.answer, _left(v)
    tiny = 2.0**-126 if p.low else p.eta
    error = moved(v, p) * v.n / left + (v.n + 4) * p.v * std**2 + tiny
    far = error < std**2
    lower = std + (std**2 - v.where(far, error, 0.0)) ** 0.5
    return v.where(far, error / v.where(far, lower, 1.0), error**0.5) + 3 * p.v * std


def _slope(v: Valid, g: Array) -> Array:
    scale = _left(v) * v.where(v.answer > 0, v.answer, 1.0)
    found: Array = distances(v) * (g / scale)[:, None]
    return found


def _slope_error(v: Valid, g: Array, p: Precision) -> Array:
    """Return how far it may be off: by any share of g where the deviation is near 0."""
    std, size = v.where(v.answer > 0, v.answer, 1.0), abs(g)
    share = _error(v, p) / std
    near = (v.answer == 0) | (share > 0.5)  # noqa: PLR2004 - 1 / (1 - q) is below 1 + 2 q
    exact = abs(_slope(v, g)) * (2 * share + 8 * p.u)[:, None]
    far = distance_error(v, p) * (size / (_left(v) * std))[:, None] + exact
    loose = (4 * size / _left(v) ** 0.5)[:, None]
    return v.only(p.factor * (v.where(near[:, None], loose, far) + p.eta))


def _root(xp: Any, x: Any, variance: Any) -> Any:
    there = variance > 0  # the root of zero has no derivative: NaN spreads from it
    root = xp.sqrt(xp.where(there, variance, 1.0 + 0 * variance))
    flat = xp.where(variance == 0, 0.0 * variance, variance + float("nan"))
    return xp.astype(xp.where(there, root, flat), x.dtype)


def _std(xp: Any, x: Any, keep: Any, *, ddof: int) -> Any:
    total = squares(xp, x, keep)
    left = count(xp, keep, total) - ddof
    return _root(xp, x, total / xp.where(left > 0, left, 1 + 0 * left))


REDUCTION = Reduction(
    name="masked_std",
    row=_row,
    value=_value,
    error=_error,
    slope=_slope,
    slope_error=_slope_error,
    formula=_std,
    skips="nanstd",
)
wrong, gradient = REDUCTION.mutants.wrong, REDUCTION.mutants.gradient


@wrong("value")
def gives_the_variance(xp: Any, x: Any, keep: Any, *, ddof: int) -> Any:
    """Does not take the root."""
    return _std(xp, x, keep, ddof=ddof) ** 2


@wrong("value")
def takes_the_other_ddof(xp: Any, x: Any, keep: Any, *, ddof: int) -> Any:
    """Divides by n where n - 1 is asked for, and the other way round."""
    return _std(xp, x, keep, ddof=1 - ddof)


@wrong("value")
def adds_epsilon_under_the_root(xp: Any, x: Any, keep: Any, *, ddof: int) -> Any:
    """Adds 1e-5 under the root."""
    return _root(xp, x, widen(xp, _std(xp, x, keep, ddof=ddof)) ** 2 + 1e-5)


@wrong("empty-row")
def empty_row_is_nan(xp: Any, x: Any, keep: Any, *, ddof: int) -> Any:
    """Gives NaN for a row without valid positions, zero declared."""
    return unless_empty(xp, _std(xp, x, keep, ddof=ddof), keep, float("nan"))


@wrong("shift")
def mean_of_squares_less_squared_mean(xp: Any, x: Any, keep: Any, *, ddof: int) -> Any:
    """Takes the square of the mean off the mean of squares, which cancels."""
    clean = xp.where(over(keep, x), widen(xp, x), 0.0)
    number = count(xp, keep, clean[:, 0])
    mean = xp.sum(clean, axis=1) / number
    total = xp.sum(clean**2, axis=1) - number * mean**2
    left = xp.where(number > ddof, number - ddof, 1 + 0 * number)
    return _root(xp, x, xp.where(total > 0, total, 0.0 * total) / left)


@gradient()
def gradient_is_nan_at_zero(xp: Any, x: Any, keep: Any, *, ddof: int) -> Any:
    """Takes the root of a variance of zero, whose derivative is infinity times zero."""
    total = squares(xp, x, keep)
    left = count(xp, keep, total) - ddof
    return xp.sqrt(total / xp.where(left > 0, left, 1 + 0 * left))
