"""The value in the middle of what counts, and medians made wrong on purpose."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean, lengths, over
from conformance.operations._common.reduction import Reduction
from conformance.operations.masked_max.reduction import (
    INFINITE,
    share_alike,
    share_freely,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.operations._common.reduced import Valid
    from conformance.trial.batch import Array
    from conformance.trial.precision import Precision


def _row(values: Sequence[float], middle: str) -> float | None:
    if not values:
        return None
    if any(map(math.isnan, values)):
        return math.nan
    ordered = sorted(values)
    low, high = ordered[(len(values) - 1) // 2], ordered[len(values) // 2]
    if middle == "lower" or low == high:
        return float(low) + 0.0  # -0.0 equals 0.0, which is what is written
    if not (math.isfinite(low) and math.isfinite(high)):
        return low + high
    return float((Fraction(low) + Fraction(high)) / 2)


def _middle(v: Valid) -> tuple[Array, Array]:
    """Return the lower and the upper value in the middle, ``[B, ...]``; NaN of NaN."""
    ordered = v.x.copy()
    ordered.sort(axis=1)  # padding, which is infinite, stands behind all but NaN
    lower = v.options["middle"] == "lower"
    found = []
    for at in ((v.n - 1) // 2, (v.n - 1) // 2 if lower else v.n // 2):
        place = at.astype(int)[:, None] == v.places
        found.append(v.where(place, ordered).sum(axis=1))
    known = v.x.max(axis=1, initial=-INFINITE) >= -INFINITE  # false of NaN
    low, high = (v.where(known, each, math.nan) for each in found)
    return low, high


def _value(v: Valid) -> Array:
    low, high = _middle(v)
    return v.some(v.where(low == high, low, low / 2 + high / 2))


def _error(v: Valid, p: Precision) -> Array:
    """Return what the mean of two rounds, as a sum or as a step from one to the other.

    Where one value stands in the middle it is handed on as it is.
    """
    low, high = _middle(v)
    two = v.n % 2 == 0
    found: Array = v.where(two & (low != high), p.v * (abs(low) + abs(high)))
    return found


def _shares(v: Valid, g: Array) -> list[tuple[Array, Array]]:
    """Return where each of the values in the middle stands, and its cotangent."""
    low, high = _middle(v)
    one = low == high
    whole = [(low, v.where(one, g, g / 2)), (high, v.where(one, 0.0, g / 2))]
    return [(v.mask & (v.x == value[:, None]), part) for value, part in whole]


def _slope(v: Valid, g: Array) -> Array:
    """Return the derivative with ties sharing alike; other shares are right too."""
    first, second = (share_alike(v, tied, part) for tied, part in _shares(v, g))
    return first + second


def _slope_error(v: Valid, g: Array, p: Precision) -> Array:
    """Return zero off the middle; on tied values any share of their cotangent."""
    del p
    first, second = (share_freely(v, tied, part) for tied, part in _shares(v, g))
    return first + second


def _judge_shares(v: Valid, g: Array, got: Array) -> str:
    """Return what is wrong with the shares of tied values, or nothing."""
    sign = ((g > 0) * 1.0 - (g < 0))[:, None]
    for tied, part in _shares(v, g):
        if (v.where(tied, got * sign) < 0).any():
            return "a value in the middle has a negative share of the cotangent"
        off = abs(v.where(tied, got).sum(axis=1) - part) > 2.0**-48 * abs(g)
        if (tied.any(axis=1) & (part != 0) & off).any():
            return "the shares of tied values in the middle do not sum to their part"
    return ""


def _take(xp: Any, ordered: Any, at: Any) -> Any:
    """Return what stands at a place of each row, ``at [B, 1]``; the first below 0."""
    at = over(xp.astype(xp.where(at < 0, 0, at), xp.int64), ordered)
    at = xp.broadcast_to(at, (ordered.shape[0], 1, *ordered.shape[2:]))
    return xp.take_along_axis(ordered, at, axis=1)[:, 0]


def _median(
    xp: Any,
    x: Any,
    keep: Any,
    *,
    middle: str,
    fill: float = INFINITE,
    counted: Any = None,
) -> Any:
    """Return the median; ``counted`` is another number of values, ``[B, 1]``."""
    wide = clean(xp, x, keep, fill)
    unknown = xp.any(over(keep, x) & xp.isnan(x), axis=1)
    ordered = xp.sort(wide, axis=1)
    number = lengths(xp, keep) if counted is None else counted
    low = _take(xp, ordered, (number - 1) // 2)
    high = low if middle == "lower" else _take(xp, ordered, number // 2)
    found = low if middle == "lower" else xp.where(low == high, low, low / 2 + high / 2)
    nothing = over(lengths(xp, keep), found[:, None])[:, 0] == 0
    found = xp.where(unknown | nothing, xp.full_like(found, math.nan), found)
    return xp.astype(found, x.dtype)


REDUCTION = Reduction(
    name="masked_median",
    row=_row,
    neutral=INFINITE,
    value=_value,
    error=_error,
    unrounded=("lower",),
    slope=_slope,
    slope_error=_slope_error,
    shares=_judge_shares,
    smooth=False,
    formula=_median,
    skips="nanmedian",
)
REDUCTION.give_empty_rows(0.0, "NaN")
wrong, gradient = REDUCTION.mutants.wrong, REDUCTION.mutants.gradient


@wrong("value")
def counts_padding(xp: Any, x: Any, keep: Any, *, middle: str) -> Any:
    """Looks for the middle of the padded row."""
    padded = 0 * lengths(xp, keep) + x.shape[1]
    return _median(xp, x, keep, middle=middle, counted=padded)


@wrong("value", url="https://github.com/pytorch/pytorch/issues/191965")
def padding_is_zero(xp: Any, x: Any, keep: Any, *, middle: str) -> Any:
    """Fills padding with zero, which stands among the values."""
    return _median(xp, x, keep, middle=middle, fill=0.0)


@wrong("value")
def fills_in_front(xp: Any, x: Any, keep: Any, *, middle: str) -> Any:
    """Fills padding with minus infinity and counts from the front."""
    return _median(xp, x, keep, middle=middle, fill=-INFINITE)


@wrong("value")
def takes_the_other_middle(xp: Any, x: Any, keep: Any, *, middle: str) -> Any:
    """Gives the mean of the two in the middle for the lower one, and the reverse."""
    other = {"lower": "mean", "mean": "lower"}[middle]
    return _median(xp, x, keep, middle=other)


@wrong("value")
def takes_the_upper(xp: Any, x: Any, keep: Any, *, middle: str) -> Any:
    """Gives the upper one of the two in the middle."""
    above = lengths(xp, keep) // 2 * 2 + 1
    del middle
    return _median(xp, x, keep, middle="lower", counted=above)


@wrong("value")
def does_not_sort(xp: Any, x: Any, keep: Any, *, middle: str) -> Any:
    """Gives what stands in the middle of the row's time."""
    del middle
    return _take(xp, x, (lengths(xp, keep) - 1) // 2)


@wrong("large-values")
def fills_with_1e4(xp: Any, x: Any, keep: Any, *, middle: str) -> Any:
    """Takes ten thousand for infinity at padding, which larger values stand behind."""
    return _median(xp, x, keep, middle=middle, fill=1e4)


@wrong("empty-row")
def fills_with_the_largest_number(xp: Any, x: Any, keep: Any, *, middle: str) -> Any:
    """Gives the number that padding is filled with for a row of nothing."""
    found = _median(xp, x, keep, middle=middle)
    nothing = over(lengths(xp, keep), found[:, None])[:, 0] == 0
    return xp.where(nothing, xp.full_like(found, float(xp.finfo(x.dtype).max)), found)


@gradient()
def gradient_whole_at_each_tie(xp: Any, x: Any, keep: Any, *, middle: str) -> Any:
    """Gives each of several equal values the whole gradient."""
    found = _median(xp, x, keep, middle=middle).detach()
    tied = over(keep, x) & (x == found[:, None])
    return found + xp.sum(xp.where(tied, x - x.detach(), 0.0), axis=1)


@gradient()
def gradient_at_one_of_two(xp: Any, x: Any, keep: Any, *, middle: str) -> Any:
    """Gives the lower one of the two in the middle the whole gradient."""
    found = _median(xp, x, keep, middle=middle).detach()
    low = _median(xp, x, keep, middle="lower")
    return found + (low - low.detach())
