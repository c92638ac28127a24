"""The sum of what counts, and sums made wrong on purpose."""

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
)
from conformance.operations._common.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Sequence


def _row(values: Sequence[float]) -> float:
    if not all(map(math.isfinite, values)):
        return float(sum(values))  # what NaN and infinities add up to
    return float(sum(map(Fraction, values), Fraction(0)))


def _total(xp: Any, x: Any, keep: Any) -> Any:
    return xp.sum(clean(xp, x, keep), axis=1)


def _sum(xp: Any, x: Any, keep: Any) -> Any:
    return xp.astype(_total(xp, x, keep), x.dtype)


REDUCTION = Reduction(
    name="masked_sum",
    row=_row,
    value=lambda v: v.x.sum(axis=1),
    # n - 1 additions in any order, with one to spare.
    error=lambda v, p: v.n * p.v * abs(v.x).sum(axis=1),
    slope=lambda v, g: v.only(g[:, None]),
    slope_error=2,  # a mean times its count divides and multiplies
    formula=_sum,
)
wrong = REDUCTION.mutants.wrong


@wrong("value", url="https://github.com/tensorflow/tensorflow/issues/39146")
def scales_by_the_padded_length(xp: Any, x: Any, keep: Any) -> Any:
    """Scales the sum by T over the number of valid positions."""
    total = _total(xp, x, keep)
    return xp.astype(total * (x.shape[1] / count(xp, keep, total)), x.dtype)


@wrong("value", url="https://github.com/pytorch/pytorch/issues/191965")
def gives_the_mean(xp: Any, x: Any, keep: Any) -> Any:
    """Divides by the number of valid positions: a mean."""
    total = _total(xp, x, keep)
    return xp.astype(total / count(xp, keep, total), x.dtype)


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask, so that infinity or NaN at padding gives NaN."""
    return xp.astype(xp.sum(multiply_by_mask(xp, x, keep), axis=1), x.dtype)


@wrong("value", dtypes=("bfloat16", "float32"))
def sums_in_storage_dtype(xp: Any, x: Any, keep: Any) -> Any:
    """Adds up in the input's dtype, where small terms are lost."""
    terms = xp.where(over(keep, x), x, xp.zeros_like(x))
    return xp.cumulative_sum(terms, axis=1)[:, -1]


@wrong("empty-row", url="https://github.com/pytorch/pytorch/issues/4169")
def empty_row_is_nan(xp: Any, x: Any, keep: Any) -> Any:
    """Gives NaN for a row without valid positions, whose sum is zero."""
    return unless_empty(xp, _sum(xp, x, keep), keep, float("nan"))


@wrong("ones")
def epsilon_in_between(xp: Any, x: Any, keep: Any) -> Any:
    """Divides by the count plus 1e-5 and multiplies by the count."""
    total = _total(xp, x, keep)
    number = count(xp, keep, total)
    return xp.astype(total / (number + 1e-5) * number, x.dtype)


@wrong("ones")
def starts_from_one(xp: Any, x: Any, keep: Any) -> Any:
    """Starts the sum from one."""
    return _sum(xp, x, keep) + 1


@wrong("shift")
def sums_magnitudes(xp: Any, x: Any, keep: Any) -> Any:
    """Adds up magnitudes, without their signs."""
    return _sum(xp, xp.abs(x), keep)
