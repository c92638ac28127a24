"""Weighted losses that divide by something else, or weigh the wrong thing."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from conformance.operations._common.arrays import clean, lengths, read_mask, widen
from conformance.operations._common.loss_mutants import (
    HF,
    KERAS,
    TORCH,
    add_reductions,
    add_usual_losses,
    bake_count,
    divide_by_time,
)
from conformance.operations._common.losses import at_least_one, reduce_losses
from conformance.operations._common.mutant import Mutants, compiled
from conformance.operations.masked_loss.mutants_formulas import terms
from conformance.operations.weighted_loss.mutants_formulas import (
    correct,
    count_nonzero,
    divide,
    divide_by,
    weigh,
)

NAME = "weighted_loss."
BY_WEIGHTS = (NAME + "*.by_weights",)
BY_COUNT = (NAME + "*.by_count",)
BY_NONZERO = (NAME + "*.by_nonzero",)
WEIGHED = (*BY_WEIGHTS, *BY_NONZERO)
MEANS = (*BY_COUNT, *WEIGHED)
SUM = (NAME + "*.sum",)
NONE = (NAME + "*.none",)
LABELS = (NAME + "cross_entropy.*",)
TF = "https://github.com/tensorflow/tensorflow/"


def _divide_wrongly(reduce: Any, *arrays: Any, **how: Any) -> Any:
    """Call what reduces losses ``(xp, losses, share, keep, reduction)``."""
    xp, p, t, weight, mask = arrays
    keep = read_mask(xp, p, mask)
    return weigh(xp, p, t, keep, weight=weight, reduce=reduce, **how)


def _reduce_wrongly(reduce: Any, *arrays: Any, **how: Any) -> Any:
    """Call what reduces losses that are weighed already, as other losses have it."""
    usual = {"by_count": "mean"}.get(how["reduction"], how["reduction"])

    def plain(xp: Any, losses: Any, share: Any, keep: Any, reduction: str) -> Any:
        del reduction
        return reduce(xp, losses * share, keep, usual)

    return _divide_wrongly(plain, *arrays, **how)


def _weigh_wrongly(weights: Any, *arrays: Any, **how: Any) -> Any:
    """Call the right formula with other weights, ``(xp, weight, keep)``."""
    xp, p, t, weight, mask = arrays
    keep = read_mask(xp, p, mask)
    other = weights(xp, widen(xp, weight), keep)
    return weigh(xp, p, t, keep, weight=other, **how)


def _call(formula: Any, *arrays: Any, **how: Any) -> Any:
    """Call what takes losses and a mask, with the weights as a keyword."""
    xp, p, t, weight, mask = arrays
    return formula(xp, p, t, mask, weight=weight, **how)


MUTANTS = Mutants("weighted_loss", partial(_call, correct))
divides = partial(MUTANTS.wrong, around=_divide_wrongly)
weighs = partial(MUTANTS.wrong, around=_weigh_wrongly)
spoil, gradient = MUTANTS.wrong, MUTANTS.gradient
_USUAL = Mutants("weighted_loss", correct)
add_usual_losses(_USUAL, weigh, labels=LABELS, reduced=(*MEANS, *SUM))
MUTANTS.extend(replace(each, function=partial(_call, each.function)) for each in _USUAL)
add_reductions(
    MUTANTS,
    _reduce_wrongly,
    {"mean": BY_COUNT, "sum": SUM, "none": NONE, "rows": (), "means": BY_COUNT}
    | {"all": (*BY_COUNT, *SUM, *NONE)},
)


_SWAPPED = {"count": "by_count", "nonzero": "by_nonzero", "weights": "by_weights"}
"""The divisor that a mutant's name begins with, by its reduction."""


def _swap_divisor(name: str) -> Any:
    other = name.partition("-")[0]
    return partial(_divide_wrongly, partial(_divide_as, _SWAPPED.get(other, other)))


def _divide_as(other: str, *arrays: Any) -> Any:
    xp, losses, share, keep, _reduction = arrays
    return divide(xp, losses, share, keep, other)


# fmt: off
MUTANTS.faults(
    _swap_divisor,
    (
        ("count-for-weights", "value", BY_WEIGHTS, KERAS + "issues/13329",
         "divides by the number of valid positions where their weights are asked for"),
        ("nonzero-for-weights", "value", BY_WEIGHTS, KERAS + "issues/7394",
         "divides by the number of weights that are not zero, not by their sum"),
        ("weights-for-count", "value", BY_COUNT,
         "https://github.com/mathiaszinnen/focal_loss_torch/issues/18",
         "divides by the weights where the number of positions is asked for"),
        ("nonzero-for-count", "weight-of-zero", BY_COUNT, KERAS + "issues/3270",
         "takes a weight of zero for padding, and does not count its position"),
        ("weights-for-nonzero", "value", BY_NONZERO, KERAS + "issues/600",
         "divides by the weights where the number of those is asked for"),
        ("count-for-nonzero", "weight-of-zero", BY_NONZERO, "",
         "counts positions whose weight is zero, too"),
        ("sum-for-nonzero", "value", BY_NONZERO, TF + "issues/28763",
         "gives the sum, as the name SUM_BY_NONZERO_WEIGHTS can be read"),
    ),
)
# fmt: on


@divides(
    "value", url="https://github.com/d2l-ai/d2l-en/issues/2076", variants=BY_WEIGHTS
)
def divides_by_all_positions(
    xp: Any, losses: Any, share: Any, keep: Any, reduction: str
) -> Any:
    """Divides by B T, padding included, where the weights are asked for."""
    return divide_by_time(xp, losses * share, keep, reduction)


@divides("additive", url=KERAS + "pull/2541", variants=BY_WEIGHTS)
def mean_of_rows_weighted_means(
    xp: Any, losses: Any, share: Any, keep: Any, reduction: str
) -> Any:
    """Takes the mean of the rows' weighted means."""
    del reduction
    total = xp.sum(share, axis=1)
    means = xp.sum(losses * share, axis=1) / xp.where(total > 0, total, 1.0)
    return reduce_losses(xp, means[:, None], xp.any(keep, axis=1)[:, None], "mean")


@divides(
    "value",
    url="https://github.com/OpenNMT/OpenNMT-tf/pull/820",
    variants=BY_WEIGHTS,
)
def divides_by_the_first_weights(
    xp: Any, losses: Any, share: Any, keep: Any, reduction: str
) -> Any:
    """Takes each row's first weight for that of all its positions, in the divisor."""
    del reduction
    number = xp.astype(lengths(xp, keep)[:, 0], share.dtype)
    return divide_by(xp, losses * share, xp.sum(share[:, 0] * number))


@divides("scale", url=KERAS + "pull/827", variants=BY_WEIGHTS)
def adds_epsilon_to_the_weights(
    xp: Any, losses: Any, share: Any, keep: Any, reduction: str
) -> Any:
    """Adds 1e-3 to the sum of the weights."""
    del keep, reduction
    return xp.sum(losses * share) / (xp.sum(share) + 1e-3)


@divides("scale", url="https://github.com/pwwang/datar/issues/139", variants=BY_WEIGHTS)
def at_least_one_weight(
    xp: Any, losses: Any, share: Any, keep: Any, reduction: str
) -> Any:
    """Divides by one where the weights add up to less."""
    del keep, reduction
    total = xp.sum(share)
    return xp.sum(losses * share) / xp.where(total < 1, xp.ones_like(total), total)


@divides("no-weight", url=KERAS + "issues/7917", variants=WEIGHED)
def no_weight_is_nan(
    xp: Any, losses: Any, share: Any, keep: Any, reduction: str
) -> Any:
    """Divides zero by zero where no weight is left."""
    del keep
    worth = share if reduction == "by_weights" else count_nonzero(xp, share)
    return xp.sum(losses * share) / xp.sum(worth)


@divides(
    "value",
    url="https://github.com/keras-team/keras-core/pull/802",
    variants=BY_COUNT,
)
def divides_twice(xp: Any, losses: Any, share: Any, keep: Any, reduction: str) -> Any:
    """Scales by the share of padding, and divides by the valid positions as well."""
    right = divide(xp, losses, share, keep, reduction)
    number = at_least_one(xp, lengths(xp, keep), losses)
    return right * (keep.shape[0] * keep.shape[1] / number)


@spoil(
    "value", url="https://github.com/tracel-ai/burn/issues/5568", variants=BY_WEIGHTS
)
def weights_of_padding_count(
    xp: Any, p: Any, t: Any, w: Any, mask: Any, **how: Any
) -> Any:
    """Divides by the weights of padding, too."""
    return _add_padding(xp, p, t, w, mask, worth=lambda whole: whole, **how)


@spoil(
    "value",
    url="https://github.com/tensorflow/tfjs-core/pull/1125",
    variants=BY_NONZERO,
)
def weights_of_padding_are_not_zero(
    xp: Any, p: Any, t: Any, w: Any, mask: Any, **how: Any
) -> Any:
    """Counts weights of padding that are not zero, too."""
    worth = partial(count_nonzero, xp)
    return _add_padding(xp, p, t, w, mask, worth=worth, **how)


def _add_padding(
    xp: Any, p: Any, t: Any, w: Any, mask: Any, *, worth: Any, **how: Any
) -> Any:
    """Divide by what all positions are worth, valid or not."""
    whole = worth(widen(xp, w))

    def reduce(xp: Any, losses: Any, share: Any, keep: Any, reduction: str) -> Any:
        del keep, reduction
        return divide_by(xp, losses * share, xp.sum(whole))

    return _divide_wrongly(reduce, xp, p, t, w, mask, **how)


@weighs("value", url=KERAS + "issues/15323")
def ignores_the_weights(xp: Any, weight: Any, keep: Any) -> Any:
    """Takes every weight for one where there is a mask."""
    del keep
    return xp.ones_like(weight)


@weighs("value", url="https://github.com/paninski-lab/lightning-pose/issues/374")
def weighs_twice(xp: Any, weight: Any, keep: Any) -> Any:
    """Multiplies by the weight twice."""
    del xp, keep
    return weight * weight


@weighs(
    "scale",
    url="https://github.com/LibCity/Bigscity-LibCity/issues/416",
    variants=(*BY_COUNT, *BY_NONZERO, *SUM, *NONE),
)
def divides_weights_by_their_mean(xp: Any, weight: Any, keep: Any) -> Any:
    """Divides the weights by their mean over all positions, padding among them."""
    share = xp.where(keep, weight, 0.0)
    total = xp.sum(share)
    number = keep.shape[0] * keep.shape[1]
    return share * number / xp.where(total > 0, total, xp.ones_like(total))


@weighs("value", url="https://github.com/numpy/numpy/issues/10438")
def weight_of_zero_is_one(xp: Any, weight: Any, keep: Any) -> Any:
    """Takes a weight of zero for one that is missing, which counts fully."""
    del keep
    return xp.where(weight == 0, xp.ones_like(weight), weight)


@weighs("value")
def clips_weights_at_one(xp: Any, weight: Any, keep: Any) -> Any:
    """Lets no weight be larger than one."""
    del keep
    return xp.clip(weight, None, 1.0)


@weighs("value")
def first_weight_for_the_row(xp: Any, weight: Any, keep: Any) -> Any:
    """Takes each row's first weight for that of all its positions."""
    return xp.broadcast_to(weight[:, :1], tuple(keep.shape))


@weighs("value")
def weights_one_late(xp: Any, weight: Any, keep: Any) -> Any:
    """Multiplies with the weight of the position before."""
    return xp.roll(xp.where(keep, weight, 0.0), 1, axis=1)


@weighs("value")
def weights_of_the_first_row(xp: Any, weight: Any, keep: Any) -> Any:
    """Takes the first row's weights for those of all rows."""
    first = xp.where(keep[:1], weight[:1], 0.0)
    return xp.broadcast_to(first, tuple(keep.shape))


@spoil(
    "value",
    url="https://github.com/maciejkula/spotlight/pull/40",
    variants=(NAME + "mse.by_weights",),
)
def weighs_the_error(xp: Any, p: Any, t: Any, w: Any, mask: Any, **how: Any) -> Any:
    """Multiplies the error by its weight before it is squared."""
    keep = read_mask(xp, p, mask)

    def reduce(xp: Any, losses: Any, share: Any, keep: Any, reduction: str) -> Any:
        return divide(xp, losses * share, share, keep, reduction)

    return weigh(xp, p, t, keep, weight=w, reduce=reduce, **how)


@spoil("wild-padding", url="https://github.com/numpy/numpy/issues/20375")
def hides_the_losses_alone(
    xp: Any, p: Any, t: Any, w: Any, mask: Any, **how: Any
) -> Any:
    """Multiplies the weights by the mask: NaN in a padded weight reaches the loss."""
    keep = read_mask(xp, p, mask)
    away = xp.sum(widen(xp, w) * xp.astype(~keep, widen(xp, w).dtype))
    found = weigh(xp, p, t, keep, weight=w, **how)
    return xp.astype(found + 0 * away, p.dtype)


@spoil("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(
    xp: Any, p: Any, t: Any, w: Any, mask: Any, **how: Any
) -> Any:
    """Gives padding a weight of zero, and multiplies its NaN by it."""
    keep = read_mask(xp, p, mask)
    kind, reduction = how["kind"], how["reduction"]
    y = t % 3 if kind == "cross_entropy" else t
    share = clean(xp, w, keep)
    losses = terms(xp, widen(xp, p), y, kind)
    if reduction == "none":
        return xp.astype(losses * share, p.dtype)
    return xp.astype(divide(xp, losses, share, keep, reduction), p.dtype)


@spoil("padding-labels", url=TORCH + "15508", variants=LABELS)
def gathers_before_the_mask(
    xp: Any, p: Any, t: Any, w: Any, mask: Any, **how: Any
) -> Any:
    """Looks up the labels of padding before it weighs them with zero."""
    keep = read_mask(xp, p, mask)
    _ = terms(xp, clean(xp, p, keep), t, how["kind"])
    return weigh(xp, p, t, keep, weight=w, **how)


@spoil("valid-nan", url=KERAS + "pull/592")
def weight_of_zero_hides_nan(
    xp: Any, p: Any, t: Any, w: Any, mask: Any, **how: Any
) -> Any:
    """Takes a weight of zero for a mask, which hides NaN."""
    keep = read_mask(xp, p, mask)

    def reduce(xp: Any, losses: Any, share: Any, keep: Any, reduction: str) -> Any:
        there = xp.where(share != 0, losses, xp.zeros_like(losses))
        return divide(xp, there, share, keep, reduction)

    return weigh(xp, p, t, keep, weight=w, reduce=reduce, **how)


@gradient(url="https://github.com/jeanfeydy/geomloss/issues/14")
def gradient_skips_the_weights(
    xp: Any, p: Any, t: Any, w: Any, mask: Any, **how: Any
) -> Any:
    """Lets no gradient reach the weights."""
    return correct(xp, p, t, mask, weight=w.detach(), **how)


@gradient(variants=BY_WEIGHTS)
def gradient_of_constant_total(
    xp: Any, p: Any, t: Any, w: Any, mask: Any, **how: Any
) -> Any:
    """Takes the sum of the weights for a constant in the gradient."""

    def reduce(xp: Any, losses: Any, share: Any, keep: Any, reduction: str) -> Any:
        del keep, reduction
        return divide_by(xp, losses * share, xp.sum(share.detach()))

    return _divide_wrongly(reduce, xp, p, t, w, mask, **how)


@gradient(url=TF + "issues/15046")
def gradient_of_the_weights_alone(
    xp: Any, p: Any, t: Any, w: Any, mask: Any, **how: Any
) -> Any:
    """Trains the predictions as if every weight were one, behind a right value."""
    plain = correct(xp, p, t, mask, weight=xp.ones_like(w), **how)
    right = correct(xp, p.detach(), t, mask, weight=w, **how)
    return right + (plain - plain.detach())


@gradient(variants=BY_COUNT)
def gradient_divides_by_size(
    xp: Any, p: Any, t: Any, w: Any, mask: Any, **how: Any
) -> Any:
    """Divides the gradient by B * T behind a right value."""
    other = _reduce_wrongly(divide_by_time, xp, p, t, w, mask, **how)
    found = correct(xp, p, t, mask, weight=w, **how)
    return found.detach() + (other - other.detach())


MUTANTS.add(
    "compiled-with-the-padded-count",
    "route",
    "bakes the padded count into the compiled function",
    partial(_call, partial(bake_count, weigh)),
    url=HF + "issues/38448",
    variants=BY_COUNT,
    **compiled(),
)
