"""Masks from features made wrong on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import widen
from conformance.operations._common.family import add_masks
from conformance.operations._common.mutant import Mutants

if TYPE_CHECKING:
    from collections.abc import Callable


def correct(xp: Any, x: Any) -> Any:
    """Return true where any feature is not zero."""
    return xp.any(x != 0, axis=-1)


def _change_mask(change: Callable[[Any, Any], Any], xp: Any, x: Any) -> Any:
    return change(xp, correct(xp, x))


MUTANTS = Mutants("mask_from_features", correct)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_masks(MUTANTS, _change_mask)


@wrong("gaps", around=_change_mask)
def stops_at_the_first_zeros(xp: Any, keep: Any) -> Any:
    """Takes everything behind the first vector of zeros for padding."""
    gone = xp.cumulative_sum(xp.astype(~keep, xp.int32), axis=1)
    return gone == 0


@wrong("contract")
def answers_like_its_input(xp: Any, x: Any) -> Any:
    """Answers with 1.0 and 0.0 in the input's dtype, not with booleans."""
    return xp.astype(correct(xp, x), x.dtype)


@wrong("value", url="https://kexue.fm/archives/6810", around=_change_mask)
def answers_in_a_column(xp: Any, keep: Any) -> Any:
    """Answers with a last axis of one."""
    return xp.expand_dims(keep, axis=2)


@wrong("length-one", around=_change_mask)
def squeezes_every_axis(xp: Any, keep: Any) -> Any:
    """Squeezes every axis of length one, the batch's too."""
    del xp
    return keep.reshape(tuple(size for size in keep.shape if size != 1))


@wrong("one-feature")
def all_features(xp: Any, x: Any) -> Any:
    """Asks that all features are not zero."""
    return xp.all(x != 0, axis=-1)


@wrong("one-feature")
def first_feature(xp: Any, x: Any) -> Any:
    """Looks at the first feature alone."""
    del xp
    return x[..., 0] != 0


@wrong("one-feature")
def last_feature(xp: Any, x: Any) -> Any:
    """Looks at the last feature alone."""
    del xp
    return x[..., -1] != 0


@wrong("features-that-cancel")
def sum_of_features(xp: Any, x: Any) -> Any:
    """Asks that the sum of the features is not zero."""
    return xp.sum(widen(xp, x), axis=-1) != 0


@wrong("value")
def positive_features(xp: Any, x: Any) -> Any:
    """Asks for a feature above zero."""
    return ~xp.all(x <= 0, axis=-1)


@wrong("tiny-features")
def sum_of_squares(xp: Any, x: Any) -> Any:
    """Asks that the sum of squares is not zero, which underflows."""
    return xp.sum(x * x, axis=-1) != 0


@wrong("tiny-features")
def threshold(xp: Any, x: Any) -> Any:
    """Takes features of at most 1e-6 for zero."""
    return ~xp.all(xp.abs(widen(xp, x)) <= 1e-6, axis=-1)  # noqa: PLR2004 - what is wrong


@wrong("negative-zero")
def negative_zero_counts(xp: Any, x: Any) -> Any:
    """Takes -0.0 for a number that is not zero."""
    return xp.any((x != 0) | xp.signbit(widen(xp, x)), axis=-1)


@wrong("nan-counts", url="https://github.com/numpy/numpy/issues/12461")
def nan_is_zero(xp: Any, x: Any) -> Any:
    """Takes NaN for zero."""
    return xp.any((x != 0) & ~xp.isnan(x), axis=-1)


@wrong("nan-counts")
def nan_is_padding(xp: Any, x: Any) -> Any:
    """Takes every position with a NaN for padding."""
    return correct(xp, x) & ~xp.any(xp.isnan(x), axis=-1)


@wrong("large-values")
def fill_is_padding(xp: Any, x: Any) -> Any:
    """Takes large negative numbers, a usual fill, for padding as well."""
    return correct(xp, x) & xp.all(~(widen(xp, x) < -3e4), axis=-1)  # noqa: PLR2004


@wrong("layout", url="https://github.com/pytorch/pytorch/issues/99638")
def reads_memory(xp: Any, x: Any) -> Any:
    """Reads memory in the order it lies in, not elements."""
    return correct(xp, x.ravel(order="K").reshape(x.shape))


@wrong("contract", url="https://github.com/pytorch/pytorch/issues/39639")
def overwrites_its_input(xp: Any, x: Any) -> Any:
    """Writes 1 over padding in the caller's own features."""
    keep = correct(xp, x)
    x[~keep] = 1
    return keep
