"""Variances made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from collections.abc import Callable


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the variance of the valid values, zero for a row without any."""
    return called(_variance, xp, x, mask)


def _variance(xp: Any, x: Any, keep: Any) -> Any:
    total, number = _squares(xp, x, keep)
    return xp.astype(total / number, x.dtype)


def _mean(xp: Any, x: Any, keep: Any) -> Any:
    total = xp.sum(clean(xp, x, keep), axis=1)
    return total / count(xp, keep, total)


def _squares(xp: Any, x: Any, keep: Any) -> tuple[Any, Any]:
    away = clean(xp, x, keep) - _mean(xp, x, keep)[:, None]
    away = xp.where(over(keep, x), away, 0.0)
    total = xp.sum(away * away, axis=1)
    return total, count(xp, keep, total)


def _centred_padding(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    away = clean(xp, x, keep) - _mean(xp, x, keep)[:, None]
    total = xp.sum(away * away, axis=1)
    return xp.astype(total / count(xp, keep, total), x.dtype)


def _one_pass(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    mean = _mean(xp, x, keep)
    squares = xp.sum(clean(xp, x, keep) ** 2, axis=1)
    return xp.astype(squares / count(xp, keep, squares) - mean * mean, x.dtype)


def _divided(change: Callable[[Any], Any], xp: Any, x: Any, mask: Any) -> Any:
    total, number = _squares(xp, x, kept(xp, x, mask))
    return xp.astype(total / change(number), x.dtype)


def _less_one(number: Any) -> Any:
    return number - 1


def _plus_little(number: Any) -> Any:
    return number + 1e-5


def _by_time(xp: Any, x: Any, mask: Any) -> Any:
    total, _ = _squares(xp, x, kept(xp, x, mask))
    return xp.astype(total / x.shape[1], x.dtype)


def _whole_mean(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    mean = xp.sum(clean(xp, x, keep), axis=1) / x.shape[1]
    away = xp.where(over(keep, x), wide(xp, x) - mean[:, None], 0.0)
    total = xp.sum(away * away, axis=1)
    return xp.astype(total / count(xp, keep, total), x.dtype)


def _deviation(xp: Any, x: Any, mask: Any) -> Any:
    return xp.sqrt(correct(xp, x, mask))


def _product(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    wider = wide(xp, x)
    weight = xp.astype(over(keep, x), wider.dtype)
    away = (wider - _mean(xp, x, keep)[:, None]) * weight
    total = xp.sum(away * away, axis=1)
    return xp.astype(total / count(xp, keep, total), x.dtype)


def _empty_is_nan(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    number = lengths(xp, kept(xp, x, mask)).reshape((-1,) + (1,) * (found.ndim - 1))
    return xp.where(number > 0, found, xp.full_like(found, float("nan")))


_mutant = partial(Mutant, operation="masked_variance")
MUTANTS: tuple[Mutant, ...] = (
    *usual("masked_variance", _variance),
    _mutant(
        name="centres-padding",
        text="takes the mean off padding as well, and squares what is left there",
        clause="value",
        url="https://github.com/espnet/espnet/pull/6571",
        function=_centred_padding,
    ),
    _mutant(
        name="mean-of-squares-less-squared-mean",
        text="takes the square of the mean off the mean of squares, which cancels",
        clause="shift",
        function=_one_pass,
    ),
    _mutant(
        name="divides-by-one-less",
        text="divides by one less than the number of valid positions",
        clause="value",
        function=partial(_divided, _less_one),
    ),
    _mutant(
        name="adds-epsilon-to-the-count",
        text="adds 1e-5 to the number of valid positions",
        clause="value",
        function=partial(_divided, _plus_little),
    ),
    _mutant(
        name="divides-by-time",
        text="divides by T, not by the number of valid positions",
        clause="value",
        url="https://github.com/NVIDIA-NeMo/Speech/issues/5401",
        function=_by_time,
    ),
    _mutant(
        name="around-the-padded-mean",
        text="takes off a mean that was divided by T",
        clause="value",
        url="https://github.com/huggingface/transformers/pull/13512",
        function=_whole_mean,
    ),
    _mutant(
        name="gives-the-deviation",
        text="gives the square root of the variance",
        clause="value",
        function=_deviation,
    ),
    _mutant(
        name="multiplies-by-the-mask",
        text="multiplies by the mask, so that infinity or NaN at padding gives NaN",
        clause="wild-padding",
        url="https://github.com/numpy/numpy/issues/8003",
        function=_product,
    ),
    _mutant(
        name="empty-row-is-nan",
        text="gives NaN for a row without valid positions, zero declared",
        clause="empty-row",
        function=_empty_is_nan,
    ),
)
"""Every mutant of the variance."""
