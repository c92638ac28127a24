"""Weighted means made wrong on purpose."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean, count, over, widen
from conformance.operations._common.family import (
    add_empty,
    add_usual,
    call_formula,
)
from conformance.operations._common.mutant import Mutants

if TYPE_CHECKING:
    from conformance.operations._common.mutant import Formula

_KERAS = "https://github.com/keras-team/keras/"


def weigh(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Return the mean of the valid values, weighted; zero of nothing."""
    wide, share = clean(xp, x, keep), clean(xp, weight, keep)
    return _divide(xp, x, wide * over(share, x), share)


def _divide(xp: Any, x: Any, terms: Any, share: Any) -> Any:
    """Return the sum of terms over that of weights ``[B, T]``, in x's dtype."""
    total = over(xp.sum(share, axis=1, keepdims=True), x)[:, 0]
    total = xp.where(total == 0, xp.ones_like(total), total)
    return xp.astype(xp.sum(terms, axis=1) / total, x.dtype)


def _call(formula: Formula, xp: Any, x: Any, weight: Any, mask: Any) -> Any:
    """Call what takes x and a mask, with the weights as a keyword."""
    return formula(xp, x, mask, weight=weight)


def _change(formula: Formula, xp: Any, x: Any, weight: Any, mask: Any) -> Any:
    return call_formula(formula, xp, x, mask, weight=weight)


MUTANTS = Mutants("weighted_mean", partial(_change, weigh), around=_change)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
_USUAL = Mutants("weighted_mean", MUTANTS.correct)
add_usual(_USUAL, weigh)
add_empty(_USUAL, weigh, float("nan"), "zero")
MUTANTS.extend(replace(each, function=partial(_call, each.function)) for each in _USUAL)


@wrong("value")
def ignores_the_weights(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Gives the mean without weights."""
    return weigh(xp, x, keep, weight=xp.ones_like(weight))


@wrong("scale", url=_KERAS + "issues/7394")
def divides_by_the_count(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Divides by the number of valid positions, not by their weights."""
    terms = clean(xp, x, keep) * over(clean(xp, weight, keep), x)
    total = xp.sum(terms, axis=1)
    return xp.astype(total / count(xp, keep, total), x.dtype)


@wrong("scale", url=_KERAS + "issues/7394")
def divides_by_weights_that_are_not_zero(
    xp: Any, x: Any, keep: Any, *, weight: Any
) -> Any:
    """Divides by the number of valid weights that are not zero."""
    share = clean(xp, weight, keep)
    known = xp.astype(share != 0, share.dtype)
    return _divide(xp, x, clean(xp, x, keep) * over(share, x), known)


@wrong("value", url="https://github.com/handley-lab/anesthetic/pull/409")
def divides_by_all_weights(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Divides by the weights of padding, too."""
    share = clean(xp, weight, keep)
    return _divide(xp, x, clean(xp, x, keep) * over(share, x), widen(xp, weight))


@wrong("value", url="https://github.com/dask/dask/issues/3846")
def normalises_before_the_mask(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Divides weights by their sum over all positions before it masks them."""
    whole = widen(xp, weight)
    total = xp.sum(xp.abs(whole), axis=1, keepdims=True)
    share = whole / xp.where(total == 0, xp.ones_like(total), total)
    terms = clean(xp, x, keep) * over(clean(xp, share, keep), x)
    return xp.astype(xp.sum(terms, axis=1), x.dtype)


@wrong("scale", url="https://github.com/verl-project/verl/pull/782")
def adds_epsilon_to_the_weights(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Adds 1e-3 to the sum of the weights."""
    share = clean(xp, weight, keep)
    total = over(xp.sum(share, axis=1, keepdims=True), x)[:, 0] + 1e-3
    terms = xp.sum(clean(xp, x, keep) * over(share, x), axis=1)
    return xp.astype(terms / total, x.dtype)


@wrong("scale", url="https://github.com/pwwang/datar/issues/139")
def at_least_one_weight(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Divides by one where the weights add up to less."""
    share = clean(xp, weight, keep)
    total = over(xp.sum(share, axis=1, keepdims=True), x)[:, 0]
    total = xp.where(total < 1, xp.ones_like(total), total)
    terms = xp.sum(clean(xp, x, keep) * over(share, x), axis=1)
    return xp.astype(terms / total, x.dtype)


@wrong("value")
def squares_the_weights(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Weighs with the squares of the weights."""
    return weigh(xp, x, keep, weight=widen(xp, weight) ** 2)


@wrong("one-weight")
def softmax_of_the_weights(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Takes the weights for logits of a softmax."""
    logits = xp.clip(clean(xp, weight, keep), -30, 30)
    return weigh(xp, x, keep, weight=xp.exp(logits))


@wrong("value", url="https://github.com/numpy/numpy/issues/10438")
def weight_of_zero_is_one(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Takes a weight of zero for one that is missing, which counts fully."""
    ones = xp.ones_like(weight)
    return weigh(xp, x, keep, weight=xp.where(weight == 0, ones, weight))


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/20375")
def hides_the_values_alone(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Multiplies the weights by the mask: NaN in a padded weight reaches the row."""
    wide = widen(xp, weight)
    share = wide * xp.astype(keep, wide.dtype)
    return _divide(xp, x, clean(xp, x, keep) * over(share, x), share)


@wrong("valid-nan", url="https://github.com/handley-lab/anesthetic/pull/112")
def weight_of_zero_hides_nan(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Takes a weight of zero for a mask, which hides NaN."""
    return weigh(xp, x, keep & (weight != 0), weight=weight)


@wrong("batch-composition")
def divides_by_the_batch(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Divides by the mean weight of all rows."""
    share = clean(xp, weight, keep)
    total = xp.sum(share) / max(1, share.shape[0])
    terms = xp.sum(clean(xp, x, keep) * over(share, x), axis=1)
    return xp.astype(terms / xp.where(total == 0, 1.0, total), x.dtype)


@gradient()
def gradient_skips_the_weights(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Lets no gradient reach the weights."""
    return weigh(xp, x, keep, weight=weight.detach())


@gradient()
def gradient_of_constant_total(xp: Any, x: Any, keep: Any, *, weight: Any) -> Any:
    """Takes the sum of the weights for a constant in the gradient."""
    share = clean(xp, weight, keep)
    return _divide(xp, x, clean(xp, x, keep) * over(share, x), share.detach())
