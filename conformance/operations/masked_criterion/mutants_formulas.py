"""Losses over an array namespace, which the mutants change."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean, over, read_mask
from conformance.operations._common.losses import reduce_losses

if TYPE_CHECKING:
    from collections.abc import Callable


def correct(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Return the loss over the valid positions, 0 without any."""
    return measure(xp, p, t, read_mask(xp, p, mask), **how)


def measure(
    xp: Any,
    p: Any,
    t: Any,
    keep: Any,
    *,
    terms: Callable[..., Any] | None = None,
    reduce: Callable[..., Any] | None = None,
    **how: Any,
) -> Any:
    """Return the loss for a mask of booleans.

    Args:
        xp: The array namespace.
        p: Predictions or logits.
        t: Targets or labels.
        keep: The mask as booleans.
        terms: Instead of :func:`lose`, each position's loss ``(xp, z, y, how)``.
        reduce: Instead of the right reduction, ``(xp, losses, worth, keep, how)``.
        how: The variant's keywords.
    """
    z = clean(xp, p, keep)
    y = xp.where(over(keep, t), t, xp.zeros_like(t))
    losses = xp.where(keep, (terms or lose)(xp, z, y, how), 0.0)
    worth = xp.where(keep, weigh(xp, losses, y, how), 0.0)
    found = (reduce or divide)(xp, losses, worth, keep, how)
    return xp.astype(found, p.dtype)


def divide(xp: Any, losses: Any, worth: Any, keep: Any, how: Any) -> Any:
    """Return the losses, reduced as they should be."""
    return reduce_losses(xp, losses, keep, how["reduction"], worth)


def weigh(xp: Any, like: Any, y: Any, how: Any) -> Any:
    """Return the weight of each position's label, 1 where classes have none."""
    if not how["class_weights"]:
        return xp.ones_like(like)
    weights = xp.asarray(how["class_weights"], dtype=like.dtype)
    return xp.take(weights, xp.astype(y, xp.int64).reshape((-1,))).reshape(y.shape)


def lose(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Return each position's loss."""
    return LOSSES[how["kind"]](xp, z, y, how)


def distance(xp: Any, z: Any, y: Any) -> Any:
    """Return the absolute error of each feature."""
    return xp.abs(z - xp.astype(y, z.dtype))


def log_softmax(xp: Any, z: Any) -> Any:
    """Return the logarithm of each class's share."""
    below = z - xp.max(z, axis=-1, keepdims=True)
    return below - xp.log(xp.sum(xp.exp(below), axis=-1, keepdims=True))


def one_hot(xp: Any, z: Any, y: Any) -> Any:
    """Return 1 at each label's class and 0 at the others."""
    there = xp.arange(z.shape[-1]) == xp.astype(y, xp.int64)[..., None]
    return xp.astype(there, z.dtype)


def cross(xp: Any, logs: Any, shares: Any) -> Any:
    """Return the cross entropy of shares; what has none is no term."""
    logs = xp.where(shares > 0, logs, 0.0)
    return -xp.sum(shares * logs, axis=-1)


def entropy(xp: Any, shares: Any) -> Any:
    """Return the entropy of shares, 0 log 0 being 0."""
    return cross(xp, xp.log(xp.where(shares > 0, shares, 1.0)), shares)


def smooth(xp: Any, z: Any, y: Any, how: Any) -> Any:
    """Return what each class weighs: its share of the label, times its own weight."""
    rest = how["smoothing"]
    shares = (1 - rest) * one_hot(xp, z, y) + rest / z.shape[-1]
    if not how["class_weights"]:
        return shares
    return shares * xp.asarray(how["class_weights"], dtype=z.dtype)


def _l1(xp: Any, z: Any, y: Any, how: Any) -> Any:
    del how
    return xp.mean(distance(xp, z, y), axis=-1)


def _huber(xp: Any, z: Any, y: Any, how: Any) -> Any:
    far, delta = distance(xp, z, y), how["delta"]
    bent = xp.where(far <= delta, far * far / 2, delta * (far - delta / 2))
    return xp.mean(bent, axis=-1)


def _normal_nll(xp: Any, z: Any, y: Any, how: Any) -> Any:
    del how
    return take_density(xp, z[..., 0] - xp.astype(y, z.dtype), z[..., 1])


def take_density(
    xp: Any,
    away: Any,
    log: Any,
    *,
    power: Any = None,
    half: float = 0.5,
    constant: float = math.log(math.tau) / 2,
) -> Any:
    """Return the negative logarithm of a normal density, the mean of the features.

    Args:
        xp: The array namespace.
        away: The targets' distance from the mean.
        log: The logarithm of the variance.
        power: What the square is multiplied by, instead of the variance's inverse.
        half: What both terms are multiplied by.
        constant: What is added to them.
    """
    inverse = xp.exp(-log) if power is None else power
    return xp.mean(half * (away * away * inverse + log) + constant, axis=-1)


def _kl(xp: Any, z: Any, y: Any, how: Any) -> Any:
    del how
    shares = xp.astype(y, z.dtype)
    return cross(xp, log_softmax(xp, z), shares) - entropy(xp, shares)


def _smoothed(xp: Any, z: Any, y: Any, how: Any) -> Any:
    return cross(xp, log_softmax(xp, z), smooth(xp, z, y, how))


LOSSES: dict[str, Callable[..., Any]] = {
    "l1": _l1,
    "huber": _huber,
    "normal_nll": _normal_nll,
    "kl": _kl,
    "smoothed": _smoothed,
    "class_weights": _smoothed,
    "smoothed_class_weights": _smoothed,
}
