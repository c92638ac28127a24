"""Losses that are wrong before they are reduced, or beside it."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import clean, over, read_mask, widen
from conformance.operations.masked_loss.mutants_formulas import (
    correct,
    loss,
    positions,
    reduce_losses,
    reduce_wrongly,
    terms,
)
from conformance.operations.masked_loss.mutants_reductions import (
    BCE,
    HF,
    LABELS,
    MEAN,
    MSE,
    MUTANTS,
    REDUCED,
    TORCH,
    divides_by_time,
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


@wrong("value", url=HF + "issues/23530", variants=LABELS)
def class_zero_is_padding(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Takes label 0 for padding."""
    return loss(xp, p, t, read_mask(xp, p, mask) & (t != 0), **how)


@wrong("value", url="https://github.com/oobabooga/textgen/issues/4031", variants=LABELS)
def labels_for_a_mask(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Ignores negative labels and not the mask."""
    del mask
    return loss(xp, p, t, t >= 0, **how)


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


@wrong("full-mask", url="https://github.com/harvardnlp/annotated-transformer/issues/39")
def needs_padding(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Raises when no position is padding."""
    if xp.all(read_mask(xp, p, mask)):
        msg = "index is empty: there is no padding to fill"
        raise IndexError(msg)
    return correct(xp, p, t, mask, **how)


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


@wrong("contract")
def answers_in_float64(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Answers in float64 whatever the input's dtype."""
    return xp.astype(correct(xp, p, t, mask, **how), xp.float64)


@wrong("contract", url=TORCH + "39639")
def zeroes_its_input(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Sets padding to zero in the caller's own array."""
    keep = read_mask(xp, p, mask)
    p[~keep] = 0
    return loss(xp, p, t, keep, **how)


@wrong("layout", url=TORCH + "99638")
def reads_memory(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Reads memory in the order it lies in, not elements."""
    return correct(xp, p.ravel(order="K").reshape(p.shape), t, mask, **how)


@wrong("mask-form")
def inverts_the_mask_bitwise(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Inverts the mask with ~, right for booleans only."""
    keep = read_mask(xp, p, mask) if mask is None else ~mask == 0
    return loss(xp, p, t, keep, **how)


@gradient(variants=REDUCED)
def gradient_leaks_to_padding(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Sends a gradient to padding, behind a right value."""
    there = xp.where(over(read_mask(xp, p, mask), p), 0.0, p)
    return correct(xp, p, t, mask, **how) + xp.sum(there - there.detach())


@gradient()
def gradient_unconnected(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Lets no gradient through."""
    return correct(xp, p.detach(), t, mask, **how)


@gradient(variants=MEAN)
def gradient_divides_by_size(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Divides the gradient by B * T behind a right value."""
    other = reduce_wrongly(divides_by_time, xp, p, t, mask, **how)
    return correct(xp, p, t, mask, **how).detach() + (other - other.detach())


@gradient("wild-gradient", url="https://github.com/jax-ml/jax/issues/347")
def gradient_of_the_other_branch(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Selects after a product whose derivative at padding is NaN times zero."""
    return correct(xp, p + 0 * (p * p), t, mask, **how)
