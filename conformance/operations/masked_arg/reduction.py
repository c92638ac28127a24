"""Where an extreme value stands, and positions made wrong on purpose."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    clean,
    lengths,
    multiply_by_mask,
    over,
    unless_empty,
    widen,
)
from conformance.operations._common.family import call_formula
from conformance.operations._common.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.operations._common.reduced import Valid
    from conformance.trial.batch import Array

INFINITE = float("inf")
SIGNS = {"max": 1, "min": -1}


def _row(values: Sequence[float], of: str) -> int | None:
    if not values or any(map(math.isnan, values)):
        return None
    return values.index(max(values) if of == "max" else min(values))


def _value(v: Valid) -> Array:
    """Return the first position of each row's extreme value; 0 of NaN."""
    x = v.where(v.mask, SIGNS[v.options["of"]] * v.x, -INFINITE)
    here = v.mask & (x == x.max(axis=1, initial=-INFINITE)[:, None])
    # Behind every position where none holds it, as in a row with NaN.
    end = v.x.shape[1]
    first: Array = v.where(here, v.places, end).min(axis=1, initial=end)
    return v.where(first < end, first)


def _first(xp: Any, here: Any) -> Any:
    """Return the first position that holds, 0 where none does."""
    return xp.argmax(xp.astype(here, xp.int32), axis=1)


def _arg(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    wide = clean(xp, SIGNS[of] * x, keep, -INFINITE)
    top = xp.max(wide, axis=1, keepdims=True)
    # Padding is filled with a number that a row may hold, too.
    return _first(xp, over(keep, x) & (wide == top))


REDUCTION = Reduction(
    name="masked_arg",
    row=_row,
    value=_value,
    formula=_arg,
    places=True,
    smooth=False,
    without=(
        "nan-becomes-zero",
        "gradient-leaks-to-padding",
        "gradient-of-the-other-branch",
    ),
)
MUTANTS = REDUCTION.mutants
wrong = MUTANTS.wrong


def _fill(xp: Any, x: Any, keep: Any, *, of: str, fill: float) -> Any:
    """Fill padding with a number, and search everywhere."""
    return xp.argmax(clean(xp, SIGNS[of] * x, keep, fill), axis=1)


for _name, _number, _clause, _url in (
    ("infinity", -INFINITE, "losing-infinity", "numpy/numpy/issues/12316"),
    ("zero", 0.0, "value", "mirage-project/mirage/pull/755"),
    ("minus-1e4", -1e4, "large-values", "mirage-project/mirage/pull/755"),
    ("minus-1e9", -1e9, "large-values", "facebookresearch/fairseq/issues/3575"),
):
    MUTANTS.add(
        f"padding-is-{_name}",
        _clause,
        f"fills padding with {-_number:g} where the smallest is looked for and with "
        f"{_number:g} where the largest is, and searches there too",
        partial(call_formula, partial(_fill, fill=_number)),
        url=f"https://github.com/{_url}",
        dtypes=("float16", "float32"),
    )


@wrong("value", url="https://github.com/tenstorrent/tt-metal/issues/7571")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Multiplies by the mask, so that zero at padding is found among lesser values."""
    return xp.argmax(SIGNS[of] * multiply_by_mask(xp, x, keep), axis=1)


@wrong("wild-padding", url="https://github.com/huggingface/transformers/pull/17306")
def adds_minus_1e9(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Adds -1e9 to padding, which keeps what stood there."""
    wider = SIGNS[of] * widen(xp, x)
    weight = xp.astype(over(keep, x), wider.dtype)
    return xp.argmax(wider + (1 - weight) * -1e9, axis=1)


@wrong("value", url="https://github.com/numpy/numpy/issues/15077")
def the_other_extreme(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Finds the smallest where the largest is asked for, and the other way round."""
    return _arg(xp, x, keep, of="min" if of == "max" else "max")


@wrong("first-of-ties", url="https://github.com/pytorch/pytorch/issues/22853")
def last_of_several(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Gives the last of several equal values."""
    wide = clean(xp, SIGNS[of] * x, keep, -INFINITE)
    here = over(keep, x) & (wide == xp.max(wide, axis=1, keepdims=True))
    found = x.shape[1] - 1 - _first(xp, xp.flip(here, axis=1))
    return unless_empty(xp, found, keep, 0)


@wrong("left-padding")
def counts_valid_positions(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Gives the place among the valid values, not in the row."""
    seen = xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1) - 1
    found = _arg(xp, x, keep, of=of)
    at = xp.expand_dims(xp.astype(found, xp.int64), axis=1)
    wide = xp.broadcast_to(over(seen, x), tuple(x.shape))
    return unless_empty(xp, xp.take_along_axis(wide, at, axis=1)[:, 0], keep, 0)


@wrong("value")
def counts_from_one(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Counts positions from one."""
    return unless_empty(xp, _arg(xp, x, keep, of=of) + 1, keep, 0)


@wrong("value")
def largest_magnitude(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Compares magnitudes, without the sign."""
    return _arg(xp, xp.abs(x), keep, of=of)


@wrong("peak")
def position_in_int8(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Gives the position in int8, which ends at 127."""
    return xp.astype(_arg(xp, x, keep, of=of), xp.int8)


@wrong("contract")
def answers_in_floats(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Gives the position in the dtype of x."""
    return xp.astype(_arg(xp, x, keep, of=of), x.dtype)


@wrong("empty-row", url="https://github.com/numpy/numpy/issues/12352")
def empty_row_is_no_position(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Gives -1 for a row without valid positions, 0 declared."""
    return unless_empty(xp, _arg(xp, x, keep, of=of), keep, -1)


@wrong("empty-row")
def empty_row_is_the_last_position(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Gives the last position for a row without valid ones, 0 declared."""
    return unless_empty(xp, _arg(xp, x, keep, of=of), keep, x.shape[1] - 1)


@wrong("value", url="https://github.com/huggingface/transformers/issues/16372")
def last_valid_position(xp: Any, x: Any, keep: Any, *, of: str) -> Any:
    """Gives the last valid position, whatever stands there."""
    del of
    at = lengths(xp, keep) - 1
    at = over(xp.where(at < 0, 0, at), x)
    return xp.broadcast_to(at, (x.shape[0], 1, *x.shape[2:]))[:, 0]
