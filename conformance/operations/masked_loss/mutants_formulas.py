"""Losses over an array namespace, which the mutants change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean, over, read_mask
from conformance.operations._common.losses import reduce_losses

if TYPE_CHECKING:
    from collections.abc import Callable


def correct(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    """Return the loss over the valid positions, 0 without any."""
    keep = read_mask(xp, p, mask)
    return loss(xp, p, t, keep, kind=kind, reduction=reduction)


def loss(xp: Any, p: Any, t: Any, keep: Any, *, kind: str, reduction: str) -> Any:
    """Return the loss for a mask of booleans."""
    losses = positions(xp, p, t, keep, kind)
    return xp.astype(reduce_losses(xp, losses, keep, reduction), p.dtype)


def positions(xp: Any, p: Any, t: Any, keep: Any, kind: str) -> Any:
    """Return each position's loss, zero at padding."""
    z = clean(xp, p, keep)
    y = xp.where(over(keep, t), t, xp.zeros_like(t))
    return xp.where(keep, terms(xp, z, y, kind), 0.0)


def terms(xp: Any, z: Any, y: Any, kind: str) -> Any:
    """Return each position's loss, whatever stands there."""
    if kind == "cross_entropy":
        below = z - xp.max(z, axis=-1, keepdims=True)
        total = xp.log(xp.sum(xp.exp(below), axis=-1))
        at = xp.astype(y, xp.int64)[..., None]
        return total - xp.take_along_axis(below, at, axis=-1)[..., 0]
    y = xp.astype(y, z.dtype)
    if kind == "mse":
        return xp.mean((z - y) ** 2, axis=-1)
    top = xp.where(z > 0, z, 0.0)
    return top - z * y + xp.log1p(xp.exp(-xp.abs(z)))


def reduce_wrongly(
    reduce: Callable[..., Any],
    xp: Any,
    p: Any,
    t: Any,
    mask: Any,
    *,
    kind: str,
    reduction: str,
) -> Any:
    """Right losses, reduced by ``reduce(xp, losses, keep, reduction)``."""
    keep = read_mask(xp, p, mask)
    losses = positions(xp, p, t, keep, kind)
    return xp.astype(reduce(xp, losses, keep, reduction), p.dtype)
