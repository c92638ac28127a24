"""Ten that were written after the parts had been widened by the thirty before."""

# Each function is described by its entry in the table.

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.check.mutants import correct
from tests.reports.scores import _right, attended, loss, position_losses

Array = Any


def _wide(mask: Array, x: Array) -> Array:
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))


def mean_of_masked_squares(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean" or kind != "mse":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    losses = position_losses(predictions, targets, kind) * mask
    return np.asarray(losses.mean(), predictions.dtype)


def mean_of_each_row(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    if reduction != "mean":
        return _right(predictions, targets, mask, kind=kind, reduction=reduction)
    rows = loss(predictions, targets, mask, kind=kind).sum(axis=1)
    means = rows / np.maximum(mask.sum(axis=1), 1)
    return np.asarray(means.mean(), predictions.dtype)


def zeros_under_the_maximum(x: Array, mask: Array) -> Array:
    return (x * _wide(mask, x)).max(axis=1).astype(x.dtype)


def smallest_number_added(x: Array, mask: Array) -> Array:
    with np.errstate(all="ignore"):
        away = (1 - _wide(mask, x).astype(x.dtype)) * np.finfo(x.dtype).min
        return (x + away).max(axis=1).astype(x.dtype)


def lengths_forgotten(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    del mask
    return attended(query, key, value, causal=causal, change=lambda s: s)


def cut_to_the_longest(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    right = correct("attention").functions["attention"]
    longest = int(mask.sum(axis=1).max(initial=0))
    return right(query, key, value, mask, causal=causal)[:, :longest]


def decodes_everything(
    emissions: Array, mask: Array, transitions: Array, start: Array, end: Array
) -> Array:
    right = correct("crf_decode").functions["crf_decode"]
    return right(emissions, np.ones_like(mask), transitions, start, end)


def frames_are_input(
    x: Array, mask: Array, kernel: Array, bias: Array, *, padding: str, dilation: int
) -> Array:
    right = correct("conv1d").functions["conv1d"]
    every = np.ones_like(mask)
    return right(x, every, kernel, bias, padding=padding, dilation=dilation)


def before_the_first_padding(x: Array, mask: Array) -> Array:
    # Where the row begins with padding this is -1, the last one.
    return x[np.arange(len(x)), np.argmin(mask, axis=1) - 1]


def mask_lost_between(*given: Any, **options: Any) -> Any:
    layer = correct("stack").functions["build_stack"](*given, **options)
    return lambda x, mask: layer(x, np.ones_like(mask))
