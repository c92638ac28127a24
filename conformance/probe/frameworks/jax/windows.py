"""Convolutions and look-ups of JAX in NumPy: compiling takes time at each shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jax.lax import GatherScatterMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.probe.arrangement import Array


def convolve(params: Any, value: Array, kernel: Array) -> Array:
    """Return a convolution of any number of axes.

    Raises:
        LookupError: It is grouped over rows, empty, or no convolution of floats; JAX
            knows what that gives.
    """
    kinds = {value.dtype.kind, kernel.dtype.kind}
    if params["batch_group_count"] != 1 or kinds != {"f"}:
        raise LookupError
    if not value.size or not kernel.size:
        raise LookupError
    numbers = params["dimension_numbers"]
    rows = value.transpose(numbers.lhs_spec)  # [N, C, ...]
    weights = kernel.transpose(numbers.rhs_spec)  # [O, C / groups, ...]
    rows = _pad(_spread(rows, params["lhs_dilation"]), params["padding"])
    found = _multiply(
        _windows(rows, weights.shape[2:], params),
        weights,
        params["feature_group_count"],
    )
    return found.transpose(np.argsort(numbers.out_spec))


def _spread(rows: Array, steps: Sequence[int]) -> Array:
    """Return rows with zeros between their positions."""
    if set(steps) <= {1}:
        return rows
    lengths = [
        (n - 1) * step + 1 for n, step in zip(rows.shape[2:], steps, strict=True)
    ]
    fresh = np.zeros((*rows.shape[:2], *lengths), dtype=rows.dtype)
    fresh[_every(steps)] = rows
    return fresh


def _pad(rows: Array, padding: Sequence[tuple[int, int]]) -> Array:
    """Return rows with zeros around them; negative padding takes positions away."""
    wide = [(max(low, 0), max(high, 0)) for low, high in padding]
    fresh = np.pad(rows, [(0, 0), (0, 0), *wide])
    cuts = [
        slice(max(-low, 0), length - max(-high, 0))
        for (low, high), length in zip(padding, fresh.shape[2:], strict=True)
    ]
    kept: Array = fresh[(slice(None), slice(None), *cuts)]
    return kept


def _windows(rows: Array, sizes: Sequence[int], params: Any) -> Array:
    """Return every window, ``[N, C, *out, *kernel]``."""
    steps, holes = params["window_strides"], params["rhs_dilation"]
    # A hole in the kernel is skipped, not multiplied with zero: NaN stays out.
    whole = [(size - 1) * hole + 1 for size, hole in zip(sizes, holes, strict=True)]
    axes = tuple(range(2, rows.ndim))
    if any(n < size for n, size in zip(rows.shape[2:], whole, strict=True)):
        raise LookupError
    found = np.lib.stride_tricks.sliding_window_view(rows, whole, axes)
    chosen: Array = found[_every((*steps, *holes))]
    return chosen


def _every(steps: Sequence[int]) -> tuple[slice, ...]:
    """Return every so many positions of each axis behind rows and channels."""
    return (slice(None), slice(None), *(slice(None, None, step) for step in steps))


def _multiply(windows: Array, weights: Array, groups: int) -> Array:
    """Return ``[N, O, *out]``: windows times weights, group by group."""
    count = windows.ndim // 2 - 1
    batch, channels = windows.shape[:2]
    out = windows.shape[2 : 2 + count]
    order = (1, 0, *range(2, 2 + count), *range(2 + count, windows.ndim))
    split = windows.transpose(order).reshape(
        groups, channels // groups, batch * int(np.prod(out)), -1
    )
    columns = split.transpose(0, 2, 1, 3).reshape(groups, split.shape[2], -1)
    made = weights.reshape(groups, weights.shape[0] // groups, -1)
    found = columns @ made.transpose(0, 2, 1)  # [groups, N * out, O / groups]
    return (
        found.reshape(groups, batch, *out, -1)
        .transpose(1, 0, 2 + count, *range(2, 2 + count))
        .reshape(batch, -1, *out)
    )


def look_up(params: Any, value: Array, indices: Array) -> Array:
    """Return slices of an array that start at indices.

    Raises:
        LookupError: An index is outside, and what then comes is not a plain slice.
    """
    numbers, sizes = params["dimension_numbers"], params["slice_sizes"]
    batched = numbers.operand_batching_dims
    starts: list[Array] = [np.zeros((), dtype=np.int64)] * value.ndim
    for at, axis in enumerate(numbers.start_index_map):
        starts[axis] = indices[..., at].astype(np.int64)
    shape = indices.shape[:-1]
    for axis, own in zip(batched, numbers.start_indices_batching_dims, strict=True):
        place = [1] * len(shape)
        place[own] = shape[own]
        starts[axis] = np.arange(shape[own]).reshape(place)
    chosen = []
    for axis, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        last = value.shape[axis] - size
        inside = np.clip(start, 0, last)
        clipped = params["mode"] == GatherScatterMode.CLIP
        if not clipped and not np.array_equal(inside, start):
            raise LookupError
        steps = [1] * value.ndim
        steps[axis] = size
        moved = inside.reshape(*inside.shape, *[1] * value.ndim)
        chosen.append(moved + np.arange(size).reshape(steps))
    found = value[tuple(np.broadcast_arrays(*chosen))] if value.ndim else value
    found = np.broadcast_to(found, (*shape, *sizes))
    dropped = {*numbers.collapsed_slice_dims, *batched}
    found = found.squeeze(tuple(len(shape) + axis for axis in sorted(dropped)))
    kept = range(len(shape), found.ndim)
    return np.moveaxis(found, tuple(kept), numbers.offset_dims)
