"""Losses that are wrong before they are reduced, or beside it."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import clean, over, read_mask, widen
from conformance.operations._common.loss_mutants import (
    TORCH,
    add_reductions,
    add_usual_losses,
    divide_by_time,
)
from conformance.operations._common.losses import reduce_losses
from conformance.operations._common.mutant import Mutants
from conformance.operations.masked_loss.mutants_formulas import (
    correct,
    loss,
    positions,
    reduce_wrongly,
    terms,
)

MEAN = ("masked_loss.*.mean",)
SUM = ("masked_loss.*.sum",)
ROWS = ("masked_loss.*.sequence_mean",)
LABELS = ("masked_loss.cross_entropy.*",)
MSE = ("masked_loss.mse.*",)
BCE = ("masked_loss.binary_cross_entropy.*",)
MUTANTS = Mutants("masked_loss", correct)
add_usual_losses(
    MUTANTS, loss, labels=LABELS, reduced=("masked_loss.*.sum", *MEAN, *ROWS)
)
add_reductions(
    MUTANTS,
    reduce_wrongly,
    {
        "mean": MEAN,
        "sum": SUM,
        "none": ("masked_loss.*.none",),
        "rows": ROWS,
        "means": (*MEAN, *ROWS),
    },
)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(
    xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str
) -> Any:
    """Multiplies the loss by the mask after it is NaN."""
    keep = read_mask(xp, p, mask)
    y = t % 3 if kind == "cross_entropy" else t
    losses = terms(xp, widen(xp, p), y, kind)
    losses = losses * xp.astype(keep, losses.dtype)
    return xp.astype(reduce_losses(xp, losses, keep, reduction), p.dtype)


@wrong("padding-labels", url=TORCH + "15508", variants=LABELS)
def gathers_before_the_mask(
    xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str
) -> Any:
    """Looks up the labels of padding before it masks."""
    keep = read_mask(xp, p, mask)
    losses = xp.where(keep, terms(xp, clean(xp, p, keep), t, kind), 0.0)
    return xp.astype(reduce_losses(xp, losses, keep, reduction), p.dtype)


@wrong("value")
def clips_logits(
    xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str
) -> Any:
    """Clips logits to five."""
    keep = read_mask(xp, p, mask)
    z = xp.clip(clean(xp, p, keep), -5.0, 5.0)
    y = xp.where(over(keep, t), t, xp.zeros_like(t))
    losses = xp.where(keep, terms(xp, z, y, kind), 0.0)
    return xp.astype(reduce_losses(xp, losses, keep, reduction), p.dtype)


@wrong("value", url=TORCH + "73205", variants=LABELS)
def smooths_padding_too(
    xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str
) -> Any:
    """Smooths labels, at padding too."""
    keep = read_mask(xp, p, mask)
    z = clean(xp, p, keep)
    below = z - xp.max(z, axis=-1, keepdims=True)
    logs = below - xp.log(xp.sum(xp.exp(below), axis=-1, keepdims=True))
    losses = 0.9 * positions(xp, p, t, keep, kind) - 0.1 * xp.mean(logs, axis=-1)
    return xp.astype(reduce_losses(xp, losses, keep, reduction), p.dtype)


@wrong(
    "minus-infinity",
    url="https://github.com/google-deepmind/optax/issues/896",
    variants=LABELS,
)
def multiplies_by_one_hot(
    xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str
) -> Any:
    """Multiplies by a one-hot label: 0 times minus infinity is NaN."""
    del kind
    keep = read_mask(xp, p, mask)
    z = clean(xp, p, keep)
    below = z - xp.max(z, axis=-1, keepdims=True)
    logs = below - xp.log(xp.sum(xp.exp(below), axis=-1, keepdims=True))
    labels = xp.where(keep, t, xp.zeros_like(t))[..., None]
    one_hot = xp.arange(p.shape[-1]) == labels
    losses = -xp.sum(logs * xp.astype(one_hot, logs.dtype), axis=-1)
    losses = xp.where(keep, losses, xp.zeros_like(losses))
    return xp.astype(reduce_losses(xp, losses, keep, reduction), p.dtype)


@wrong("value")
def labels_one_late(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Compares with the label of the position before."""
    return loss(xp, p, xp.roll(t, 1, axis=1), read_mask(xp, p, mask), **how)


@wrong("value", url="https://github.com/NVIDIA/tacotron2/issues/80", variants=MSE)
def sums_features(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Sums over the features instead of their mean."""
    return correct(xp, p, t, mask, **how) * p.shape[-1]


@wrong("value", variants=MSE)
def absolute_error(
    xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str
) -> Any:
    """Takes the absolute error for the squared one."""
    del kind
    keep = read_mask(xp, p, mask)
    y = xp.where(over(keep, t), t, xp.zeros_like(t))
    losses = xp.mean(xp.abs(clean(xp, p, keep) - y), axis=-1)
    return xp.astype(reduce_losses(xp, losses, keep, reduction), p.dtype)


@wrong("large-values", variants=(*LABELS, *BCE))
def no_maximum_subtracted(
    xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str
) -> Any:
    """Takes exp of logits as they are, which overflows."""
    keep = read_mask(xp, p, mask)
    z, y = clean(xp, p, keep), xp.where(over(keep, t), t, xp.zeros_like(t))
    if kind == "cross_entropy":
        at = xp.astype(y, xp.int64)[..., None]
        chosen = xp.take_along_axis(z, at, axis=-1)[..., 0]
        losses = xp.log(xp.sum(xp.exp(z), axis=-1)) - chosen
    else:
        losses = xp.log1p(xp.exp(z)) - z * y
    losses = xp.where(keep, losses, 0.0)
    return xp.astype(reduce_losses(xp, losses, keep, reduction), p.dtype)


@wrong(
    "large-values",
    url="https://github.com/PaddlePaddle/Paddle/issues/20994",
    variants=(*LABELS, *BCE),
)
def ends_at_64(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    """Lets no position cost more than 64."""
    keep = read_mask(xp, p, mask)
    losses = xp.clip(positions(xp, p, t, keep, kind), None, 64.0)
    return xp.astype(reduce_losses(xp, losses, keep, reduction), p.dtype)


@gradient(variants=MEAN)
def gradient_divides_by_size(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Divides the gradient by B * T behind a right value."""
    other = reduce_wrongly(divide_by_time, xp, p, t, mask, **how)
    return correct(xp, p, t, mask, **how).detach() + (other - other.detach())
