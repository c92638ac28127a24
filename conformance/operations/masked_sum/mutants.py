"""Sums made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import (
    clean,
    count,
    kept,
    lengths,
    over,
    wide,
)
from conformance.operations._common.family import called, usual
from conformance.operations._common.mutant import Mutant

LOW = ("bfloat16", "float32")


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the sum of the valid values, in float32 at least."""
    return called(_sum, xp, x, mask)


def _sum(xp: Any, x: Any, keep: Any) -> Any:
    return xp.astype(xp.sum(clean(xp, x, keep), axis=1), x.dtype)


def _scaled(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    total = xp.sum(clean(xp, x, keep), axis=1)
    return xp.astype(total * (x.shape[1] / count(xp, keep, total)), x.dtype)


def _mean(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    total = xp.sum(clean(xp, x, keep), axis=1)
    return xp.astype(total / count(xp, keep, total), x.dtype)


def _product(xp: Any, x: Any, mask: Any) -> Any:
    wider = wide(xp, x)
    weight = xp.astype(over(kept(xp, x, mask), x), wider.dtype)
    return xp.astype(xp.sum(wider * weight, axis=1), x.dtype)


def _in_storage(xp: Any, x: Any, mask: Any) -> Any:
    keep = over(kept(xp, x, mask), x)
    return xp.cumulative_sum(xp.where(keep, x, xp.zeros_like(x)), axis=1)[:, -1]


def _empty_is_nan(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    number = lengths(xp, kept(xp, x, mask)).reshape((-1,) + (1,) * (found.ndim - 1))
    return xp.where(number > 0, found, xp.full_like(found, float("nan")))


def _through_a_mean(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    total = xp.sum(clean(xp, x, keep), axis=1)
    number = count(xp, keep, total)
    return xp.astype(total / (number + 1e-5) * number, x.dtype)


def _from_one(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x, mask) + 1


def _magnitudes(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, xp.abs(x), mask)


_mutant = partial(Mutant, operation="masked_sum")
MUTANTS: tuple[Mutant, ...] = (
    *usual("masked_sum", _sum),
    _mutant(
        name="scales-by-the-padded-length",
        text="scales the sum by T over the number of valid positions",
        clause="value",
        url="https://github.com/tensorflow/tensorflow/issues/39146",
        function=_scaled,
    ),
    _mutant(
        name="gives-the-mean",
        text="divides by the number of valid positions: a mean",
        clause="value",
        url="https://github.com/pytorch/pytorch/issues/191965",
        function=_mean,
    ),
    _mutant(
        name="multiplies-by-the-mask",
        text="multiplies by the mask, so that infinity or NaN at padding gives NaN",
        clause="wild-padding",
        url="https://github.com/numpy/numpy/issues/8003",
        function=_product,
    ),
    _mutant(
        name="sums-in-storage-dtype",
        text="adds up in the input's dtype, where small terms are lost",
        clause="value",
        dtypes=LOW,
        function=_in_storage,
    ),
    _mutant(
        name="empty-row-is-nan",
        text="gives NaN for a row without valid positions, whose sum is zero",
        clause="empty-row",
        url="https://github.com/pytorch/pytorch/issues/4169",
        function=_empty_is_nan,
    ),
    _mutant(
        name="epsilon-in-between",
        text="divides by the count plus 1e-5 and multiplies by the count",
        clause="ones",
        function=_through_a_mean,
    ),
    _mutant(
        name="starts-from-one",
        text="starts the sum from one",
        clause="ones",
        function=_from_one,
    ),
    _mutant(
        name="sums-magnitudes",
        text="adds up magnitudes, without their signs",
        clause="shift",
        function=_magnitudes,
    ),
)
"""Every mutant of the sum."""
