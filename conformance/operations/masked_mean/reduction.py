"""The mean of what counts, and means made wrong on purpose."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    clean,
    count,
    lengths,
    multiply_by_mask,
    over,
    widen,
)
from conformance.operations._common.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Sequence

_KERAS = "https://github.com/keras-team/keras/"
_LOW = ("bfloat16", "float32")


def _row(values: Sequence[float]) -> float | None:
    if not values:
        return None
    strange = [value for value in values if not math.isfinite(value)]
    if strange:
        # Finite numbers do not change what infinities and NaN add up to.
        return sum(strange)
    return float(sum(map(Fraction, values)) / len(values))


def _average(xp: Any, total: Any, x: Any, keep: Any) -> Any:
    return xp.astype(total / count(xp, keep, total), x.dtype)


def _mean(xp: Any, x: Any, keep: Any) -> Any:
    return _average(xp, xp.sum(clean(xp, x, keep), axis=1), x, keep)


REDUCTION = Reduction(
    name="masked_mean",
    row=_row,
    value=lambda v: v.x.sum(axis=1) / v.n,
    # n - 1 additions in any order, and a division.
    error=lambda v, p: (v.n + 1) * p.v * (abs(v.x).sum(axis=1) / v.n),
    slope=lambda v, g: v.only((g / v.n)[:, None]),
    slope_error=4,  # a division and two casts
    formula=_mean,
    skips="nanmean",
    zero_time=True,
)
wrong, gradient = REDUCTION.mutants.wrong, REDUCTION.mutants.gradient


def _divide_by(xp: Any, x: Any, keep: Any, by: Any) -> Any:
    """Divide the right sum by another number of each row, ``[B, 1]``."""
    total = xp.sum(clean(xp, x, keep), axis=1)
    by = xp.astype(by, total.dtype)
    return xp.astype(total / by.reshape((-1,) + (1,) * (total.ndim - 1)), x.dtype)


@wrong("value", url="https://github.com/pytorch/pytorch/issues/191965")
def divides_by_time(xp: Any, x: Any, keep: Any) -> Any:
    """Divides by T, not by the number of valid positions."""
    return _divide_by(xp, x, keep, xp.full((keep.shape[0], 1), keep.shape[1]))


@wrong("value")
def divides_by_the_longest(xp: Any, x: Any, keep: Any) -> Any:
    """Divides by the longest row's number of valid positions."""
    top = xp.max(lengths(xp, keep), axis=0, keepdims=True)
    most = xp.where(top > 0, top, 1) + 0 * lengths(xp, keep)
    return _divide_by(xp, x, keep, most)


@wrong("value")
def divides_by_one_more(xp: Any, x: Any, keep: Any) -> Any:
    """Divides by one more than the number of valid positions."""
    return _divide_by(xp, x, keep, lengths(xp, keep) + 1)


@wrong("value")
def adds_epsilon_to_the_count(xp: Any, x: Any, keep: Any) -> Any:
    """Adds 1e-5 to the number of valid positions."""
    return _divide_by(xp, x, keep, xp.astype(lengths(xp, keep), xp.float32) + 1e-5)


@wrong("long-rows")
def counts_in_int8(xp: Any, x: Any, keep: Any) -> Any:
    """Counts the valid positions in int8, which ends at 127."""
    number = xp.astype(lengths(xp, keep), xp.int8)
    return _divide_by(xp, x, keep, xp.where(number == 0, xp.ones_like(number), number))


@wrong("long-rows", url="https://github.com/oarriaga/paz/pull/415", dtypes=_LOW)
def counts_in_storage_dtype(xp: Any, x: Any, keep: Any) -> Any:
    """Counts the valid positions in the input's dtype; bfloat16 ends at 256."""
    number = xp.cumulative_sum(xp.astype(keep, x.dtype), axis=1)[:, -1:]
    number = widen(xp, xp.where(number > 0, number, xp.ones_like(number)))
    return _divide_by(xp, x, keep, number)


@wrong("value", dtypes=_LOW)
def sums_in_storage_dtype(xp: Any, x: Any, keep: Any) -> Any:
    """Adds up in the input's dtype, where small terms are lost."""
    terms = xp.where(over(keep, x), x, xp.zeros_like(x))
    total = xp.cumulative_sum(terms, axis=1)[:, -1]
    return _average(xp, widen(xp, total), x, keep)


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask, so that infinity or NaN at padding gives NaN."""
    return _average(xp, xp.sum(multiply_by_mask(xp, x, keep), axis=1), x, keep)


@wrong("subnormals", url="https://github.com/jax-ml/jax/issues/16200")
def flushes_subnormals(xp: Any, x: Any, keep: Any) -> Any:
    """Takes what is below the smallest normal number for zero."""
    tiny = xp.abs(x) < xp.finfo(x.dtype).smallest_normal
    return _mean(xp, xp.where(tiny, xp.zeros_like(x), x), keep)


@wrong("empty-row", url=_KERAS + "issues/18152")
def empty_row_is_nan(xp: Any, x: Any, keep: Any) -> Any:
    """Gives 0 / 0 = NaN for a row without valid positions."""
    return _divide_by(xp, x, keep, lengths(xp, keep))


@wrong("empty-row", url="https://github.com/pytorch/pytorch/issues/4169")
def empty_row_breaks_the_batch(xp: Any, x: Any, keep: Any) -> Any:
    """Lets the NaN of a row without valid positions reach every row."""
    found = empty_row_is_nan(xp, x, keep)
    return found + 0 * xp.sum(found, axis=0, keepdims=True)


@wrong("value", url="https://github.com/microsoft/onnxruntime-genai/pull/1694")
def zeros_are_padding(xp: Any, x: Any, keep: Any) -> Any:
    """Takes valid positions that hold zeros for padding."""
    there = (x != 0) if x.ndim == 2 else xp.any(x != 0, axis=-1)  # noqa: PLR2004 - [B, T]
    return _mean(xp, x, keep & there)


@wrong("value", url=_KERAS + "pull/13867")
def mask_on_the_feature_axis(xp: Any, x: Any, keep: Any) -> Any:
    """Lays the mask along the feature axis, not along time."""
    if x.ndim == 2:  # noqa: PLR2004 - [B, T]: no other axis to mistake for time
        return _mean(xp, x, keep)
    features = keep[:, None, : x.shape[2]]
    total = xp.sum(xp.where(features, widen(xp, x), 0.0), axis=1)
    return _average(xp, total, x, keep)


@wrong("value")
def sum_truncated(xp: Any, x: Any, keep: Any) -> Any:
    """Truncates the sum to a whole number."""
    return _average(xp, xp.trunc(xp.sum(clean(xp, x, keep), axis=1)), x, keep)


@gradient()
def gradient_divides_by_time(xp: Any, x: Any, keep: Any) -> Any:
    """Divides the gradient by T behind a right value."""
    other = divides_by_time(xp, x, keep)
    return _mean(xp, x, keep).detach() + (other - other.detach())
