"""No term for padding, and logarithms of sums of exponentials made wrong on purpose."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    clean,
    count,
    multiply_by_mask,
    unless_empty,
    widen,
)
from conformance.operations._common.family import add_fills
from conformance.operations._common.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from conformance.operations._common.reduced import Valid
    from conformance.trial.batch import Array
    from conformance.trial.precision import Precision

INFINITE = float("-inf")


def _row(values: Sequence[float]) -> float | None:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    if not values:
        return None
    if any(map(math.isnan, values)):
        return math.nan
    if math.isinf(max(values)):
        return float(max(values))
    with mpmath.workdps(50):
        top = mpmath.mpf(max(values))
        parts = [mpmath.exp(mpmath.mpf(value) - top) for value in values]
        return float(top + mpmath.log(mpmath.fsum(parts)))


def _softmax() -> ModuleType:
    """Return the softmax's oracle, which imports NumPy."""
    from conformance.operations.masked_softmax import oracle

    return oracle


def _value(v: Valid) -> Array:
    top, above = _softmax().totals(v.batch)
    found: Array = (top + above)[:, 0]
    return found


def _error(v: Valid, p: Precision) -> Array:
    """Return how far a right answer may be off, its rounding included.

    The sum of exponentials moves by u (sum p d + 4) + n v of itself, which is what its
    logarithm moves by; the logarithm, the addition to M and the store round.
    """
    share, distance = _softmax().parts(v.batch)
    top, above = _softmax().totals(v.batch)
    spread = (share * distance).sum(axis=1)
    terms = spread + 4 + 4 * above[:, 0] + 2 * abs(v.answer) + abs(top[:, 0])
    found: Array = p.u * terms + v.n * p.v
    return found


def _slope(v: Valid, g: Array) -> Array:
    found: Array = _softmax().parts(v.batch)[0] * g[:, None]
    return found


def _slope_error(v: Valid, g: Array, p: Precision) -> Array:
    """Return how far exp(x - answer), or the softmax itself, may be off."""
    share, distance = _softmax().parts(v.batch)
    own = (p.factor * (_error(v, p) + p.eta))[:, None]
    far = abs(v.answer)[:, None] + distance
    # |x| is at most |answer| + L + d, and its difference rounds once.
    relative = own + p.factor * p.u * (2 * far + _softmax().totals(v.batch)[1] + 12)
    size = abs(g)[:, None]
    error = _softmax().bound(v.options, v.batch, "float64") * size
    found: Array = share * size * relative + error
    return found


def _logsumexp_of_all(xp: Any, scores: Any) -> Any:
    top = xp.max(scores, axis=1, keepdims=True)
    # Nothing but minus infinities sums up to nothing.
    top = xp.where(xp.isfinite(top), top, xp.zeros_like(top))
    return xp.log(xp.sum(xp.exp(scores - top), axis=1)) + top[:, 0]


def _logarithm(xp: Any, x: Any, keep: Any) -> Any:
    there = xp.any(keep, axis=1, keepdims=True)
    scores = xp.where(there, clean(xp, x, keep, INFINITE), 0.0)
    found = xp.where(there[:, 0], _logsumexp_of_all(xp, scores), INFINITE)
    return xp.astype(found, x.dtype)


def _bottomless(xp: Any, keep: Any, low: Any) -> Any:
    """Return which rows have valid positions, all of them minus infinity."""
    return xp.any(keep, axis=1) & xp.all(low, axis=1)


def _fill(fill: float, xp: Any, x: Any, keep: Any) -> Any:
    return xp.astype(_logsumexp_of_all(xp, clean(xp, x, keep, fill)), x.dtype)


REDUCTION = Reduction(
    name="masked_logsumexp",
    row=_row,
    neutral=INFINITE,
    value=_value,
    error=_error,
    stores=False,
    slope=_slope,
    slope_error=_slope_error,
    features=False,
    formula=_logarithm,
    skips="a sum over what is no NaN",
)
MUTANTS = REDUCTION.mutants
add_fills(MUTANTS, _fill)
wrong = MUTANTS.wrong


@wrong("wild-padding", url="https://github.com/huggingface/transformers/pull/17306")
def adds_minus_1e9(xp: Any, x: Any, keep: Any) -> Any:
    """Adds -1e9 to padding, which keeps what stood there."""
    wider = widen(xp, x)
    weight = xp.astype(keep, wider.dtype)
    return xp.astype(_logsumexp_of_all(xp, wider + (1 - weight) * -1e9), x.dtype)


@wrong("value")
def gives_the_mean(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the logarithm of the mean of exponentials."""
    found = widen(xp, _logarithm(xp, x, keep))
    return xp.astype(found - xp.log(count(xp, keep, found)), x.dtype)


@wrong("value")
def gives_the_maximum(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the maximum alone."""
    return xp.astype(xp.max(clean(xp, x, keep, INFINITE), axis=1), x.dtype)


@wrong("large-values", url="https://github.com/deepmodeling/deepmd-kit/pull/5717")
def exponentials_overflow(xp: Any, x: Any, keep: Any) -> Any:
    """Takes exponentials without the maximum taken off, which overflow."""
    powers = xp.exp(clean(xp, x, keep, INFINITE))
    return xp.astype(xp.log(xp.sum(powers, axis=1)), x.dtype)


def _top(xp: Any, x: Any, keep: Any) -> Any:
    top = xp.max(clean(xp, x, keep, INFINITE), axis=1, keepdims=True)
    return xp.where(top == INFINITE, 0.0, top)


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_powers_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies exponentials by the mask, so that what overflows is NaN."""
    top = _top(xp, x, keep)
    total = xp.sum(multiply_by_mask(xp, xp.exp(widen(xp, x) - top), keep), axis=1)
    return xp.astype(xp.log(total) + top[:, 0], x.dtype)


@wrong("minus-infinity", url="https://github.com/microsoft/onnxruntime/issues/28461")
def minus_infinities_are_nan(xp: Any, x: Any, keep: Any) -> Any:
    """Subtracts the maximum of nothing but minus infinities, which is NaN."""
    low = _bottomless(xp, keep, clean(xp, x, keep, INFINITE) == INFINITE)
    found = _logarithm(xp, x, keep)
    return xp.where(low, xp.full_like(found, float("nan")), found)


@wrong("value")
def adds_epsilon(xp: Any, x: Any, keep: Any) -> Any:
    """Adds 1e-5 to the sum before the logarithm."""
    top = _top(xp, x, keep)
    total = xp.sum(xp.exp(clean(xp, x, keep, INFINITE) - top), axis=1)
    return xp.astype(xp.log(total + 1e-5) + top[:, 0], x.dtype)


REDUCTION.give_empty_rows(0.0, "minus infinity")


@wrong("empty-row", url="https://github.com/pytorch/pytorch/issues/55056")
def empty_row_is_nan(xp: Any, x: Any, keep: Any) -> Any:
    """Gives NaN for a row without valid positions."""
    return unless_empty(xp, _logarithm(xp, x, keep), keep, float("nan"))
