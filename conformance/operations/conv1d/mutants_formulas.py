"""The convolution over an array namespace, with a place for each fault.

Written for mutants: the right convolution is the one without a fault.
"""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import (
    MASKS,
    after_last,
    fill_empty_rows,
    lengths,
    places,
    read_mask,
    widen,
)


def correct(xp: Any, x: Any, mask: Any, kernel: Any, bias: Any, **options: Any) -> Any:
    """Return the convolution, zero where a position does not count."""
    return convolution(xp, x, mask, kernel, bias, **options)


def convolution(
    xp: Any,
    x: Any,
    mask: Any,
    kernel: Any,
    bias: Any,
    *,
    padding: str,
    dilation: int,
    fault: str = "",
) -> Any:
    """Return the convolution; ``fault`` names what is wrong with it."""
    keep = change_mask(xp, x, mask, fault)
    clean = _clean(xp, x, keep, fault)
    kernel, bias = widen(xp, kernel), widen(xp, bias)
    if fault == "kernel-turned":
        kernel = xp.flip(kernel, axis=0)
    if fault == "frozen-kernel":
        kernel = kernel.detach()
    step = 1 if fault == "no-dilation" else dilation
    if fault == "gaps-closed":
        clean = _close_gaps(xp, clean, keep)
    found = _window_products(xp, clean, kernel, padding, step, fault=fault)
    if fault == "divides-by-neighbours":
        ones = xp.astype(keep, clean.dtype)[..., None] + 0 * clean
        share = _window_products(xp, ones, xp.ones_like(kernel), padding, step)
        whole = kernel.shape[0] * kernel.shape[1]
        found = found * whole / xp.where(share > 0, share, 1.0)
    if fault == "gaps-closed":
        found = _open_gaps(xp, found, keep)
    found = _add_bias(xp, found, bias, fault)
    counts = _count_positions(
        xp, keep, padding, (kernel.shape[0] - 1) * dilation, fault
    )
    return xp.astype(_hide_padding(xp, found, counts, bias, fault), x.dtype)


def change_mask(xp: Any, x: Any, mask: Any, fault: str) -> Any:
    """Return the mask as booleans, changed where the fault is the mask's."""
    keep = read_mask(xp, x, mask)
    if fault in MASKS:
        return MASKS[fault][0](xp, keep)
    if fault == "empty-row-is-full":
        return fill_empty_rows(xp, keep)
    if fault == "bitwise" and mask is not None:
        return ~mask == 0
    if fault == "baked":
        return _bake_lengths(xp, x, keep)
    return keep


def _clean(xp: Any, x: Any, keep: Any, fault: str) -> Any:
    if fault == "writes-its-input":
        x[~keep] = 0
    if fault == "reads-memory":
        x = x.ravel(order="K").reshape(x.shape)
    wider = widen(xp, x)
    if fault == "no-nan":
        wider = xp.where(xp.isnan(wider), xp.zeros_like(wider), wider)
    if fault in {"no-mask-before", "masks-nothing"}:
        return wider
    if fault == "multiplies":
        return wider * xp.astype(keep[..., None], wider.dtype)
    if fault == "adds-what-is-zero":
        # A right value: what is added at padding is zero, times NaN in the derivative.
        return xp.where(keep[..., None], wider, 0 * (wider * wider))
    clean = xp.where(keep[..., None], wider, 0.0)
    if fault == "repeats-the-edge":
        last = xp.where(places(xp, keep) == after_last(xp, keep) - 1, keep, False)
        edge = xp.sum(xp.where(last[..., None], clean, 0.0), axis=1, keepdims=True)
        behind = places(xp, keep) >= after_last(xp, keep)
        return xp.where(behind[..., None], edge, clean)
    return clean


def _window_products(
    xp: Any, clean: Any, kernel: Any, padding: str, step: int, *, fault: str = ""
) -> Any:
    """Return the products of windows and kernel, before the bias."""
    reach = (kernel.shape[0] - 1) * step
    left = {"same": reach // 2, "causal": reach, "valid": 0}[padding]
    if fault == "more-zeros-before":
        left = reach - left
    if fault == "centred":
        left = reach // 2
    if fault == "one-ahead" and left:
        left -= 1
    right = 0 if padding == "valid" else reach - left
    time = clean.shape[1]
    zeros = [xp.zeros_like(clean[:, :1])[:, [0] * count] for count in (left, right)]
    padded = xp.concat([zeros[0], clean, zeros[1]], axis=1)
    length = max(time + left + right - reach, 0)
    found = xp.zeros_like(padded[:, :length] @ kernel[0])
    for tap in range(kernel.shape[0]):
        found = found + padded[:, tap * step : tap * step + length] @ kernel[tap]
    return found


def _add_bias(xp: Any, found: Any, bias: Any, fault: str) -> Any:
    if fault == "no-bias":
        return found
    if fault == "frozen-bias":
        bias = bias.detach()
    if fault == "bias-twice":
        return found + bias + bias
    total = found + bias
    return xp.where(total > 0, total, 0.0) if fault == "rectifies" else total


def _count_positions(xp: Any, keep: Any, padding: str, reach: int, fault: str) -> Any:
    """Return which positions of the answer count."""
    if padding == "valid":
        return _inside(xp, keep, reach, fault)
    if fault == "windows-inside-only":
        return keep & _move_mask(xp, keep, 1) & _move_mask(xp, keep, -1)
    if fault == "windows-that-touch":
        return keep | _move_mask(xp, keep, 1) | _move_mask(xp, keep, -1)
    return keep


def _inside(xp: Any, keep: Any, reach: int, fault: str) -> Any:
    """Return which windows lie between a row's first and last valid position."""
    length = max(keep.shape[1] - reach, 0)
    if fault == "mask-cut-behind":
        return keep[:, :length]
    if fault == "mask-cut-before":
        return keep[:, reach:][:, :length]
    if fault == "no-gap-in-a-window":
        whole = keep[:, :length]
        for tap in range(reach):
            whole = whole & keep[:, tap + 1 :][:, :length]
        return whole
    first = xp.min(
        xp.where(keep, places(xp, keep), keep.shape[1]), axis=1, keepdims=True
    )
    inside = (places(xp, keep) >= first) & (places(xp, keep) < after_last(xp, keep))
    return inside[:, :length] & inside[:, reach:][:, :length]


def _hide_padding(xp: Any, found: Any, counts: Any, bias: Any, fault: str) -> Any:
    here = counts[..., None]
    if fault in {"no-mask-after", "masks-nothing"}:
        return found
    if fault == "bias-after-the-mask":
        return xp.where(here, found - bias, 0.0) + bias
    return xp.where(here, found, 1e-6 if fault == "floor" else 0.0)


def _move_mask(xp: Any, keep: Any, by: int) -> Any:
    """Return the mask of each position's neighbour; there is none outside the row."""
    nothing = xp.zeros_like(keep[:, :1])
    if by > 0:
        return xp.concat([nothing, keep[:, :-1]], axis=1)
    return xp.concat([keep[:, 1:], nothing], axis=1)


def _close_gaps(xp: Any, clean: Any, keep: Any) -> Any:
    """Return each row's valid positions first, in their order."""
    order = xp.argsort(xp.astype(~keep, xp.int32), axis=1, stable=True)
    index = xp.broadcast_to(order[..., None], tuple(clean.shape))
    return xp.take_along_axis(clean, index, axis=1)


def _open_gaps(xp: Any, found: Any, keep: Any) -> Any:
    """Return what was closed up where it came from."""
    if found.shape[1] != keep.shape[1]:
        return found
    rank = xp.cumulative_sum(xp.astype(keep, xp.int64), axis=1) - 1
    rank = xp.where(keep, rank, 0)
    index = xp.broadcast_to(rank[..., None], tuple(found.shape))
    return xp.take_along_axis(found, index, axis=1)


def _bake_lengths(xp: Any, x: Any, keep: Any) -> Any:
    try:
        known = [int(number) for number in lengths(xp, keep)[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [x.shape[1]] * x.shape[0]
    return xp.arange(x.shape[1])[None] < xp.asarray(known)[:, None]
