"""Losses that are wrong at a position, or divided by the wrong sum of weights."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

from conformance.operations._common.arrays import clean, read_mask, widen
from conformance.operations._common.loss_mutants import (
    KERAS,
    TORCH,
    add_reductions,
    add_usual_losses,
    bake_count,
    divide_by_time,
)
from conformance.operations._common.losses import reduce_losses
from conformance.operations._common.mutant import Mutants, compiled
from conformance.operations.masked_criterion import LABELLED
from conformance.operations.masked_criterion.mutants_formulas import (
    correct,
    cross,
    distance,
    divide,
    entropy,
    log_softmax,
    lose,
    measure,
    one_hot,
    smooth,
    take_density,
    weigh,
)

NAME = "masked_criterion."
L1 = (NAME + "l1.*",)
HUBER = (NAME + "huber.*",)
NORMAL = (NAME + "normal_nll.*",)
KL = (NAME + "kl.*",)
SMOOTHED = (NAME + "smoothed*",)
WEIGHTED = (NAME + "*class_weights.*",)
BOTH = (NAME + "smoothed_class_weights.*",)
WEIGHTED_MEAN = (NAME + "*.weighted_mean",)
CLASSES = (*KL, *LABELLED)
MEAN = (NAME + "*.mean",)
SUM = (NAME + "*.sum",)
NONE = (NAME + "*.none",)
OPTAX = "https://github.com/google-deepmind/optax/"
PADDLE = "https://github.com/PaddlePaddle/Paddle/"
MUTANTS = Mutants("masked_criterion", correct)


def _with_terms(terms: Any, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return measure(xp, p, t, read_mask(xp, p, mask), terms=terms, **how)


def _with_reduction(reduce: Any, *arrays: Any, **how: Any) -> Any:
    xp, p, t, mask = arrays
    return measure(xp, p, t, read_mask(xp, p, mask), reduce=reduce, **how)


def _reduce_wrongly(reduce: Any, *arrays: Any, **how: Any) -> Any:
    def plain(xp: Any, losses: Any, worth: Any, keep: Any, how: Any) -> Any:
        del worth
        return reduce(xp, losses, keep, how["reduction"])

    return _with_reduction(plain, *arrays, **how)


wrong = partial(MUTANTS.wrong, around=_with_terms)
divides = partial(MUTANTS.wrong, around=_with_reduction)
spoil, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual_losses(MUTANTS, measure, labels=LABELLED, reduced=(*MEAN, *SUM))
add_reductions(
    MUTANTS,
    _reduce_wrongly,
    {"mean": MEAN, "sum": SUM, "none": NONE, "rows": (), "means": MEAN}
    | {"all": (*MEAN, *SUM, *NONE)},
)


@spoil("wild-padding", url="https://github.com/NovaSky-AI/SkyRL/pull/1635")
def multiplies_by_the_mask(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Multiplies the loss by the mask after it is NaN."""
    keep = read_mask(xp, p, mask)
    wide = widen(xp, p)
    away = xp.sum(wide, axis=-1) * xp.astype(~keep, wide.dtype)
    return xp.astype(measure(xp, p, t, keep, **how) + 0 * xp.sum(away), p.dtype)


@spoil("padding-labels", url=TORCH + "69339", variants=LABELLED)
def looks_up_weights_before_the_mask(
    xp: Any, p: Any, t: Any, mask: Any, **how: Any
) -> Any:
    """Looks up the weight, or one-hot row, of padding's label before it masks."""
    table = xp.asarray(how["class_weights"] or (1.0,) * p.shape[-1])
    _ = xp.take(table, xp.astype(t, xp.int64).reshape((-1,)))
    return correct(xp, p, t, mask, **how)


@spoil(
    "value",
    url="https://github.com/lucidrains/voicebox-pytorch/issues/34",
    variants=(*L1, *HUBER, *NORMAL),
)
def masks_the_predictions_alone(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Sets predictions at padding to zero, and no targets: their distance is paid."""
    keep = read_mask(xp, p, mask)
    z = clean(xp, p, keep)
    paid = lose(xp, z, widen(xp, t), how)
    return xp.astype(divide(xp, paid, paid, keep, how), p.dtype)


@wrong("value", url="https://github.com/chainer/chainer/pull/940", variants=HUBER)
def turns_at_one(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Turns linear at 1, whatever delta is asked for."""
    return lose(xp, z, y, {**how, "delta": 1.0})


@wrong("value", url=PADDLE + "pull/73325", variants=HUBER)
def divides_by_delta(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Gives the smooth L1 loss, which is Huber's divided by delta."""
    return lose(xp, z, y, how) / how["delta"]


@wrong("value", url=PADDLE + "issues/44019", variants=HUBER)
def line_has_no_offset(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Continues with delta r, which leaves a step where it turns linear."""
    far, delta = distance(xp, z, y), how["delta"]
    return xp.mean(xp.where(far <= delta, far * far / 2, delta * far), axis=-1)


@wrong("value", variants=HUBER)
def never_turns_linear(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Squares errors of any size."""
    del how
    return xp.mean(distance(xp, z, y) ** 2, axis=-1) / 2


@wrong("value", variants=HUBER)
def square_is_not_halved(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes r^2 for r^2 / 2, and the line that continues it."""
    far, delta = distance(xp, z, y), how["delta"]
    bent = xp.where(far <= delta, far * far, delta * (2 * far - delta))
    return xp.mean(bent, axis=-1)


@wrong("value", variants=HUBER)
def bends_the_mean(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Bends the mean error of the features, not each feature's."""
    far, delta = xp.mean(distance(xp, z, y), axis=-1), how["delta"]
    return xp.where(far <= delta, far * far / 2, delta * (far - delta / 2))


@wrong("value", variants=L1)
def squared_error(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes the squared error for the absolute one."""
    del how
    return xp.mean(distance(xp, z, y) ** 2, axis=-1)


@wrong("value", variants=L1)
def signed_error(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Lets errors of either sign cancel."""
    del how
    return xp.mean(z - xp.astype(y, z.dtype), axis=-1)


@wrong(
    "value",
    url="https://github.com/NVIDIA/tacotron2/issues/80",
    variants=(*L1, *NORMAL),
)
def sums_features(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Sums over the features instead of their mean."""
    return lose(xp, z, y, how) * z.shape[-1]


@wrong("value", url="https://github.com/unit8co/darts/pull/1162", variants=NORMAL)
def deviation_for_the_variance(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Divides by the deviation, which is not squared."""
    del how
    away, log = z[..., 0] - y, z[..., 1]
    return take_density(xp, away, log, power=xp.exp(-log / 2))


@wrong(
    "value",
    url="https://github.com/hill-a/stable-baselines/issues/1059",
    variants=NORMAL,
)
def variance_for_the_deviation(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes the logarithm of the variance for that of the deviation."""
    return lose(xp, xp.stack([z[..., 0], 2 * z[..., 1]], axis=-1), y, how)


@wrong(
    "value",
    url="https://github.com/piEsposito/blitz-bayesian-deep-learning/pull/15",
    variants=NORMAL,
)
def adds_the_deviation(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Adds the deviation, not its logarithm."""
    log = z[..., 1]
    added = xp.mean(xp.exp(log / 2) - log / 2, axis=-1)
    return lose(xp, z, y, how) + added


@wrong(
    "value", url="https://github.com/Qinyu-Allen-Zhao/Arinar/issues/1", variants=NORMAL
)
def forgets_the_constant(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Leaves log(2 pi) / 2 out, which makes it no logarithm of a density."""
    del how
    return take_density(xp, z[..., 0] - y, z[..., 1], constant=0.0)


@wrong(
    "value",
    url="https://github.com/xuannianz/keras-GaussianYOLOv3/issues/47",
    variants=NORMAL,
)
def halves_nothing(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Halves neither the square nor the logarithm of the variance."""
    del how
    return take_density(xp, z[..., 0] - y, z[..., 1], half=1.0)


@wrong("value", url="https://github.com/thuhcsi/VAENAR-TTS/issues/8", variants=NORMAL)
def logarithm_is_not_halved(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Adds the logarithm of the variance, of which half is right."""
    return lose(xp, z, y, how) + xp.mean(z[..., 1], axis=-1) / 2


@wrong("value", url="https://github.com/kctezcan/ddp_recon/issues/1", variants=NORMAL)
def multiplies_by_the_variance(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Multiplies the square by the variance, as if it were a precision."""
    del how
    return take_density(xp, z[..., 0] - y, z[..., 1], power=xp.exp(z[..., 1]))


@wrong("value", url=TORCH + "126532", variants=NORMAL)
def takes_the_logarithm_off(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes the logarithm of the variance off, which trains it to be endless."""
    return lose(xp, z, y, how) - xp.mean(z[..., 1], axis=-1)


@wrong("value", url="https://github.com/tracel-ai/burn/pull/5182", variants=NORMAL)
def floor_under_the_variance(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Lets no variance be less than a half."""
    log = xp.clip(z[..., 1], math.log(0.5), None)
    return lose(xp, xp.stack([z[..., 0], log], axis=-1), y, how)


@wrong("value", url=TORCH + "49807", variants=NORMAL)
def one_variance_for_all_features(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes the first feature's variance for those of all."""
    log = xp.broadcast_to(z[..., :1, 1], tuple(y.shape))
    return lose(xp, xp.stack([z[..., 0], log], axis=-1), y, how)


@wrong("value", variants=NORMAL)
def pairs_the_other_way_round(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes the mean for the logarithm of the variance."""
    return lose(xp, z[..., ::-1], y, how)


@wrong("value", variants=KL)
def other_direction(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes the divergence of the targets from the predictions."""
    del how
    shares, logs = xp.astype(y, z.dtype), log_softmax(xp, z)
    log_targets = xp.log(xp.where(shares > 0, shares, 1.0))
    return xp.sum(xp.exp(logs) * (logs - log_targets), axis=-1)


@wrong("value", variants=KL)
def forgets_the_entropy(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Gives the cross entropy, not the divergence."""
    del how
    return cross(xp, log_softmax(xp, z), xp.astype(y, z.dtype))


@wrong("value", url="https://github.com/TheAlgorithms/Python/issues/12233", variants=KL)
def zero_times_the_log_of_zero(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Has 0 log 0 = NaN where a class has no share."""
    del how
    shares = xp.astype(y, z.dtype)
    return xp.sum(shares * (xp.log(shares) - log_softmax(xp, z)), axis=-1)


@wrong("class-without-target", url=OPTAX + "pull/1786", variants=KL)
def zero_times_minus_infinity(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Multiplies a share of 0 by the logarithm of an impossible class."""
    del how
    shares = xp.astype(y, z.dtype)
    return -xp.sum(shares * log_softmax(xp, z), axis=-1) - entropy(xp, shares)


@wrong("value", url=KERAS + "pull/2872", variants=KL)
def ends_at_the_epsilon(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Clips both distributions to at least 1e-7."""
    del how
    shares = xp.clip(xp.astype(y, z.dtype), 1e-7, 1.0)
    logs = xp.log(xp.clip(xp.exp(log_softmax(xp, z)), 1e-7, 1.0))
    return xp.sum(shares * (xp.log(shares) - logs), axis=-1)


@wrong("value", url=TORCH + "6622", variants=KL)
def mean_over_classes(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Divides by the number of classes too, as a mean of elements does."""
    return lose(xp, z, y, how) / z.shape[-1]


@wrong("value", variants=KL)
def takes_targets_for_logarithms(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes targets for logarithms of shares."""
    del how
    logs = xp.astype(y, z.dtype)
    return xp.sum(xp.exp(logs) * (logs - log_softmax(xp, z)), axis=-1)


@wrong("large-values", variants=CLASSES)
def no_maximum_subtracted(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes exp of logits as they are, which overflows."""
    total = xp.log(xp.sum(xp.exp(z), axis=-1, keepdims=True))
    return lose(xp, z - total, y, how)


@wrong(
    "class-without-target",
    url=OPTAX + "issues/896",
    variants=(NAME + "class_weights.*",),
)
def multiplies_by_one_hot(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Multiplies by a one-hot label: 0 times minus infinity is NaN."""
    return -xp.sum(smooth(xp, z, y, how) * log_softmax(xp, z), axis=-1)


@wrong("value", variants=SMOOTHED)
def does_not_smooth(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Leaves the label as it is."""
    return lose(xp, z, y, {**how, "smoothing": 0.0})


@wrong("value", url="https://github.com/fastai/fastai/pull/1814", variants=SMOOTHED)
def spreads_over_the_others(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Spreads over the other classes, C - 1, not over all."""
    here, rest = one_hot(xp, z, y), how["smoothing"]
    shares = (1 - rest) * here + rest / (z.shape[-1] - 1) * (1 - here)
    return _weigh_shares(xp, z, shares, how)


@wrong(
    "value",
    url="https://github.com/OpenNMT/OpenNMT-py/issues/1463",
    variants=SMOOTHED,
)
def gives_class_zero_nothing(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Spreads nothing to class 0, which it takes for padding."""
    here, rest = one_hot(xp, z, y), how["smoothing"]
    others = xp.astype(xp.arange(z.shape[-1]) > 0, z.dtype)
    shares = (1 - rest) * here + rest / (z.shape[-1] - 1) * others
    return _weigh_shares(xp, z, shares, how)


@wrong(
    "value",
    url="https://github.com/ildoonet/pytorch-randaugment/issues/30",
    variants=SMOOTHED,
)
def keeps_too_much_of_the_label(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes smoothing / C off the label, so that shares are more than one."""
    part = how["smoothing"] / z.shape[-1]
    return _weigh_shares(xp, z, (1 - part) * one_hot(xp, z, y) + part, how)


@wrong("value", url="https://github.com/TimDettmers/ConvE/issues/55", variants=SMOOTHED)
def spreads_one(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Spreads 1 / C over every class, however little is taken off the label."""
    shares = (1 - how["smoothing"]) * one_hot(xp, z, y) + 1 / z.shape[-1]
    return _weigh_shares(xp, z, shares, how)


@wrong("value", variants=SMOOTHED)
def smooths_twice(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Smooths what is smoothed already."""
    rest = how["smoothing"]
    return lose(xp, z, y, {**how, "smoothing": 1 - (1 - rest) ** 2})


@spoil("value", url=TORCH + "73205", variants=SMOOTHED)
def smooths_padding_too(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Pays the spread part at padding too, where the label's part is masked."""
    keep = read_mask(xp, p, mask)
    rest = how["smoothing"]

    def reduce(xp: Any, losses: Any, worth: Any, keep: Any, how: Any) -> Any:
        z = widen(xp, p)
        even = _weigh_shares(xp, z, xp.full_like(z, rest / z.shape[-1]), how)
        paid = xp.where(keep, losses, even)
        return divide(xp, paid, worth, keep, how)

    return measure(xp, p, t, keep, reduce=reduce, **how)


@wrong("value", url="https://github.com/torch/nn/issues/985", variants=WEIGHTED)
def ignores_the_weights(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Lets all classes weigh the same, in the loss."""
    return lose(xp, z, y, {**how, "class_weights": ()})


@wrong("value", variants=WEIGHTED)
def weighs_in_the_wrong_order(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes the last class's weight for the first one's."""
    return lose(xp, z, y, {**how, "class_weights": how["class_weights"][::-1]})


@wrong("value", variants=WEIGHTED)
def weighs_twice(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Multiplies by the weight twice."""
    squares = tuple(weight**2 for weight in how["class_weights"])
    return lose(xp, z, y, {**how, "class_weights": squares})


@wrong("value", variants=WEIGHTED)
def weighs_by_the_guess(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Takes the weight of the class that is predicted."""
    plain = lose(xp, z, y, {**how, "class_weights": ()})
    return plain * weigh(xp, plain, xp.argmax(z, axis=-1), how)


@wrong("value", variants=WEIGHTED)
def weighs_the_logits(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Multiplies the logits by the weights, not the loss."""
    weights = xp.asarray(how["class_weights"], dtype=z.dtype)
    return lose(xp, z * weights, y, {**how, "class_weights": ()})


@wrong("value", variants=WEIGHTED)
def weights_of_mean_one(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Scales the weights, so that their mean is one."""
    own = how["class_weights"]
    scaled = tuple(weight * len(own) / sum(own) for weight in own)
    return lose(xp, z, y, {**how, "class_weights": scaled})


@wrong("value", url=TORCH + "69339", variants=BOTH)
def spread_has_no_weights(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Weighs the label's part alone; what is spread over the classes has no weight."""
    rest = how["smoothing"]
    weighted = smooth(xp, z, y, {**how, "smoothing": 0.0})
    shares = (1 - rest) * weighted + rest / z.shape[-1]
    return cross(xp, log_softmax(xp, z), shares)


@wrong("value", url=TORCH + "104776", variants=BOTH)
def spread_has_the_labels_weight(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Weighs what is spread over the classes by the label's weight."""
    plain = lose(xp, z, y, {**how, "class_weights": ()})
    return plain * weigh(xp, plain, y, how)


def _weigh_shares(xp: Any, z: Any, shares: Any, how: Any) -> Any:
    """Return the cross entropy of shares, with the weights that the classes have."""
    if how["class_weights"]:
        shares = shares * xp.asarray(how["class_weights"], dtype=z.dtype)
    return cross(xp, log_softmax(xp, z), shares)


@divides("value", url=TORCH + "65329", variants=WEIGHTED_MEAN)
def divides_by_the_count(xp: Any, losses: Any, worth: Any, keep: Any, how: Any) -> Any:
    """Divides by the number of positions, not by the sum of their weights."""
    del worth, how
    return reduce_losses(xp, losses, keep, "mean")


@divides("value", url=TORCH + "25571", variants=(NAME + "class_weights.mean",))
def divides_by_the_weights(
    xp: Any, losses: Any, worth: Any, keep: Any, how: Any
) -> Any:
    """Divides by the sum of the weights, where the plain mean is asked for."""
    del how
    return reduce_losses(xp, losses, keep, "weighted_mean", worth)


@divides("value", variants=WEIGHTED_MEAN)
def divides_by_the_classes_weights(
    xp: Any, losses: Any, worth: Any, keep: Any, how: Any
) -> Any:
    """Divides by what all classes weigh together, whatever the labels are."""
    del worth, keep
    return xp.sum(losses) / sum(how["class_weights"])


@divides("value", variants=WEIGHTED_MEAN)
def gives_the_sum(xp: Any, losses: Any, worth: Any, keep: Any, how: Any) -> Any:
    """Gives the sum where the weighted mean is asked for."""
    del worth, keep, how
    return xp.sum(losses)


@divides("value", variants=WEIGHTED_MEAN)
def mean_of_rows_weighted_means(
    xp: Any, losses: Any, worth: Any, keep: Any, how: Any
) -> Any:
    """Takes the mean of the rows' weighted means."""
    del how
    total = xp.sum(worth, axis=1)
    means = xp.sum(losses, axis=1) / xp.where(total > 0, total, 1.0)
    return reduce_losses(xp, means[:, None], xp.any(keep, axis=1)[:, None], "mean")


@divides("empty-row", url=TORCH + "70348", variants=WEIGHTED_MEAN)
def no_weights_are_nan(xp: Any, losses: Any, worth: Any, keep: Any, how: Any) -> Any:
    """Divides by a sum of weights that is 0 without valid positions."""
    del keep, how
    return xp.sum(losses) / xp.sum(worth)


@spoil("value", url=TORCH + "91383", variants=WEIGHTED_MEAN)
def weights_of_padding_count(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Divides by the weights of all labels, those at padding too."""
    keep = read_mask(xp, p, mask)

    def reduce(xp: Any, losses: Any, worth: Any, keep: Any, how: Any) -> Any:
        everywhere = weigh(xp, worth, t % p.shape[-1], how)
        return divide(xp, losses, everywhere, keep, how)

    return measure(xp, p, t, keep, reduce=reduce, **how)


@spoil("value", variants=LABELLED)
def labels_one_late(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Compares with the label of the position before."""
    return correct(xp, p, xp.roll(t, 1, axis=1) % p.shape[-1], mask, **how)


@wrong("value", variants=CLASSES)
def clips_logits(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Clips logits to five."""
    return lose(xp, xp.clip(z, -5.0, 5.0), y, how)


@gradient(variants=MEAN)
def gradient_divides_by_size(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Divides the gradient by B * T behind a right value."""
    other = _reduce_wrongly(divide_by_time, xp, p, t, mask, **how)
    return correct(xp, p, t, mask, **how).detach() + (other - other.detach())


@gradient(url="https://github.com/qianqianwang68/caps/issues/3", variants=NORMAL)
def gradient_stops_at_the_variance(
    xp: Any, p: Any, t: Any, mask: Any, **how: Any
) -> Any:
    """Lets no gradient reach the variance."""
    pairs = xp.stack([p[..., 0], p[..., 1].detach()], axis=-1)
    return correct(xp, pairs, t, mask, **how)


@gradient(variants=HUBER)
def gradient_never_turns(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Has the square's derivative at errors of any size, behind a right value."""
    square = _with_terms(never_turns_linear, xp, p, t, mask, **how)
    return correct(xp, p, t, mask, **how).detach() + (square - square.detach())


@gradient(variants=WEIGHTED)
def gradient_without_weights(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Has no weights in the derivative, behind a right value."""
    plain = _with_terms(ignores_the_weights, xp, p, t, mask, **how)
    return correct(xp, p, t, mask, **how).detach() + (plain - plain.detach())


MUTANTS.add(
    "compiled-with-the-padded-count",
    "route",
    "bakes the padded count into the compiled function",
    partial(bake_count, measure),
    url="https://github.com/huggingface/transformers/issues/38448",
    variants=MEAN,
    **compiled(),
)
