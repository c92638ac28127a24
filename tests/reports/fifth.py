"""Twenty more that were written with the parts as they were for the ten before."""

# Each function is described by its entry in the table.

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.check.mutants import correct
from tests.reports.scores import _right, loss, softmax

Array = Any


def mean_of_the_hidden_states(x: Array, mask: Array) -> Array:
    del mask
    return x.mean(axis=1).astype(x.dtype)


def sum_less_one(x: Array, mask: Array) -> Array:
    return x[np.arange(len(x)), mask.sum(axis=1) - 1]


def loss_by_all_tokens(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "sequence_mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = loss(predictions, targets, mask, kind=kind)
    return np.asarray(losses.sum() / max(mask.sum(), 1), predictions.dtype)


def zeros_in_each_rows_mean(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "sequence_mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = loss(predictions, targets, mask, kind=kind)
    return np.asarray(losses.mean(axis=1).mean(), predictions.dtype)


def padding_starts_one_late(x: Array, mask: Array) -> Array:
    lengths = mask.sum(axis=1, keepdims=True)
    padding = np.arange(x.shape[1])[None] >= lengths + 1
    return softmax(np.where(padding, -np.inf, x)).astype(x.dtype)


def payload_always_seen(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    every = np.ones_like(mask)
    right = correct("attention").functions["attention"]
    return right(query, key, value, every, causal=causal)


def padding_in_the_batch_statistics(
    x: Array, mask: Array, scale: Array, offset: Array
) -> Array:
    right = correct("masked_batch_norm").functions["masked_batch_norm"]
    return right(x, np.ones_like(mask), scale, offset)


def padding_by_its_id(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if kind != "cross_entropy":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    counts = mask & (targets != 0)
    return _right(predictions, targets, counts, kind=kind, reduction=reduction)


def moments_of_everything(x: Array, mask: Array, *, ddof: int) -> Array:
    del mask
    return x.std(axis=1, ddof=ddof).astype(x.dtype)


def squares_less_the_squared_mean(x: Array, mask: Array) -> Array:
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    number = np.maximum(wide.sum(axis=1), 1).astype(x.dtype)
    kept = np.where(wide, x, np.zeros((), x.dtype))
    mean = (kept.sum(axis=1, dtype=x.dtype) / number).astype(x.dtype)
    squares = ((kept * kept).sum(axis=1, dtype=x.dtype) / number).astype(x.dtype)
    return np.maximum(squares - mean * mean, 0).astype(x.dtype)


def results_not_zeroed(
    x: Array, mask: Array, kernel: Array, bias: Array, *, padding: str, dilation: int
) -> Array:
    right = correct("conv1d").functions["conv1d"]
    zeros = np.where(mask[:, :, None], x, 0).astype(x.dtype)
    every = np.ones_like(mask)
    return right(zeros, every, kernel, bias, padding=padding, dilation=dilation)


def reads_padded_frames(
    x: Array, mask: Array, kernel: Array, bias: Array, *, padding: str, dilation: int
) -> Array:
    right = correct("conv1d").functions["conv1d"]
    options = {"padding": padding, "dilation": dilation}
    found = right(x, np.ones_like(mask), kernel, bias, **options)
    if padding == "valid":
        return found
    return np.where(mask[:, :, None], found, 0).astype(x.dtype)


def mask_of_the_other_sense(x: Array, mask: Array) -> Array:
    right = correct("masked_mean").functions["masked_mean"]
    return right(x, ~mask)


def first_and_last_averaged(x: Array, mask: Array) -> Array:
    del mask
    return ((x + x) / 2).mean(axis=1).astype(x.dtype)


def each_micro_batch_by_its_own(
    predictions: Array, targets: Array, mask: Array, **options: Any
) -> Array:
    right = correct("accumulated_loss").functions["accumulated_loss"]
    if options["reduction"] != "token_mean":
        return right(predictions, targets, mask, **options)
    rows = options["rows"]
    means = [
        right(
            *(each[at : at + rows] for each in (predictions, targets, mask)), **options
        )
        for at in range(0, len(predictions), rows)
    ]
    return np.asarray(np.mean(means), predictions.dtype)


def distribution_times_the_mask(x: Array, mask: Array) -> Array:
    return (softmax(x) * mask).astype(x.dtype)


def runs_over_the_padded_batch(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> Any:
    build = correct("birnn").functions["build_birnn"]
    parts = {"forward": forward, "backward": backward}
    layer = build(**parts, cell=cell, merge=merge, output=output)
    return lambda x, mask: layer(x, np.ones_like(mask))


def mask_made_after_padding(x: Array, mask: Array) -> Array:
    right = correct("masked_sum").functions["masked_sum"]
    return right(x, np.ones_like(mask))


def strips_trailing_padding(x: Array, mask: Array) -> Array:
    right = correct("masked_max").functions["masked_max"]
    last = mask.shape[1] - mask[:, ::-1].argmax(axis=1)
    seen = np.where(mask.any(axis=1), last, 0)
    return right(x, np.arange(mask.shape[1])[None] < seen[:, None])


def predicts_its_own_label(
    predictions: Array, targets: Array, mask: Array, **options: Any
) -> Array:
    right = correct("accumulated_loss").functions["accumulated_loss"]
    return right(predictions, targets, mask, **{**options, "labels": "same"})
