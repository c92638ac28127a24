"""Losses made wrong on purpose, as formulas over an array namespace."""

# Each formula is described by the text of its mutant.
# ruff: noqa: D103

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    clean,
    count,
    kept,
    lengths,
    over,
    wide,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def correct(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    """Return the loss over the valid positions, 0 without any."""
    keep = kept(xp, p, mask)
    return loss(xp, p, t, keep, kind=kind, reduction=reduction)


def loss(xp: Any, p: Any, t: Any, keep: Any, *, kind: str, reduction: str) -> Any:
    losses = positions(xp, p, t, keep, kind)
    return xp.astype(reduced(xp, losses, keep, reduction), p.dtype)


def positions(xp: Any, p: Any, t: Any, keep: Any, kind: str) -> Any:
    z = clean(xp, p, keep)
    y = xp.where(over(keep, t), t, xp.zeros_like(t))
    return xp.where(keep, terms(xp, z, y, kind), 0.0)


def terms(xp: Any, z: Any, y: Any, kind: str) -> Any:
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


def reduced(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return xp.sum(losses)
    if reduction == "mean":
        return xp.sum(losses) / at_least_one(xp, lengths(xp, keep), losses)
    means = xp.sum(losses, axis=1) / count(xp, keep, losses[:, 0])
    there = xp.astype(xp.any(keep, axis=1), xp.int32)
    return xp.sum(means) / at_least_one(xp, there, losses)


def at_least_one(xp: Any, numbers: Any, like: Any) -> Any:
    total = xp.sum(numbers)
    return xp.astype(xp.where(total > 0, total, 1), like.dtype)


def masked(
    change: Callable[[Any, Any], Any], xp: Any, p: Any, t: Any, mask: Any, **how: Any
) -> Any:
    return loss(xp, p, t, change(xp, kept(xp, p, mask)), **how)


def reduced_from(
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
    keep = kept(xp, p, mask)
    losses = positions(xp, p, t, keep, kind)
    return xp.astype(reduce(xp, losses, keep, reduction), p.dtype)


def by_size(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del keep, reduction
    return xp.sum(losses) / (losses.shape[0] * losses.shape[1])


def by_rows(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del keep, reduction
    return xp.sum(losses) / losses.shape[0]


def as_other(other: str, xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return reduced(xp, losses, keep, other)


def all_rows(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return (
        xp.sum(xp.sum(losses, axis=1) / count(xp, keep, losses[:, 0])) / keep.shape[0]
    )


def rows_by_time(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    there = xp.astype(xp.any(keep, axis=1), xp.int32)
    return xp.sum(losses) / keep.shape[1] / at_least_one(xp, there, losses)


def unguarded(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    if reduction == "mean":
        return xp.sum(losses) / xp.sum(xp.astype(keep, losses.dtype))
    means = xp.sum(losses, axis=1) / xp.astype(lengths(xp, keep)[:, 0], losses.dtype)
    return xp.mean(means)


def epsilon(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    return reduced(xp, losses, keep, reduction) + 1e-3


def count_plus(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    number = xp.sum(xp.astype(keep, losses.dtype))
    return xp.sum(losses) / (number + 1e-4)


def in_int8(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    number = xp.astype(at_least_one(xp, lengths(xp, keep), losses), xp.int8)
    return xp.sum(losses) / xp.astype(number, losses.dtype)


def longest(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    top = xp.max(lengths(xp, keep)) * keep.shape[0]
    return xp.sum(losses) / at_least_one(xp, top, losses)


def skips_nan(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    return reduced(xp, xp.where(xp.isnan(losses), 0.0, losses), keep, reduction)


def averaged(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return losses / at_least_one(xp, lengths(xp, keep), losses)


def squeezed(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    found = reduced(xp, losses, keep, reduction)
    return found.reshape(tuple(size for size in found.shape if size != 1))


def rows_sorted(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return losses[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]


def truncated(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    top = int(xp.max(lengths(xp, keep)))
    return reduced(xp, losses[:, :top], keep[:, :top], reduction)


def denominator_first_row(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return xp.sum(losses) / at_least_one(xp, lengths(xp, keep)[:1] * len(keep), losses)


def product(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    keep = kept(xp, p, mask)
    y = t % 3 if kind == "cross_entropy" else t
    losses = terms(xp, wide(xp, p), y, kind)
    losses = losses * xp.astype(keep, losses.dtype)
    return xp.astype(reduced(xp, losses, keep, reduction), p.dtype)


def nan_at_padding(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return xp.where(keep, losses, float("nan"))


def class_zero(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return loss(xp, p, t, kept(xp, p, mask) & (t != 0), **how)


def ignore_index(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    del mask
    return loss(xp, p, t, t >= 0, **how)


def gathers(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    keep = kept(xp, p, mask)
    losses = xp.where(keep, terms(xp, clean(xp, p, keep), t, kind), 0.0)
    return xp.astype(reduced(xp, losses, keep, reduction), p.dtype)


def clipped(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    keep = kept(xp, p, mask)
    z = xp.clip(clean(xp, p, keep), -5.0, 5.0)
    y = xp.where(over(keep, t), t, xp.zeros_like(t))
    losses = xp.where(keep, terms(xp, z, y, kind), 0.0)
    return xp.astype(reduced(xp, losses, keep, reduction), p.dtype)


def smoothed(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    keep = kept(xp, p, mask)
    z = clean(xp, p, keep)
    below = z - xp.max(z, axis=-1, keepdims=True)
    logs = below - xp.log(xp.sum(xp.exp(below), axis=-1, keepdims=True))
    losses = 0.9 * positions(xp, p, t, keep, kind) - 0.1 * xp.mean(logs, axis=-1)
    return xp.astype(reduced(xp, losses, keep, reduction), p.dtype)


def shifted(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return loss(xp, p, xp.roll(t, 1, axis=1), kept(xp, p, mask), **how)


def feature_sum(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return correct(xp, p, t, mask, **how) * p.shape[-1]


def magnitude(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    del kind
    keep = kept(xp, p, mask)
    y = xp.where(over(keep, t), t, xp.zeros_like(t))
    losses = xp.mean(xp.abs(clean(xp, p, keep) - y), axis=-1)
    return xp.astype(reduced(xp, losses, keep, reduction), p.dtype)


def raw_powers(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    keep = kept(xp, p, mask)
    z, y = clean(xp, p, keep), xp.where(over(keep, t), t, xp.zeros_like(t))
    if kind == "cross_entropy":
        at = xp.astype(y, xp.int64)[..., None]
        chosen = xp.take_along_axis(z, at, axis=-1)[..., 0]
        losses = xp.log(xp.sum(xp.exp(z), axis=-1)) - chosen
    else:
        losses = xp.log1p(xp.exp(z)) - z * y
    losses = xp.where(keep, losses, 0.0)
    return xp.astype(reduced(xp, losses, keep, reduction), p.dtype)


def doubled(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return xp.astype(correct(xp, p, t, mask, **how), xp.float64)


def written(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    keep = kept(xp, p, mask)
    p[~keep] = 0
    return loss(xp, p, t, keep, **how)


def in_memory(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return correct(xp, p.ravel(order="K").reshape(p.shape), t, mask, **how)


def bitwise(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    keep = kept(xp, p, mask) if mask is None else ~mask == 0
    return loss(xp, p, t, keep, **how)


def leaking(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    there = xp.where(over(kept(xp, p, mask), p), 0.0, p)
    return correct(xp, p, t, mask, **how) + xp.sum(there - there.detach())


def detached(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return correct(xp, p.detach(), t, mask, **how)


def gradient_by_size(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    other = reduced_from(by_size, xp, p, t, mask, **how)
    return correct(xp, p, t, mask, **how).detach() + (other - other.detach())


def broken_branch(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return correct(xp, p + 0 * (p * p), t, mask, **how)


def needs_padding(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    if xp.all(kept(xp, p, mask)):
        msg = "index is empty: there is no padding to fill"
        raise IndexError(msg)
    return correct(xp, p, t, mask, **how)
