"""The smallest value that is there, and minima made wrong on purpose."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    clean,
    multiply_by_mask,
    over,
    widen,
)
from conformance.operations._common.family import call_formula
from conformance.operations._common.reduction import Reduction
from conformance.operations.masked_max.reduction import (
    INFINITE,
    slope,
    slope_error,
    wrong_shares,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def _row(values: Sequence[float]) -> float | None:
    if not values:
        return None
    if any(map(math.isnan, values)):
        return math.nan
    return float(min(values)) + 0.0  # -0.0 equals 0.0, which is what is written


def _min(xp: Any, x: Any, keep: Any, fill: float = INFINITE) -> Any:
    return xp.astype(xp.min(clean(xp, x, keep, fill), axis=1), x.dtype)


REDUCTION = Reduction(
    name="masked_min",
    row=_row,
    neutral=INFINITE,
    value=lambda v: -v.some((-v.x).max(axis=1, initial=-INFINITE)),
    slope=slope,
    slope_error=slope_error,
    shares=partial(wrong_shares, "minimum", "minima"),
    smooth=False,
    formula=_min,
    skips="nanmin",
)
MUTANTS = REDUCTION.mutants
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
for _name, _clause, _url in (
    ("zero", "value", "https://github.com/thunlp/HATT-Proto/issues/12"),
    ("1e4", "large-values", ""),
    ("1e9", "large-values", "https://github.com/facebookresearch/fairseq/issues/3575"),
):
    _fill = _name.replace("zero", "0")
    MUTANTS.add(
        f"padding-is-{_name}",
        _clause,
        f"takes {_fill} for infinity at padding, which larger values lose to",
        partial(call_formula, partial(_min, fill=float(_fill))),
        url=_url,
        dtypes=("float16", "float32"),
    )


@wrong("empty-row")
def padding_is_the_largest_number(xp: Any, x: Any, keep: Any) -> Any:
    """Takes the dtype's largest number for infinity at padding."""
    return _min(xp, x, keep, float(xp.finfo(widen(xp, x).dtype).max))


@wrong("wild-padding", url="https://github.com/huggingface/transformers/pull/17306")
def adds_1e9(xp: Any, x: Any, keep: Any) -> Any:
    """Adds 1e9 to padding, which keeps what stood there."""
    wider = widen(xp, x)
    weight = xp.astype(over(keep, x), wider.dtype)
    return xp.astype(xp.min(wider + (1 - weight) * 1e9, axis=1), x.dtype)


@wrong("value")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask, so that zero wins over positive values."""
    return xp.astype(xp.min(multiply_by_mask(xp, x, keep), axis=1), x.dtype)


@wrong("value")
def gives_the_maximum(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the largest valid value."""
    return xp.astype(xp.max(clean(xp, x, keep, -INFINITE), axis=1), x.dtype)


@wrong("value")
def smallest_magnitude(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the smallest magnitude, without the sign."""
    return _min(xp, xp.abs(x), keep)


REDUCTION.give_empty_rows(0.0, "infinity")


@gradient()
def gradient_whole_at_each_tie(xp: Any, x: Any, keep: Any) -> Any:
    """Gives each of several equal minima the whole gradient."""
    low = _min(xp, x, keep).detach()
    tied = over(keep, x) & (x == low[:, None])
    return low + xp.sum(xp.where(tied, x - x.detach(), 0.0), axis=1)
