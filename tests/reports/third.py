"""Thirty more, written from other threads against the parts as they were."""

# Each function is described by its entry in the table.

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.check.mutants import correct
from tests.reports.scores import _right, attended, loss, position_losses, softmax

Array = Any


def _wide(mask: Array, x: Array) -> Array:
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))


def no_axis_in_the_count(x: Array, mask: Array) -> Array:
    keep = _wide(mask, x)
    return (np.where(keep, x, 0).sum(axis=1) / max(keep.sum(), 1e-9)).astype(x.dtype)


def mean_with_zero_vectors(x: Array, mask: Array) -> Array:
    return np.where(_wide(mask, x), x, 0).mean(axis=1).astype(x.dtype)


def width_of_the_longest(x: Array, mask: Array) -> Array:
    lengths = mask.sum(axis=1)
    keep = np.arange(lengths.max(initial=0))[None] < lengths[:, None]
    kept = x * _wide(keep, x)  # fits only where the longest row has no padding
    return (kept.sum(axis=1) / _wide(keep, x).sum(axis=1)).astype(x.dtype)


def whole_rows_filled(x: Array, mask: Array) -> Array:
    # The mask is written through an expanded tensor: one place stands for the row.
    rows = mask.all(axis=1)
    return np.where(_wide(rows[:, None], x), x, 0).astype(x.dtype)


def plain_max(x: Array, mask: Array) -> Array:
    del mask
    return x.max(axis=1)


def plain_min(x: Array, mask: Array) -> Array:
    del mask
    return x.min(axis=1)


def plain_std(x: Array, mask: Array, *, ddof: int) -> Array:
    del mask
    return x.astype(np.float64).std(axis=1, ddof=ddof).astype(x.dtype)


def variance_of_the_padded(x: Array, mask: Array) -> Array:
    # The mean leaves padding out, the mean of the squares does not.
    keep = _wide(mask, x)
    wide = x.astype(np.float64)
    count = np.maximum(keep.sum(axis=1, keepdims=True), 1)
    mean = np.where(keep, wide, 0).sum(axis=1, keepdims=True) / count
    return ((wide - mean) ** 2).mean(axis=1).astype(x.dtype)


def adds_the_smallest_number(x: Array, mask: Array) -> Array:
    with np.errstate(all="ignore"):
        away = (1 - mask.astype(x.dtype)) * np.finfo(x.dtype).min
        return softmax(x + away).astype(x.dtype)


def fills_with_minus_1e10(x: Array, mask: Array) -> Array:
    with np.errstate(all="ignore"):
        return softmax(np.where(mask, x, -1e10)).astype(x.dtype)


def log_softmax_of_the_product(x: Array, mask: Array) -> Array:
    scores = (x * mask).astype(np.float64)
    top = scores.max(axis=1, keepdims=True)
    total = np.log(np.exp(scores - top).sum(axis=1, keepdims=True)) + top
    return (scores - total).astype(x.dtype)


def sum_of_exponentials(x: Array, mask: Array) -> Array:
    return np.log((np.exp(x) * mask).sum(axis=1)).astype(x.dtype)


def keeps_what_it_should_hide(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    keys = mask[:, None, None, :]
    return attended(
        query, key, value, causal=causal, change=lambda s: np.where(keys, -1e30, s)
    )


def empty_rows_count(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "sequence_mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = loss(predictions, targets, mask, kind=kind).sum(axis=1)
    means = losses / np.maximum(mask.sum(axis=1), 1)
    return np.asarray(means.sum() / max(len(mask), 1), predictions.dtype)


def times_the_mask(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "sequence_mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = (position_losses(predictions, targets, kind) * mask).sum(axis=1)
    some = mask.any(axis=1)
    means = losses / np.maximum(mask.sum(axis=1), 1)
    return np.asarray((means * some).sum() / max(some.sum(), 1), predictions.dtype)


def weighs_rows_by_their_counts(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "sum":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = position_losses(predictions, targets, kind)
    weighted = losses * mask.sum(axis=1, keepdims=True)
    return np.asarray(weighted.sum(), predictions.dtype)


def by_original_and_padded(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = loss(predictions, targets, mask, kind=kind)
    return np.asarray(losses.sum() / max(mask.size, 1), predictions.dtype)


def row_means_over_all_steps(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "sequence_mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    rows = loss(predictions, targets, mask, kind=kind).mean(axis=1)
    some = mask.any(axis=1)
    return np.asarray(rows[some].sum() / max(some.sum(), 1), predictions.dtype)


def mean_of_two_halves(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = loss(predictions, targets, mask, kind=kind)
    half = (len(mask) + 1) // 2
    parts = [(losses[:half], mask[:half]), (losses[half:], mask[half:])]
    means = [each.sum() / max(keep.sum(), 1) for each, keep in parts if len(keep)]
    return np.asarray(np.mean(means) if means else 0, predictions.dtype)


def unreduced_and_unmasked(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "none":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    return position_losses(predictions, targets, kind)


def ignores_a_class(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    # Padding has the id of the end, so that ends are ignored with it.
    keep = mask & (targets != 0) if kind == "cross_entropy" else mask
    return _right(predictions, targets, keep, kind=kind, reduction=reduction)


def sum_without_the_mask(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "sum":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = position_losses(predictions, targets, kind)
    return np.asarray(losses.sum(), predictions.dtype)


def statistics_of_everything_masked(
    x: Array, mask: Array, scale: Array, offset: Array
) -> Array:
    wide = x.astype(np.float64)
    mean, variance = wide.mean(axis=(0, 1)), wide.var(axis=(0, 1))
    normed = (wide - mean) / np.sqrt(variance + 1e-3) * scale + offset
    return (normed * mask[:, :, None]).astype(x.dtype)


def statistics_with_zeros(x: Array, mask: Array, scale: Array, offset: Array) -> Array:
    wide = np.where(mask[:, :, None], x, 0).astype(np.float64)
    mean, variance = wide.mean(axis=(0, 1)), wide.var(axis=(0, 1))
    return ((wide - mean) / np.sqrt(variance + 1e-3) * scale + offset).astype(x.dtype)


def _built(forward: Any, backward: Any, **options: str) -> Any:
    build = correct("birnn").functions["build_birnn"]
    return build(forward=forward, backward=backward, **options)


def last_step_of_zeros(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> Any:
    right = _built(forward, backward, cell=cell, merge=merge, output=output)
    steps = _built(forward, backward, cell=cell, merge=merge, output="sequence")

    def call(x: Array, mask: Array) -> Array:
        if output == "sequence":
            return right(x, mask)
        zeros = np.where(mask[:, :, None], x, 0).astype(x.dtype)
        return steps(zeros, np.ones_like(mask))[:, -1]

    return call


def both_at_the_last_step(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> Any:
    right = _built(forward, backward, cell=cell, merge=merge, output=output)
    steps = _built(forward, backward, cell=cell, merge=merge, output="sequence")

    def call(x: Array, mask: Array) -> Array:
        if output == "sequence":
            return right(x, mask)
        last = np.maximum(mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1), 0)
        return steps(x, mask)[np.arange(len(x)), last]

    return call


def backward_from_zeros(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> Any:
    options = {"cell": cell, "output": output}
    right = _built(forward, backward, merge="concat", **options)

    def call(x: Array, mask: Array) -> Array:
        zeros = np.where(mask[:, :, None], x, 0).astype(x.dtype)
        ahead, behind = right(x, mask), right(zeros, np.ones_like(mask))
        half = ahead.shape[-1] // 2
        behind = behind[..., half:]
        if output == "sequence":
            behind = behind * mask[:, :, None]
        both = [ahead[..., :half], behind]
        return np.concatenate(both, axis=-1) if merge == "concat" else sum(both)

    return call


def decodes_the_first_steps(
    emissions: Array, mask: Array, transitions: Array, start: Array, end: Array
) -> Array:
    right = correct("crf_decode").functions["crf_decode"]
    lengths = mask.sum(axis=1)
    first = np.arange(mask.shape[1])[None] < lengths[:, None]
    return right(emissions, first, transitions, start, end)


def no_end(  # noqa: PLR0917 - the operation has as many
    emissions: Array,
    tags: Array,
    mask: Array,
    transitions: Array,
    start: Array,
    end: Array,
) -> Array:
    right = correct("crf_log_likelihood").functions["crf_log_likelihood"]
    return right(emissions, tags, mask, transitions, start, np.zeros_like(end))


def all_ones(ids: Array, *, padding_id: int) -> Array:
    del padding_id
    return np.ones(ids.shape, dtype=bool)
