"""More attentions made wrong on purpose: masks, axes, calls and derivatives."""

# Each formula is described by the text of its mutant.
# ruff: noqa: D103

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import after_last, clean, kept, lengths
from conformance.operations.attention.mutants_formulas import (
    attend,
    correct,
    given,
    mixed,
    scores,
    seen,
    shares,
)


def folded(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, *, causal: bool
) -> Any:
    # Heads folded into the batch, the mask tiled instead of repeated.
    keep = kept(xp, query, mask)
    rows, heads = query.shape[0], query.shape[2]
    index = xp.arange(rows * heads) % rows
    wrong = keep[index].reshape((rows, heads, 1, keep.shape[1]))
    sees = seen(xp, xp.ones_like(keep), causal=causal) & wrong
    numbers = scores(xp, clean(xp, query, keep), key) / query.shape[3] ** 0.5
    return given(xp, mixed(xp, shares(xp, numbers, sees), value), keep, query)


def reshaped(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    keep = kept(xp, query, mask)
    rows, time, heads, size = query.shape
    q, k, v = (
        xp.permute_dims(
            xp.reshape(clean(xp, array, keep), (rows, heads, time, size)), (0, 2, 1, 3)
        )
        for array in (query, key, value)
    )
    found = attend(xp, q, k, v, keep, keep, **options)
    return xp.astype(found, query.dtype)


def cut(xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any) -> Any:
    keep = kept(xp, query, mask)
    longest = max(int(xp.max(after_last(xp, keep))), 1)
    arrays = [array[:, :longest] for array in (query, key, value, keep)]
    return correct(xp, *arrays, **options)


def nan_queries(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    keep = kept(xp, query, mask)
    some = xp.any(keep, axis=1, keepdims=True)
    found = correct(xp, query, key, value, mask, **options)
    valid = keep | xp.logical_not(some)
    return xp.where(valid[:, :, None, None], found, float("nan"))


def mask_added(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, *, causal: bool
) -> Any:
    if mask is None or mask.dtype == xp.bool:
        return correct(xp, query, key, value, mask, causal=causal)
    keep = kept(xp, query, mask)
    sees = seen(xp, xp.ones_like(keep), causal=causal)
    numbers = scores(xp, clean(xp, query, keep), key) / query.shape[3] ** 0.5
    moved = numbers + xp.astype(mask, numbers.dtype)[:, None, None, :]
    return given(xp, mixed(xp, shares(xp, moved, sees), value), keep, query)


def bitwise(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    keep = kept(xp, query, mask)
    keys = keep if mask is None or mask.dtype.kind == "f" else ~mask == 0
    return attend(xp, query, key, value, keys, keep, **options)


def no_nan(xp: Any, *tensors: Any, **options: Any) -> Any:
    found = correct(xp, *tensors, **options)
    return xp.where(xp.isnan(found), 0.0, found)


def rows_sorted(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    order = xp.argsort(-lengths(xp, kept(xp, query, mask))[:, 0], stable=True)
    return correct(xp, query, key, value, mask, **options)[order]


def doubled(xp: Any, *tensors: Any, **options: Any) -> Any:
    return xp.astype(correct(xp, *tensors, **options), xp.float64)


def written(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    found = correct(xp, query, key, value, mask, **options)
    value[~kept(xp, query, mask)] = 0.0
    return found


def in_memory(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    lain = key.ravel(order="K").reshape(key.shape)
    return correct(xp, query, lain, value, mask, **options)


def squeezed(xp: Any, *tensors: Any, **options: Any) -> Any:
    found = correct(xp, *tensors, **options)
    rows, time, heads, size = found.shape
    return found.reshape((time, heads, size)) if rows == 1 else found


def leaking(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    return correct(xp, query, key, value, mask, **options) + (key - key.detach()) * 0.5


def unselected(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, *, causal: bool
) -> Any:
    # A right answer: what is not seen is selected away after it was computed. Its
    # derivative is zero, times the NaN that stood there.
    keep = kept(xp, query, mask)
    sees = seen(xp, keep, causal=causal) & keep[:, None, :, None]
    numbers = scores(xp, query, key) / query.shape[3] ** 0.5
    weights = shares(xp, numbers, sees)
    return given(xp, mixed(xp, weights, clean(xp, value, keep)), keep, query)


def keys_detached(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    return correct(xp, query, key.detach(), value, mask, **options)


def weights_detached(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, *, causal: bool
) -> Any:
    keep = kept(xp, query, mask)
    q, k = clean(xp, query, keep), clean(xp, key, keep)
    sees = seen(xp, keep, causal=causal)
    numbers = scores(xp, q, k) / query.shape[3] ** 0.5
    held = shares(xp, numbers, sees)
    # Half of the slope: the sum that divides is taken for a constant.
    powers = xp.exp(numbers - numbers.detach())
    weights = held.detach() * powers
    found = mixed(xp, weights, clean(xp, value, keep))
    return given(xp, found, keep, query)


def baked(xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any) -> Any:
    keep = kept(xp, query, mask)
    try:
        known = [int(number) for number in lengths(xp, keep)[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [query.shape[1]] * query.shape[0]
    keys = xp.arange(query.shape[1])[None] < xp.asarray(known)[:, None]
    return attend(xp, query, key, value, keys, keep, **options)
