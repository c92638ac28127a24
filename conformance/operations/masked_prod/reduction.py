"""The product of what counts, and products made wrong on purpose."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean, count, over, widen
from conformance.operations._common.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.operations._common.reduced import Valid
    from conformance.trial.batch import Array
    from conformance.trial.precision import Precision

FACTORS = (
    (1, -1, 2, -2, 0.5, -0.5, 1.5, -1.5, 0.75, 1.25, -1, 2, 0.5, -2, 1, -0.75),
    (-1, -2, -0.5, -1.5, -0.75, -1.25, -2, -1),
    (0.7, -1.3, 1 / 3, -2 / 3, 1.7, -0.9, 1.1, -0.6, 4 / 3, 1.9),
    (1, 2, 0, -1, 0.5, 1.5, -2, 1, -0.5, 2, 1, 0.75, -1.5, 1.25, 0, 1),
)
"""Values whose product every dtype holds; one tier has zeros, which end it."""


def _row(values: Sequence[float]) -> float | None:
    if not values:
        return None
    if not all(map(math.isfinite, values)):
        return math.prod(values)  # finite numbers change no more than its sign
    return float(math.prod(map(Fraction, values)))


def _error(v: Valid, p: Precision) -> Array:
    """Return what n - 1 products in any order round, and what underflow costs.

    Any part of the row may be multiplied first, so that no bound holds where some part
    is larger than the dtype holds. What underflows is multiplied by the rest.
    """
    size, tiny = abs(v.x), 2.0**-126 if p.low else p.eta
    part = v.where((size > 1) & (size < math.inf), size, 1.0).prod(axis=1)
    part = v.where(part > p.largest, math.inf, part)
    found: Array = v.n * (p.v * abs(v.answer) + tiny * part)
    return found


def _slope(v: Valid, g: Array) -> Array:
    """Return g times the product of all others, right where one of them is zero."""
    before, behind = v.x.copy(), v.x.copy()
    before[:, :1], behind[:, -1:] = 1.0, 1.0
    before[:, 1:] = v.x[:, :-1].cumprod(axis=1)
    behind[:, :-1] = v.x[:, :0:-1].cumprod(axis=1)[:, ::-1]
    return v.only(before * behind * g[:, None])


def _slope_error(v: Valid, g: Array, p: Precision) -> Array:
    share = ((v.n + 4) * p.u)[:, None] * abs(_slope(v, g))
    return v.only(p.factor * (share + p.eta))


def _prod(xp: Any, x: Any, keep: Any, fill: float = 1.0) -> Any:
    return xp.astype(xp.prod(clean(xp, x, keep, fill), axis=1), x.dtype)


REDUCTION = Reduction(
    name="masked_prod",
    row=_row,
    values=FACTORS,
    neutral=1.0,
    value=lambda v: v.some(v.x.prod(axis=1)),
    error=_error,
    slope=_slope,
    slope_error=_slope_error,
    formula=_prod,
    skips="nanprod",
)
REDUCTION.give_empty_rows(0.0, "one")
wrong, gradient = REDUCTION.mutants.wrong, REDUCTION.mutants.gradient


@wrong("value", url="https://github.com/pytorch/pytorch/issues/191965")
def padding_is_zero(xp: Any, x: Any, keep: Any) -> Any:
    """Fills padding with zero, as for a sum."""
    return _prod(xp, x, keep, 0.0)


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask and adds one at padding, so that NaN there stays."""
    there = xp.astype(over(keep, x), widen(xp, x).dtype)
    return xp.astype(xp.prod(widen(xp, x) * there + (1 - there), axis=1), x.dtype)


@wrong("factor")
def multiplies_magnitudes(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies magnitudes, without their signs."""
    return xp.abs(_prod(xp, x, keep))


@wrong("value")
def adds_logarithms(xp: Any, x: Any, keep: Any) -> Any:
    """Takes the exponential of a sum of logarithms; negative values have none."""
    logs = xp.log(clean(xp, x, keep, 1.0))
    return xp.astype(xp.exp(xp.sum(logs, axis=1)), x.dtype)


@wrong("factor")
def gives_the_geometric_mean(xp: Any, x: Any, keep: Any) -> Any:
    """Takes the root of as many values as there are."""
    found = widen(xp, _prod(xp, x, keep))
    root = xp.abs(found) ** (1 / count(xp, keep, found))
    return xp.astype(xp.sign(found) * root, x.dtype)


@gradient()
def gradient_divides_by_the_value(xp: Any, x: Any, keep: Any) -> Any:
    """Divides the product by each value, which is NaN for a zero."""
    wide = clean(xp, x, keep, 1.0)
    found = xp.prod(wide.detach(), axis=1)
    share = found[:, None] / wide.detach()
    return found + xp.sum(share * (wide - wide.detach()), axis=1)
