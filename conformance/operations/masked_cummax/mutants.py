"""Cumulative maxima made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import (
    clean,
    multiply_by_mask,
    over,
    through_bfloat16,
    widen,
)
from conformance.operations._common.family import add_usual, call_formula
from conformance.operations._common.mutant import Mutants

INFINITE = float("inf")


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the largest valid value up to each position, zero at padding."""
    return call_formula(climb, xp, x, mask)


def climb(xp: Any, x: Any, keep: Any, fill: float = -INFINITE) -> Any:
    """Return the largest valid value up to each position, zero at padding."""
    return _hide(xp, _accumulate(xp, clean(xp, x, keep, fill)), x, keep)


def _accumulate(xp: Any, wide: Any) -> Any:
    """Return the largest number up to each position, one position after another."""
    found = [wide[:, :1]]
    for at in range(1, wide.shape[1]):
        found.append(xp.maximum(found[-1], wide[:, at : at + 1]))
    return xp.concat(found, axis=1)


def _hide(xp: Any, found: Any, x: Any, keep: Any) -> Any:
    """Return values in the dtype of x, zero at padding."""
    return xp.astype(xp.where(over(keep, x), found, 0.0), x.dtype)


MUTANTS = Mutants("masked_cummax", correct, around=call_formula)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual(MUTANTS, climb)


def _start(fill: float, xp: Any, x: Any, keep: Any) -> Any:
    """Begin every row with a number."""
    found = climb(xp, x, keep)
    start = xp.full_like(found, fill)
    return _hide(xp, xp.where(found < start, start, found), x, keep)


for _name, _fill, _clause, _url in (
    ("zero", "0", "value", "https://github.com/thunlp/HATT-Proto/issues/12"),
    ("minus-1e4", "-1e4", "large-values", ""),
    (
        "minus-1e9",
        "-1e9",
        "large-values",
        "https://github.com/facebookresearch/fairseq/issues/3575",
    ),
):
    MUTANTS.add(
        f"starts-from-{_name}",
        _clause,
        f"begins each row with {_fill}, which smaller values lose to",
        partial(call_formula, partial(_start, float(_fill))),
        url=_url,
        dtypes=("float16", "float32"),
    )


@wrong("left-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask, so that zero at padding wins over negative values."""
    return _hide(xp, _accumulate(xp, multiply_by_mask(xp, x, keep)), x, keep)


@wrong("left-padding")
def masks_the_answer_alone(xp: Any, x: Any, keep: Any) -> Any:
    """Looks at padding too and hides it afterwards, which only what follows shows."""
    return _hide(xp, _accumulate(xp, widen(xp, x)), x, keep)


@wrong("causal")
def climbs_from_the_end(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the largest value from each position to the row's end."""
    back = xp.flip(clean(xp, x, keep, -INFINITE), axis=1)
    return _hide(xp, xp.flip(_accumulate(xp, back), axis=1), x, keep)


@wrong("causal")
def largest_everywhere(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the row's largest value at each of its positions."""
    wide = clean(xp, x, keep, -INFINITE)
    top = xp.max(wide, axis=1, keepdims=True)
    return _hide(xp, xp.broadcast_to(top, tuple(x.shape)), x, keep)


@wrong("climbs", url="https://github.com/mosaicml/examples/pull/243")
def leaves_itself_out(xp: Any, x: Any, keep: Any) -> Any:
    """Leaves out the position's own value but for the first."""
    found = climb(xp, x, keep)
    wide = clean(xp, x, keep, -INFINITE)
    before = xp.concat([wide[:, :1], _accumulate(xp, wide)[:, :-1]], axis=1)
    none = before == -INFINITE
    return _hide(xp, xp.where(none, found, before), x, keep)


@wrong("climbs")
def larger_of_two(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the larger one of a value and its neighbour's, not of all before."""
    wide = clean(xp, x, keep, -INFINITE)
    before = xp.concat([wide[:, :1], wide[:, :-1]], axis=1)
    return _hide(xp, xp.maximum(before, wide), x, keep)


@wrong("value")
def smallest_so_far(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the smallest value so far."""
    return _hide(xp, -_accumulate(xp, clean(xp, -x, keep, -INFINITE)), x, keep)


@wrong("value")
def largest_magnitude(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the largest magnitude, without the sign."""
    return climb(xp, xp.abs(x), keep)


@wrong("value")
def rounds_to_bfloat16(xp: Any, x: Any, keep: Any) -> Any:
    """Rounds each value to bfloat16 on its way."""
    return _hide(xp, through_bfloat16(xp, climb(xp, x, keep)), x, keep)


@wrong("value", url="https://github.com/keras-team/keras/pull/13867")
def along_the_features(xp: Any, x: Any, keep: Any) -> Any:
    """Climbs along the features where there are some."""
    if x.ndim == 2:  # noqa: PLR2004 - no features
        return climb(xp, x, keep)
    wide = xp.permute_dims(clean(xp, x, keep, -INFINITE), (0, 2, 1))
    return _hide(xp, xp.permute_dims(_accumulate(xp, wide), (0, 2, 1)), x, keep)


@wrong("batch-composition")
def along_the_rows(xp: Any, x: Any, keep: Any) -> Any:
    """Begins each row with the largest value of the row before."""
    wide = clean(xp, x, keep, -INFINITE)
    top = xp.max(wide, axis=1, keepdims=True)
    before = xp.concat([xp.full_like(top[:1], -INFINITE), top[:-1]], axis=0)
    return _hide(xp, xp.maximum(before, _accumulate(xp, wide)), x, keep)


@gradient()
def gradient_of_its_own_position(xp: Any, x: Any, keep: Any) -> Any:
    """Sends each cotangent to its own position alone."""
    own = clean(xp, x, keep)
    return climb(xp, x, keep).detach() + xp.astype(own - own.detach(), x.dtype)


@gradient()
def gradient_to_all_before(xp: Any, x: Any, keep: Any) -> Any:
    """Sends each cotangent to every position before."""
    sums = xp.cumulative_sum(clean(xp, x, keep), axis=1)
    return climb(xp, x, keep).detach() + _hide(xp, sums - sums.detach(), x, keep)
