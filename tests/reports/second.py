"""Thirty more, written after the parts were frozen for the second time."""

# Each function is described by its entry in the table.

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.check.mutants import correct
from tests.reports.scores import _right, attended, loss, position_losses, softmax

Array = Any


def everything_by_valid(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = position_losses(predictions, targets, kind)
    return np.asarray(losses.sum() / max(mask.sum(), 1), predictions.dtype)


def a_token_for_each_empty_row(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = loss(predictions, targets, mask, kind=kind)
    tokens = np.maximum(mask.sum(axis=1), 1).sum()
    return np.asarray(losses.sum() / tokens, predictions.dtype)


def summed_not_averaged(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    reduction = "sum" if reduction == "mean" else reduction
    return _right(predictions, targets, mask, kind=kind, reduction=reduction)


def by_the_padded_positions(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = loss(predictions, targets, mask, kind=kind).sum(axis=1)
    padded = np.maximum((~mask).sum(axis=1), 1e-5)
    return np.asarray((losses / padded).mean(), predictions.dtype)


def mean_of_row_means(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = loss(predictions, targets, mask, kind=kind).sum(axis=1)
    return np.asarray(
        (losses / np.maximum(mask.sum(axis=1), 1)).mean(), predictions.dtype
    )


def token_mean_for_rows(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    reduction = "mean" if reduction == "sequence_mean" else reduction
    return _right(predictions, targets, mask, kind=kind, reduction=reduction)


def mean_of_the_product(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = position_losses(predictions, targets, kind) * mask
    return np.asarray(losses.mean(), predictions.dtype)


def zeros_are_missing(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean" or kind != "mse":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    there = (targets != 0).astype(np.float64)
    there = there / max(there.mean(), 1e-30)
    errors = (predictions.astype(np.float64) - targets) ** 2
    return np.asarray(np.nan_to_num(errors * there).mean(), predictions.dtype)


def plain_maximum(x: Array, mask: Array) -> Array:
    del mask
    return x.max(axis=1)


def fills_the_valid(x: Array, mask: Array) -> Array:
    keep = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(keep, -np.inf, x).max(axis=1).astype(x.dtype)


def plain_sum(x: Array, mask: Array) -> Array:
    frames = (
        np.arange(mask.shape[1])[None] < (mask.sum(axis=1) * mask.shape[1])[:, None]
    )
    keep = frames.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.where(keep, x, 0).sum(axis=1).astype(x.dtype)


def unbiased(x: Array, mask: Array) -> Array:
    keep = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    count = keep.sum(axis=1).astype(np.float64)
    kept = np.where(keep, x, 0).astype(np.float64)
    mean = kept.sum(axis=1) / np.maximum(count, 1)
    squares = np.where(keep, (x - mean[:, None]) ** 2, 0).sum(axis=1)
    return (squares / (count - 1)).astype(x.dtype)


def over_the_rows(x: Array, mask: Array) -> Array:
    scores = np.where(mask, x, -1e30).astype(np.float64)
    return np.where(mask, softmax(scores, axis=0), 0).astype(x.dtype)


def discarded_fill(x: Array, mask: Array) -> Array:
    np.where(mask, x, -np.inf)  # its result is dropped, as in the thread
    return softmax(x.astype(np.float64)).astype(x.dtype)


def filled_with_minus_1e9(x: Array, mask: Array) -> Array:
    return softmax(np.where(mask, x, -1e9).astype(np.float64)).astype(x.dtype)


def heads_of_other_rows(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    rows, heads = query.shape[0], query.shape[2]
    tiled = np.tile(mask, (heads, 1)).reshape(rows, heads, 1, mask.shape[1])
    return attended(
        query, key, value, causal=causal, change=lambda s: np.where(tiled, s, -1e30)
    )


def queries_masked(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    rows = mask[:, None, :, None]
    return attended(
        query, key, value, causal=causal, change=lambda s: np.where(rows, s, -1e30)
    )


def first_step_only(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    first = np.arange(mask.shape[1])[None, None, :, None] == 0
    keep = mask[:, None, None, :] | ~first
    return attended(
        query, key, value, causal=causal, change=lambda s: np.where(keep, s, -1e9)
    )


def cut_on_the_left(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    lengths = mask.sum(axis=1)[:, None]
    keep = (np.arange(mask.shape[1])[None] < lengths)[:, None, None, :]
    return attended(
        query, key, value, causal=causal, change=lambda s: np.where(keep, s, -1e30)
    )


def wrong_stride(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    rows, time = mask.shape
    longest = int(mask.sum(axis=1).max(initial=0))
    flat = np.concatenate([mask.ravel(), np.zeros(time, dtype=bool)])
    moved = np.stack([flat[at * longest : at * longest + time] for at in range(rows)])
    keep = moved[:, None, None, :]
    return attended(
        query, key, value, causal=causal, change=lambda s: np.where(keep, s, -1e30)
    )


def steps_on_zeros(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> Any:
    parts = {"forward": forward, "backward": backward}
    build = correct("birnn").functions["build_birnn"]
    layer = build(**parts, cell=cell, merge=merge, output=output)

    def call(x: Array, mask: Array) -> Array:
        zeros = np.where(mask[:, :, None], x, 0).astype(x.dtype)
        found = layer(zeros, np.ones_like(mask))
        return found * mask[:, :, None] if output == "sequence" else found

    return call


def backward_reads_padding(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> Any:
    parts = {"forward": forward, "backward": backward}
    build = correct("birnn").functions["build_birnn"]
    right = build(**parts, cell=cell, merge=merge, output=output)
    concat = build(**parts, cell=cell, merge="concat", output="sequence")

    def call(x: Array, mask: Array) -> Array:
        if output != "sequence":
            return right(x, mask)
        ahead = concat(x, mask)
        behind = concat(x, np.ones_like(mask))
        half = ahead.shape[2] // 2
        ahead, behind = ahead[:, :, :half], behind[:, :, half:] * mask[:, :, None]
        both = [ahead, behind]
        return np.concatenate(both, axis=2) if merge == "concat" else ahead + behind

    return call


def forgets_the_length(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> Any:
    parts = {"forward": forward, "backward": backward}
    build = correct("birnn").functions["build_birnn"]
    right = build(**parts, cell=cell, merge=merge, output=output)

    def call(x: Array, mask: Array) -> Array:
        found = right(x, mask)
        longest = int(mask.sum(axis=1).max(initial=0))
        return found[:, :longest] if output == "sequence" else found

    return call


def statistics_of_everything(
    x: Array, mask: Array, scale: Array, offset: Array
) -> Array:
    del mask
    flat = x.reshape(-1, x.shape[2]).astype(np.float64)
    normed = (flat - flat.mean(axis=0)) / np.sqrt(flat.var(axis=0) + 1e-3)
    return (normed * scale + offset).reshape(x.shape).astype(x.dtype)


def normed_padding(x: Array, mask: Array, scale: Array, offset: Array) -> Array:
    valid = x[mask].astype(np.float64)
    if not len(valid):
        return np.zeros_like(x)
    normed = (x - valid.mean(axis=0)) / np.sqrt(valid.var(axis=0) + 1e-3)
    return (normed * scale + offset).astype(x.dtype)


def end_is_padding(ids: Array, *, padding_id: int) -> Array:
    return (ids != padding_id) & (ids != 2)


def features_that_cancel(x: Array) -> Array:
    return x.sum(axis=2) != 0


def mask_from_the_end(
    x: Array, mask: Array, kernel: Array, bias: Array, *, padding: str, dilation: int
) -> Array:
    right = correct("conv1d").functions["conv1d"]
    given = {"padding": padding, "dilation": dilation}
    if padding != "valid":
        return right(x, mask, kernel, bias, **given)
    zeros = np.where(mask[:, :, None], x, 0).astype(x.dtype)
    found = right(zeros, np.ones_like(mask), kernel, bias, **given)
    return found * mask[:, : found.shape[1], None]


def not_masked_again(
    x: Array, mask: Array, kernel: Array, bias: Array, *, padding: str, dilation: int
) -> Array:
    right = correct("conv1d").functions["conv1d"]
    zeros = np.where(mask[:, :, None], x, 0).astype(x.dtype)
    every = np.ones_like(mask)
    return right(zeros, every, kernel, bias, padding=padding, dilation=dilation)


def chain_without_mask(  # noqa: PLR0917 - the operation has as many
    emissions: Array,
    tags: Array,
    mask: Array,
    transitions: Array,
    start: Array,
    end: Array,
) -> Array:
    right = correct("crf_log_likelihood").functions["crf_log_likelihood"]
    return right(emissions, tags, np.ones_like(mask), transitions, start, end)
