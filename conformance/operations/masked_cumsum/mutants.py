"""Cumulative sums made wrong on purpose."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import (
    clean,
    lengths,
    multiply_by_mask,
    over,
    places,
    through_bfloat16,
    widen,
)
from conformance.operations._common.family import add_usual, call_formula
from conformance.operations._common.mutant import Mutants


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the sum of the valid values up to each position, zero at padding."""
    return call_formula(sum_up, xp, x, mask)


def sum_up(xp: Any, x: Any, keep: Any) -> Any:
    """Return the sum of the valid values up to each position, zero at padding."""
    return _hide(xp, xp.cumulative_sum(clean(xp, x, keep), axis=1), x, keep)


def _hide(xp: Any, found: Any, x: Any, keep: Any) -> Any:
    """Return sums in the dtype of x, zero at padding."""
    return xp.astype(xp.where(over(keep, x), found, 0.0), x.dtype)


MUTANTS = Mutants("masked_cumsum", correct, around=call_formula)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual(MUTANTS, sum_up)


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask before and after, where infinity or NaN stays NaN."""
    found = xp.cumulative_sum(multiply_by_mask(xp, x, keep), axis=1)
    return xp.astype(multiply_by_mask(xp, found, keep), x.dtype)


@wrong("left-padding", url="https://github.com/vllm-project/vllm-gaudi/pull/1009")
def masks_the_answer_alone(xp: Any, x: Any, keep: Any) -> Any:
    """Sums padding too and hides it afterwards, which only what follows shows."""
    return _hide(xp, xp.cumulative_sum(widen(xp, x), axis=1), x, keep)


@wrong("causal")
def sums_from_the_end(xp: Any, x: Any, keep: Any) -> Any:
    """Sums from each position to the row's end."""
    back = xp.flip(clean(xp, x, keep), axis=1)
    return _hide(xp, xp.flip(xp.cumulative_sum(back, axis=1), axis=1), x, keep)


@wrong("causal")
def total_everywhere(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the row's total at each of its positions."""
    wide = clean(xp, x, keep)
    return _hide(xp, xp.sum(wide, axis=1, keepdims=True) + 0 * wide, x, keep)


@wrong("steps", url="https://github.com/mosaicml/examples/pull/243")
def leaves_itself_out(xp: Any, x: Any, keep: Any) -> Any:
    """Leaves out the position's own value."""
    wide = clean(xp, x, keep)
    return _hide(xp, xp.cumulative_sum(wide, axis=1) - wide, x, keep)


@wrong("steps")
def running_mean(xp: Any, x: Any, keep: Any) -> Any:
    """Divides by the number of positions so far."""
    found = xp.cumulative_sum(clean(xp, x, keep), axis=1)
    number = xp.astype(over(places(xp, keep) + 1, x), found.dtype)
    return _hide(xp, found / number, x, keep)


@wrong("steps")
def adds_its_own_value_twice(xp: Any, x: Any, keep: Any) -> Any:
    """Counts the position's own value twice."""
    wide = clean(xp, x, keep)
    return _hide(xp, xp.cumulative_sum(wide, axis=1) + wide, x, keep)


@wrong("gaps")
def starts_again_behind_padding(xp: Any, x: Any, keep: Any) -> Any:
    """Begins a new sum behind each padded position."""
    found = xp.cumulative_sum(clean(xp, x, keep), axis=1)
    time = places(xp, keep)
    last = xp.where(keep, -1, time)
    # The latest padded position before each one, and the sum that stood there.
    before = xp.max(
        xp.where(time[:, None] <= time[:, :, None], last[:, None], -1), axis=2
    )
    at = over(xp.astype(xp.where(before < 0, 0, before), xp.int64), x)
    at = xp.broadcast_to(at, tuple(x.shape))
    stood = xp.take_along_axis(found, at, axis=1)
    return _hide(xp, xp.where(over(before, x) < 0, found, found - stood), x, keep)


@wrong("value", url="https://github.com/keras-team/keras/pull/13867")
def along_the_features(xp: Any, x: Any, keep: Any) -> Any:
    """Sums along the features where there are some."""
    return _hide(xp, xp.cumulative_sum(clean(xp, x, keep), axis=-1), x, keep)


@wrong("batch-composition")
def along_the_rows(xp: Any, x: Any, keep: Any) -> Any:
    """Goes on with the sum of the row before."""
    found = xp.cumulative_sum(clean(xp, x, keep), axis=1)
    whole = xp.sum(clean(xp, x, keep), axis=1, keepdims=True)
    return _hide(xp, found + xp.cumulative_sum(whole, axis=0) - whole, x, keep)


@wrong("counts", url="https://github.com/numpy/numpy/issues/24443", dtypes=("float16",))
def sums_in_float16(xp: Any, x: Any, keep: Any) -> Any:
    """Sums in float16, which ends at 2048 where ones are added."""
    terms = xp.where(over(keep, x), x, xp.zeros_like(x))
    return _hide(xp, xp.cumulative_sum(terms, axis=1), x, keep)


@wrong(
    "counts",
    url="https://github.com/tensorflow/tensorflow/issues/115731",
)
def sums_in_bfloat16(xp: Any, x: Any, keep: Any) -> Any:
    """Rounds each sum to bfloat16, which ends at 256."""
    found = xp.cumulative_sum(clean(xp, x, keep), axis=1)
    return _hide(xp, through_bfloat16(xp, found), x, keep)


@wrong("counts")
def wraps_at_127(xp: Any, x: Any, keep: Any) -> Any:
    """Lets whole sums wrap around as int8 does."""
    found = xp.cumulative_sum(clean(xp, x, keep), axis=1)
    whole = (found == xp.round(found)) & (xp.abs(found) < 1e6)  # noqa: PLR2004 - no infinity
    wrapped = xp.where(whole, (found + 128) % 256 - 128, found)
    return _hide(xp, wrapped, x, keep)


@wrong("value")
def holds_the_sum_at_padding(xp: Any, x: Any, keep: Any) -> Any:
    """Shows the sum that is held at padding, zero declared."""
    found = xp.cumulative_sum(clean(xp, x, keep), axis=1)
    there = xp.ones_like(keep) & (lengths(xp, keep) > 0)
    return _hide(xp, found, x, there)


@wrong("value", url="https://github.com/microsoft/onnxruntime-genai/pull/1694")
def zeros_are_padding(xp: Any, x: Any, keep: Any) -> Any:
    """Takes valid positions that hold zeros for padding."""
    there = (x != 0) if x.ndim == 2 else xp.any(x != 0, axis=-1)  # noqa: PLR2004 - [B, T]
    return sum_up(xp, x, keep & there)


@gradient()
def gradient_of_its_own_position(xp: Any, x: Any, keep: Any) -> Any:
    """Sends each cotangent to its own position alone."""
    own = clean(xp, x, keep)
    return sum_up(xp, x, keep).detach() + xp.astype(own - own.detach(), x.dtype)


@gradient()
def gradient_leaves_itself_out(xp: Any, x: Any, keep: Any) -> Any:
    """Sends no cotangent to its own position."""
    other = leaves_itself_out(xp, x, keep)
    return sum_up(xp, x, keep).detach() + (other - other.detach())
