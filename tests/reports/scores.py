"""What threads say of softmaxes, attention, losses and chains."""

# Each function is described by its entry in the table.

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.check.mutants import correct

Array = Any


def softmax(scores: Array, axis: int = 1) -> Array:
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def renormalised(x: Array, mask: Array) -> Array:
    shares = softmax(x) * mask
    return (shares / shares.sum(axis=1, keepdims=True)).astype(x.dtype)


def softmax_of_the_product(x: Array, mask: Array) -> Array:
    return softmax(x * mask).astype(x.dtype)


def product_of_the_softmax(x: Array, mask: Array) -> Array:
    return (softmax(x) * mask).astype(x.dtype)


def log_softmax_of_minus_1e4(x: Array, mask: Array) -> Array:
    scores = np.where(mask, x, -1e4).astype(np.float64)
    top = scores.max(axis=1, keepdims=True)
    total = np.log(np.exp(scores - top).sum(axis=1, keepdims=True)) + top
    return np.where(mask, scores - total, -np.inf).astype(x.dtype)


def attended(
    query: Array, key: Array, value: Array, *, causal: bool, change: Any
) -> Array:
    scores = np.einsum("btnd,bsnd->bnts", query, key) / query.shape[-1] ** 0.5
    scores = change(scores.astype(np.float64))
    if causal:
        time = scores.shape[-1]
        scores = np.where(np.tri(time, dtype=bool), scores, -np.inf)
    shares = softmax(scores, axis=-1)
    return np.einsum("bnts,bsnd->btnd", shares, value).astype(query.dtype)


def masked_rows(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    away = -1e10 * (1 - mask[:, None, :, None].astype(np.float64))
    return attended(query, key, value, causal=causal, change=lambda s: s + away)


def no_key_mask(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    del mask
    return attended(query, key, value, causal=causal, change=lambda s: s)


def added_as_a_number(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    padding = (~mask[:, None, None, :]).astype(np.float64)
    return attended(query, key, value, causal=causal, change=lambda s: s + padding)


def mask_of_the_sums(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    del mask
    there = key.sum(axis=-1).transpose(0, 2, 1)[:, :, None, :] != 0
    return attended(
        query, key, value, causal=causal, change=lambda s: np.where(there, s, -1e9)
    )


def position_losses(predictions: Array, targets: Array, kind: str) -> Array:
    every = np.ones(predictions.shape[:2], dtype=bool)
    function = correct("masked_loss").functions["masked_loss"]
    return function(predictions, targets, every, kind=kind, reduction="none")


def loss(predictions: Array, targets: Array, mask: Array, *, kind: str) -> Array:
    losses = position_losses(predictions, targets, kind)
    return np.where(mask, losses, 0)


def by_all_positions(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = loss(predictions, targets, mask, kind=kind)
    return np.asarray(losses.mean(), predictions.dtype)


def mean_of_micro_batches(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = loss(predictions, targets, mask, kind=kind)
    means = [
        losses[at : at + 2].sum() / max(mask[at : at + 2].sum(), 1)
        for at in range(0, len(mask), 2)
    ]
    return np.asarray(np.mean(means), predictions.dtype)


def padded_frames_too(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    return np.asarray(
        position_losses(predictions, targets, kind).mean(), predictions.dtype
    )


def by_the_number_of_rows(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = loss(predictions, targets, mask, kind=kind)
    return np.asarray(losses.sum() / len(mask), predictions.dtype)


def without_the_end(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    # The end of a row has the id of padding, so that it is taken for padding.
    behind = np.concatenate([mask[:, 1:], np.zeros_like(mask[:, :1])], axis=1)
    return _right(predictions, targets, mask & behind, kind=kind, reduction=reduction)


def _right(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    function = correct("masked_loss").functions["masked_loss"]
    return function(predictions, targets, mask, kind=kind, reduction=reduction)
