"""Logarithms of sums of exponentials made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import clean, count, kept, wide
from conformance.operations._common.family import called, fill_faults, usual
from conformance.operations._common.mutant import Mutant

INFINITE = float("-inf")


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return M + log sum exp(x - M), minus infinity for a row without any."""
    return called(_value, xp, x, mask)


def _value(xp: Any, x: Any, keep: Any) -> Any:
    there = xp.any(keep, axis=1, keepdims=True)
    scores = xp.where(there, clean(xp, x, keep, INFINITE), 0.0)
    found = xp.where(there[:, 0], _plain(xp, scores), INFINITE)
    return xp.astype(found, x.dtype)


def _plain(xp: Any, scores: Any) -> Any:
    top = xp.max(scores, axis=1, keepdims=True)
    return xp.log(xp.sum(xp.exp(scores - top), axis=1)) + top[:, 0]


def _filled(fill: float, xp: Any, x: Any, mask: Any) -> Any:
    return xp.astype(_plain(xp, clean(xp, x, kept(xp, x, mask), fill)), x.dtype)


def _added(fill: float, xp: Any, x: Any, mask: Any) -> Any:
    wider = wide(xp, x)
    weight = xp.astype(kept(xp, x, mask), wider.dtype)
    return xp.astype(_plain(xp, wider + (1 - weight) * fill), x.dtype)


def _mean(xp: Any, x: Any, mask: Any) -> Any:
    found = wide(xp, correct(xp, x, mask))
    number = count(xp, kept(xp, x, mask), found)
    return xp.astype(found - xp.log(number), x.dtype)


def _without_top(xp: Any, x: Any, mask: Any) -> Any:
    powers = xp.exp(clean(xp, x, kept(xp, x, mask), INFINITE))
    return xp.astype(xp.log(xp.sum(powers, axis=1)), x.dtype)


def _weighted(xp: Any, x: Any, mask: Any) -> Any:
    # The powers are multiplied by the mask: what overflowed at padding is NaN.
    wider = wide(xp, x)
    keep = kept(xp, x, mask)
    top = xp.max(xp.where(keep, wider, INFINITE), axis=1, keepdims=True)
    top = xp.where(top == INFINITE, 0.0, top)
    total = xp.sum(xp.exp(wider - top) * xp.astype(keep, wider.dtype), axis=1)
    return xp.astype(xp.log(total) + top[:, 0], x.dtype)


def _epsilon(xp: Any, x: Any, mask: Any) -> Any:
    scores = clean(xp, x, kept(xp, x, mask), INFINITE)
    top = xp.max(scores, axis=1, keepdims=True)
    top = xp.where(top == INFINITE, 0.0, top)
    total = xp.sum(xp.exp(scores - top), axis=1)
    return xp.astype(xp.log(total + 1e-5) + top[:, 0], x.dtype)


def _empty_is_zero(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    return xp.where(xp.any(kept(xp, x, mask), axis=1), found, xp.zeros_like(found))


def _empty_is_nan(xp: Any, x: Any, mask: Any) -> Any:
    return _filled(INFINITE, xp, x, mask)


def _maximum(xp: Any, x: Any, mask: Any) -> Any:
    scores = clean(xp, x, kept(xp, x, mask), INFINITE)
    return xp.astype(xp.max(scores, axis=1), x.dtype)


_mutant = partial(Mutant, operation="masked_logsumexp")
MUTANTS: tuple[Mutant, ...] = (
    *usual("masked_logsumexp", _value),
    *fill_faults("masked_logsumexp", _filled),
    _mutant(
        name="adds-minus-1e9",
        text="adds -1e9 to padding, which keeps what stood there",
        clause="wild-padding",
        url="https://github.com/huggingface/transformers/pull/17306",
        function=partial(_added, -1e9),
    ),
    _mutant(
        name="gives-the-mean",
        text="gives the logarithm of the mean of exponentials",
        clause="value",
        function=_mean,
    ),
    _mutant(
        name="gives-the-maximum",
        text="gives the maximum alone",
        clause="value",
        function=_maximum,
    ),
    _mutant(
        name="exponentials-overflow",
        text="takes exponentials without the maximum taken off, which overflow",
        clause="large-values",
        url="https://github.com/deepmodeling/deepmd-kit/pull/5717",
        function=_without_top,
    ),
    _mutant(
        name="multiplies-powers-by-the-mask",
        text="multiplies exponentials by the mask, so that what overflows is NaN",
        clause="wild-padding",
        url="https://github.com/numpy/numpy/issues/8003",
        function=_weighted,
    ),
    _mutant(
        name="adds-epsilon",
        text="adds 1e-5 to the sum before the logarithm",
        clause="value",
        function=_epsilon,
    ),
    _mutant(
        name="empty-row-is-zero",
        text="gives 0 for a row without valid positions, minus infinity declared",
        clause="empty-row",
        function=_empty_is_zero,
    ),
    _mutant(
        name="empty-row-is-nan",
        text="gives NaN for a row without valid positions",
        clause="empty-row",
        url="https://github.com/pytorch/pytorch/issues/55056",
        function=_empty_is_nan,
    ),
)
"""Every mutant of the logarithm of the sum of exponentials."""
