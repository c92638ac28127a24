"""Softmaxes made wrong on purpose, as formulas over an array namespace."""

# Each formula is described by the text of its mutant.
# ruff: noqa: D103

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean, kept, lengths, wide

if TYPE_CHECKING:
    from collections.abc import Callable

INFINITE = float("-inf")


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the probabilities of the valid positions, zero elsewhere."""
    return softmax(xp, x, kept(xp, x, mask))


def softmax(xp: Any, x: Any, keep: Any) -> Any:
    shares = plain(xp, lifted(xp, clean(xp, x, keep, INFINITE), keep))
    return xp.astype(xp.where(keep, shares, 0.0), x.dtype)


def lifted(xp: Any, scores: Any, keep: Any) -> Any:
    """A row of minus infinities has no softmax: zeros instead."""
    return xp.where(xp.any(keep, axis=1, keepdims=True), scores, 0.0)


def plain(xp: Any, scores: Any) -> Any:
    """The softmax of everything."""
    powers = xp.exp(scores - xp.max(scores, axis=1, keepdims=True))
    return powers / xp.sum(powers, axis=1, keepdims=True)


def masked(change: Callable[[Any, Any], Any], xp: Any, x: Any, mask: Any) -> Any:
    return softmax(xp, x, change(xp, kept(xp, x, mask)))


def filled(fill: float, xp: Any, x: Any, mask: Any) -> Any:
    return xp.astype(plain(xp, clean(xp, x, kept(xp, x, mask), fill)), x.dtype)


def added(fill: float, xp: Any, x: Any, mask: Any) -> Any:
    wider = wide(xp, x)
    weight = xp.astype(kept(xp, x, mask), wider.dtype)
    return xp.astype(plain(xp, wider + (1 - weight) * fill), x.dtype)


def finfo_min(xp: Any, x: Any, mask: Any) -> Any:
    return filled(float(xp.finfo(wide(xp, x).dtype).min), xp, x, mask)


def finfo_min_added(xp: Any, x: Any, mask: Any) -> Any:
    return added(float(xp.finfo(wide(xp, x).dtype).min), xp, x, mask)


def masked_after(xp: Any, x: Any, mask: Any) -> Any:
    shares = plain(xp, wide(xp, x))
    return xp.astype(xp.where(kept(xp, x, mask), shares, 0.0), x.dtype)


def renormalised(xp: Any, x: Any, mask: Any) -> Any:
    shares = xp.where(kept(xp, x, mask), plain(xp, wide(xp, x)), 0.0)
    total = xp.sum(shares, axis=1, keepdims=True)
    return xp.astype(shares / (total + 1e-13), x.dtype)


def infinite_after(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    shares = plain(xp, wide(xp, x))
    return xp.astype(xp.where(keep, shares, INFINITE), x.dtype)


def zero_logits(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    shares = xp.where(keep, plain(xp, clean(xp, x, keep)), 0.0)
    total = xp.sum(shares, axis=1, keepdims=True)
    return xp.astype(shares / (total + 1e-13), x.dtype)


def zero_logits_kept(xp: Any, x: Any, mask: Any) -> Any:
    return xp.astype(plain(xp, clean(xp, x, kept(xp, x, mask))), x.dtype)


def empty_is_nan(xp: Any, x: Any, mask: Any) -> Any:
    return filled(INFINITE, xp, x, mask)


def empty_is_uniform(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    full = xp.any(keep, axis=1, keepdims=True)
    return xp.where(full, correct(xp, x, mask), xp.ones_like(x) / x.shape[1])


def floor(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    return xp.where(keep, correct(xp, x, mask), xp.zeros_like(x) + 1e-9)


def powers_times_mask(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    top = xp.max(lifted(xp, clean(xp, x, keep, INFINITE), keep), axis=1, keepdims=True)
    wider = wide(xp, x)
    powers = xp.exp(wider - top) * xp.astype(keep, wider.dtype)
    total = xp.sum(powers, axis=1, keepdims=True)
    return xp.astype(powers / xp.where(total == 0, 1.0, total), x.dtype)


def without_top(xp: Any, x: Any, mask: Any) -> Any:
    powers = xp.exp(clean(xp, x, kept(xp, x, mask), INFINITE))
    total = xp.sum(powers, axis=1, keepdims=True)
    return xp.astype(powers / xp.where(total == 0, 1.0, total), x.dtype)


def epsilon(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x, mask) / (1 + 1e-5)


def logarithm(xp: Any, x: Any, mask: Any) -> Any:
    logs = xp.log(correct(xp, x, mask))
    return xp.where(kept(xp, x, mask), logs, xp.zeros_like(x))


def over_the_batch(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x.T, kept(xp, x, mask).T).T


def flat(xp: Any, x: Any, mask: Any) -> Any:
    size = (1, x.shape[0] * x.shape[1])
    keep = kept(xp, x, mask).reshape(size)
    return softmax(xp, x.reshape(size), keep).reshape(x.shape)


def no_nan(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    return xp.where(xp.isnan(found), xp.zeros_like(found), found)


def zeros_are_padding(xp: Any, x: Any, mask: Any) -> Any:
    return softmax(xp, x, kept(xp, x, mask) & (x != 0))


def rows_sorted(xp: Any, x: Any, mask: Any) -> Any:
    order = xp.argsort(-lengths(xp, kept(xp, x, mask))[:, 0], stable=True)
    return correct(xp, x, mask)[order]


def doubled(xp: Any, x: Any, mask: Any) -> Any:
    return xp.astype(correct(xp, x, mask), xp.float64)


def written(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    x[~keep] = INFINITE
    return softmax(xp, x, keep)


def in_memory(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x.ravel(order="K").reshape(x.shape), mask)


def bitwise(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask) if mask is None else ~mask == 0
    return softmax(xp, x, keep)


def squeezed(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    return found.reshape(tuple(size for size in found.shape if size != 1))


def leaking(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x, mask) + (x - x.detach()) * 0.5


def unselected_power(xp: Any, x: Any, mask: Any) -> Any:
    # exp overflows at padding; its derivative there is zero times infinity.
    keep = kept(xp, x, mask)
    top = xp.max(lifted(xp, clean(xp, x, keep, INFINITE), keep), axis=1, keepdims=True)
    powers = xp.where(keep, xp.exp(wide(xp, x) - top.detach()), 0.0)
    total = xp.sum(powers, axis=1, keepdims=True)
    return xp.astype(powers / xp.where(total == 0, 1.0, total), x.dtype)


def detached(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x.detach(), mask)


def frozen_total(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    scores = lifted(xp, clean(xp, x, keep, INFINITE), keep)
    powers = xp.exp(scores - xp.max(scores, axis=1, keepdims=True).detach())
    total = xp.sum(powers, axis=1, keepdims=True).detach()
    return xp.astype(xp.where(keep, powers / total, 0.0), x.dtype)


def baked_length(xp: Any, x: Any, mask: Any) -> Any:
    try:
        known = [int(number) for number in lengths(xp, kept(xp, x, mask))[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [x.shape[1]] * x.shape[0]
    return softmax(xp, x, xp.arange(x.shape[1])[None] < xp.asarray(known)[:, None])
