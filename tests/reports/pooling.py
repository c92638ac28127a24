"""What threads say of means, maxima, variances and last positions."""

# Each function is described by its entry in the table.

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any


def wide(mask: Array, x: Array) -> Array:
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))


def whole_batch_count(x: Array, mask: Array) -> Array:
    return ((x * wide(mask, x)).sum(axis=1) / mask.sum()).astype(x.dtype)


def plain_mean(x: Array, mask: Array) -> Array:
    del mask
    return x.mean(axis=1)


def mean_of_product(x: Array, mask: Array) -> Array:
    return (x * wide(mask, x)).mean(axis=1)


def without_both_ends(x: Array, mask: Array) -> Array:
    rows = [
        row[1 : count - 1].mean(axis=0)
        for row, count in zip(x, mask.sum(axis=1), strict=True)
    ]
    return np.stack(rows).astype(x.dtype)


def zeros_in_the_maximum(x: Array, mask: Array) -> Array:
    return np.where(wide(mask, x), x, 0).max(axis=1).astype(x.dtype)


def minus_ten_in_the_maximum(x: Array, mask: Array) -> Array:
    return np.where(wide(mask, x), x, -10).max(axis=1).astype(x.dtype)


def one_frame_too_many(x: Array, mask: Array) -> Array:
    is_padding = np.arange(mask.shape[1])[None] > mask.sum(axis=1)[:, None]
    scores = np.where(is_padding, -np.inf, x.astype(np.float64))
    top = scores.max(axis=1, keepdims=True)
    total = np.log(np.exp(scores - top).sum(axis=1, keepdims=True)) + top
    return total[:, 0].astype(x.dtype)


def first_zero_less_one(x: Array, mask: Array) -> Array:
    at = np.maximum(np.argmin(mask, axis=1) - 1, 0)
    return x[np.arange(len(x)), at]


def last_of_the_padded_row(x: Array, mask: Array) -> Array:
    del mask
    return x[:, -1]


def count_less_one(x: Array, mask: Array) -> Array:
    return x[np.arange(len(x)), np.maximum(mask.sum(axis=1) - 1, 0)]


def unmasked_unbiased(x: Array, mask: Array) -> Array:
    del mask
    return x.astype(np.float64).var(axis=1, ddof=1).astype(x.dtype)


def centres_padding(x: Array, mask: Array) -> Array:
    keep = wide(mask, x)
    count = np.maximum(keep.sum(axis=1), 1)
    kept = np.where(keep, x, 0).astype(np.float64)
    centred = kept - (kept.sum(axis=1) / count)[:, None]
    return ((centred**2).sum(axis=1) / count).astype(x.dtype)


def flips_everything(x: Array, mask: Array) -> Array:
    del mask
    return x[:, ::-1].copy()


def not_zero(ids: Array, *, padding_id: int) -> Array:
    del padding_id
    return ids != 0
