"""Applied masks made wrong on purpose."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import count, over, through_bfloat16, widen
from conformance.operations._common.family import add_usual, call_formula
from conformance.operations._common.mutant import Mutants


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return x where the mask holds, zero elsewhere."""
    return call_formula(select_valid, xp, x, mask)


def select_valid(xp: Any, x: Any, keep: Any) -> Any:
    """Return x where the mask holds, zero elsewhere."""
    return xp.where(over(keep, x), x, xp.zeros_like(x))


def _fill(fill: float, xp: Any, x: Any, keep: Any) -> Any:
    return xp.where(over(keep, x), x, xp.full_like(x, fill))


MUTANTS = Mutants("apply_mask", correct, around=call_formula)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual(MUTANTS, select_valid)


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask, so that infinity or NaN at padding gives NaN."""
    return x * xp.astype(over(keep, x), x.dtype)


@wrong("value")
def padding_is_tiny(xp: Any, x: Any, keep: Any) -> Any:
    """Puts 1e-9 at padding, not zero."""
    return _fill(1e-9, xp, x, keep)


@wrong("value", url="https://github.com/gabrielmittag/NISQA/issues/17")
def padding_is_minus_infinity(xp: Any, x: Any, keep: Any) -> Any:
    """Puts minus infinity at padding, which is right before a softmax only."""
    return _fill(float("-inf"), xp, x, keep)


@wrong("value", url="https://github.com/pytorch/pytorch/issues/90534")
def adds_minus_1e9(xp: Any, x: Any, keep: Any) -> Any:
    """Adds -1e9 to padding, which is right before a softmax only."""
    wider = widen(xp, x)
    weight = xp.astype(over(keep, x), wider.dtype)
    return xp.astype(wider + (1 - weight) * -1e9, x.dtype)


@wrong("idempotent")
def scales_what_it_keeps(xp: Any, x: Any, keep: Any) -> Any:
    """Scales valid values by T over their number, as dropout does."""
    share = x.shape[1] / count(xp, keep, widen(xp, x)[:, 0])
    found = select_valid(xp, x, keep)
    return xp.astype(widen(xp, found) * share[:, None], x.dtype)


@wrong("value", url="https://github.com/keras-team/keras/pull/13867")
def mask_on_the_feature_axis(xp: Any, x: Any, keep: Any) -> Any:
    """Lays the mask along the feature axis, not along time."""
    if x.ndim == 2:  # noqa: PLR2004 - [B, T]: no other axis to mistake for time
        return select_valid(xp, x, keep)
    return xp.where(keep[:, None, : x.shape[2]], x, xp.zeros_like(x))


@wrong("value")
def first_feature_only(xp: Any, x: Any, keep: Any) -> Any:
    """Masks the first feature only."""
    if x.ndim == 2:  # noqa: PLR2004 - [B, T]
        return select_valid(xp, x, keep)
    features = xp.cumulative_sum(xp.astype(xp.ones_like(x), xp.int32), axis=2)
    return xp.where(over(keep, x) | (features > 1), x, xp.zeros_like(x))


@wrong("value")
def rounds_to_bfloat16(xp: Any, x: Any, keep: Any) -> Any:
    """Rounds what it keeps to bfloat16 on its way."""
    return through_bfloat16(xp, select_valid(xp, x, keep))


@gradient()
def gradient_passes_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Passes the gradient to padding as if nothing were masked."""
    bounded = xp.clip(x, -1e30, 1e30)
    return select_valid(xp, x, keep).detach() + (bounded - bounded.detach())
