# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "NumPy masked arrays"
# library = "numpy"
# family = "Other"
# framework = "numpy"
# environment = "numpy"
# dtypes = ["float16", "float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.padding]
# "masked_topk.*" = "empty-row"
# [tool.mask-conformance.empty]
# masked_mean = "nan"
# masked_max = "nan"
# masked_prod = "nan"
# "masked_median.*" = "nan"
# "masked_std.*" = "nan"
# "masked_topk.*" = "nan"
# weighted_mean = "nan"
# masked_softmax = "zero"
# "masked_loss.*.mean" = "nan"
# "masked_loss.*.sequence_mean" = "nan"
# [tool.mask-conformance.unsupported]
# "masked_loss.cross_entropy.*" = "numpy.ma has no log-sum-exp to build it from"
# "masked_loss.binary_cross_entropy.*" = "numpy.ma has no log1p to build it from"
# "pack.steps" = "it goes row by row"
# "lengths_from_mask.extent" = "it counts what is valid"
# "masked_median.lower" = "of an even number its median is the mean of two"
# ///
"""NumPy's masked arrays: what numpy.ma reduces, and what is built from it."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any  # what NumPy's arithmetic gives on arrays of any dtype


@np.errstate(all="ignore")
def masked_mean(x: Array, mask: Array) -> Array:
    return _plain(_masked(x, mask).mean(axis=1), np.nan, x.dtype)


@np.errstate(all="ignore")
def masked_max(x: Array, mask: Array) -> Array:
    return _plain(_masked(x, mask).max(axis=1), np.nan, x.dtype)


def apply_mask(x: Array, mask: Array) -> Array:
    return _masked(x, mask).filled(0)


def pack(x: Array, mask: Array, *, order: str) -> Array:
    del order  # row by row
    packed = _masked(x, mask).compressed()
    return np.pad(packed, (0, x.size - len(packed))).reshape(x.shape)


def lengths_from_mask(x: Array, mask: Array, *, by: str) -> Array:
    del by  # the count
    return np.ma.array(np.empty(x.shape[:2]), mask=~mask).count(axis=1)


@np.errstate(all="ignore")
def masked_min(x: Array, mask: Array) -> Array:
    return _plain(_masked(x, mask).min(axis=1), np.nan, x.dtype)


@np.errstate(all="ignore")
def masked_median(x: Array, mask: Array, *, middle: str) -> Array:
    del middle  # their mean alone
    return _plain(np.ma.median(_masked(x, mask), axis=1), np.nan, x.dtype)


@np.errstate(all="ignore")
def masked_arg(x: Array, mask: Array, *, of: str) -> Array:
    return getattr(_masked(x, mask), f"arg{of}")(axis=1)


@np.errstate(all="ignore")
def masked_topk(x: Array, mask: Array, *, k: int) -> Array:
    # As many places as are asked for, however few positions there are.
    more = np.ma.masked_all((len(x), k, *x.shape[2:]), x.dtype)
    longer = np.ma.concatenate([_masked(x, mask), more], axis=1)
    ordered = np.ma.sort(longer, axis=1, endwith=False)
    return _plain(ordered[:, ::-1][:, :k], np.nan, x.dtype)


@np.errstate(all="ignore")
def masked_cumsum(x: Array, mask: Array) -> Array:
    return _plain(_masked(x, mask).cumsum(axis=1), 0, x.dtype)


@np.errstate(all="ignore")
def weighted_mean(x: Array, weight: Array, mask: Array) -> Array:
    wide = weight.reshape(weight.shape + (1,) * (x.ndim - 2))
    shares = np.broadcast_to(wide, x.shape)
    found = np.ma.average(_masked(x, mask), axis=1, weights=shares)
    return _plain(found, np.nan, x.dtype)


@np.errstate(all="ignore")
def masked_sum(x: Array, mask: Array) -> Array:
    return _plain(_masked(x, mask).sum(axis=1), 0, x.dtype)


@np.errstate(all="ignore")
def masked_prod(x: Array, mask: Array) -> Array:
    return _plain(_masked(x, mask).prod(axis=1), np.nan, x.dtype)


@np.errstate(all="ignore")
def masked_std(x: Array, mask: Array, *, ddof: int) -> Array:
    return _plain(_masked(x, mask).std(axis=1, ddof=ddof), np.nan, x.dtype)


@np.errstate(all="ignore")
def masked_softmax(x: Array, mask: Array) -> Array:
    scores = _masked(x, mask)
    shares = np.ma.exp(scores - scores.max(axis=1, keepdims=True))
    return _plain(shares / shares.sum(axis=1, keepdims=True), 0, x.dtype)


@np.errstate(all="ignore")
def masked_loss(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    del kind  # mse: no other is offered
    errors = _masked(predictions, mask) - _masked(targets, mask)
    losses = (errors**2).mean(axis=2)
    if reduction == "none":
        return _plain(losses, 0, predictions.dtype)
    if reduction == "sum":
        return _plain(losses.sum(), 0, predictions.dtype)
    if reduction == "sequence_mean":
        losses = losses.mean(axis=1)
    return _plain(losses.mean(), np.nan, predictions.dtype)


def _masked(x: Array, mask: Array) -> Array:
    """Return ``x`` as a masked array, whose mask is true where ours is false."""
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return np.ma.masked_array(x, mask=~np.broadcast_to(wide, x.shape))


def _plain(x: Array, nothing: float, dtype: np.dtype[Any]) -> Array:
    """Return a masked array as an ordinary one, ``nothing`` where it has no value."""
    return np.asarray(np.ma.filled(np.ma.asarray(x), nothing), dtype=dtype)
