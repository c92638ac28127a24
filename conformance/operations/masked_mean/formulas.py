"""Means made wrong on purpose, as formulas over an array namespace."""

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


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the mean over the valid positions, 0 for a row without any."""
    return mean(xp, x, kept(xp, x, mask))


def mean(xp: Any, x: Any, keep: Any) -> Any:
    total = xp.sum(clean(xp, x, keep), axis=1)
    return xp.astype(total / count(xp, keep, total), x.dtype)


def masked(change: Callable[[Any, Any], Any], xp: Any, x: Any, mask: Any) -> Any:
    return mean(xp, x, change(xp, kept(xp, x, mask)))


def divided_by(number: Callable[[Any, Any], Any], xp: Any, x: Any, mask: Any) -> Any:
    """Divide the right sum by another number, ``[B, 1]`` or plain."""
    keep = kept(xp, x, mask)
    total = xp.sum(clean(xp, x, keep), axis=1)
    by = number(xp, keep)
    if not isinstance(by, int | float):
        by = xp.astype(by, total.dtype)
        by = by.reshape(tuple(by.shape)[:1] + (1,) * (total.ndim - 1))
    return xp.astype(total / by, x.dtype)


def flushed(xp: Any, x: Any, mask: Any) -> Any:
    tiny = xp.abs(x) < xp.finfo(x.dtype).smallest_normal
    return correct(xp, xp.where(tiny, xp.zeros_like(x), x), mask)


def padded_time(xp: Any, keep: Any) -> Any:
    return xp.full((keep.shape[0], 1), keep.shape[1])


def in_int8(xp: Any, keep: Any) -> Any:
    number = xp.astype(lengths(xp, keep), xp.int8)
    return xp.where(number == 0, xp.ones_like(number), number)


def plus_little(xp: Any, keep: Any) -> Any:
    return xp.astype(lengths(xp, keep), xp.float32) + 1e-5


def plus_one(xp: Any, keep: Any) -> Any:
    return lengths(xp, keep) + 1


def most(xp: Any, keep: Any) -> Any:
    top = xp.max(lengths(xp, keep), axis=0, keepdims=True)
    return xp.where(top > 0, top, 1) + 0 * lengths(xp, keep)


def summed_in_storage(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    total = xp.cumulative_sum(xp.where(over(keep, x), x, xp.zeros_like(x)), axis=1)
    total = wide(xp, total[:, -1])
    return xp.astype(total / count(xp, keep, total), x.dtype)


def counted_in_storage(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    total = xp.sum(clean(xp, x, keep), axis=1)
    number = xp.cumulative_sum(xp.astype(keep, x.dtype), axis=1)[:, -1]
    number = wide(xp, xp.where(number > 0, number, xp.ones_like(number)))
    number = number.reshape(tuple(number.shape) + (1,) * (total.ndim - 1))
    return xp.astype(total / xp.astype(number, total.dtype), x.dtype)


def product(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    wider = wide(xp, x)
    total = xp.sum(wider * xp.astype(over(keep, x), wider.dtype), axis=1)
    return xp.astype(total / count(xp, keep, total), x.dtype)


def skips_nan(xp: Any, x: Any, mask: Any) -> Any:
    keep = over(kept(xp, x, mask), x) & ~xp.isnan(x)
    total = xp.sum(xp.where(keep, wide(xp, x), 0.0), axis=1)
    number = xp.sum(xp.astype(keep, xp.int32), axis=1)
    number = xp.astype(xp.where(number > 0, number, 1), total.dtype)
    return xp.astype(total / number, x.dtype)


def nan_to_zero(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, xp.where(xp.isnan(x), xp.zeros_like(x), x), mask)


def zeros_are_padding(xp: Any, x: Any, mask: Any) -> Any:
    there = (x != 0) if x.ndim == 2 else xp.any(x != 0, axis=-1)  # noqa: PLR2004 - [B, T]
    return mean(xp, x, kept(xp, x, mask) & there)


def nan_spreads(xp: Any, x: Any, mask: Any) -> Any:
    found = divided_by(lengths, xp, x, mask)
    return found + 0 * xp.sum(found, axis=0, keepdims=True)


def rows_sorted(xp: Any, x: Any, mask: Any) -> Any:
    order = xp.argsort(-lengths(xp, kept(xp, x, mask))[:, 0], stable=True)
    return correct(xp, x, mask)[order]


def wrong_axis(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    if x.ndim == 2:  # noqa: PLR2004 - [B, T]: no other axis to mistake for time
        return mean(xp, x, keep)
    features = keep[:, None, : x.shape[2]]
    total = xp.sum(xp.where(features, wide(xp, x), 0.0), axis=1)
    return xp.astype(total / count(xp, keep, total), x.dtype)


def doubled(xp: Any, x: Any, mask: Any) -> Any:
    return xp.astype(correct(xp, x, mask), xp.float64)


def written(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    x[~keep] = 0
    return mean(xp, x, keep)


def in_memory(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x.ravel(order="K").reshape(x.shape), mask)


def bitwise(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask) if mask is None else ~mask == 0
    return mean(xp, x, keep)


def squeezed(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    return found.reshape(tuple(size for size in found.shape if size != 1))


def truncated(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    total = xp.trunc(xp.sum(clean(xp, x, keep), axis=1))
    return xp.astype(total / count(xp, keep, total), x.dtype)


def leaking(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    there = xp.sum(xp.where(over(keep, x), 0.0, wide(xp, x)), axis=1)
    return correct(xp, x, mask) + xp.astype(there - there.detach(), x.dtype)


def broken_branch(xp: Any, x: Any, mask: Any) -> Any:
    # The product is not selected at padding, but its derivative is 0 * 2 x there.
    wider = wide(xp, x)
    return correct(xp, xp.astype(wider + 0 * (wider * wider), x.dtype), mask)


def gradient_by_time(xp: Any, x: Any, mask: Any) -> Any:
    other = divided_by(padded_time, xp, x, mask)
    return correct(xp, x, mask).detach() + (other - other.detach())


def baked_length(xp: Any, x: Any, mask: Any) -> Any:
    try:
        known = [int(number) for number in lengths(xp, kept(xp, x, mask))[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [x.shape[1]] * x.shape[0]
    keep = xp.arange(x.shape[1])[None] < xp.asarray(known)[:, None]
    return mean(xp, x, keep)
