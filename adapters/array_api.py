# /// script
# requires-python = ">=3.11"
# dependencies = ["array-api-compat==1.16.0"]
# [tool.mask-conformance]
# library = "array-api-compat"
# role = "reference"
# framework = "numpy"
# dtypes = ["float32", "float64"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# padding = { reverse_sequence = "kept", "attention.*" = "zero" }
# [tool.mask-conformance.empty]
# masked_mean = "zero"
# masked_max = "negative-infinity"
# masked_softmax = "zero"
# "masked_loss.*.mean" = "zero"
# "masked_loss.*.sequence_mean" = "zero"
# "attention.*" = "zero"
# [tool.mask-conformance.variants.numpy]
# system = "Array API on NumPy"
# family = "Other"
# dependencies = ["array-api-compat==1.16.0", "numpy==2.4.6", "ml_dtypes==0.6.0"]
# environment = "numpy"
# framework = "numpy"
# [tool.mask-conformance.variants.dask]
# system = "Array API on Dask"
# family = "Other"
# dependencies = ["array-api-compat==1.16.0", "dask[array]==2026.8.0", "numpy==2.4.6"]
# environment = "dask"
# framework = "numpy"
# variables = { MASK_CONFORMANCE_ARRAYS = "dask" }
# [tool.mask-conformance.variants.dask.unsupported]
# "masked_loss.cross_entropy.*" = "dask.array has no take_along_axis"
# reverse_sequence = "dask.array has no take_along_axis"
# [tool.mask-conformance.variants.torch]
# system = "Array API on PyTorch"
# family = "PyTorch and what is built on it"
# dependencies = ["torch==2.13.0", "array-api-compat==1.16.0"]
# environment = "torch"
# framework = "torch"
# [tool.mask-conformance.variants.jax]
# system = "Array API on JAX"
# family = "JAX and what is built on it"
# dependencies = ["jax==0.10.2", "array-api-compat==1.16.0"]
# environment = "jax"
# framework = "jax"
# routes = ["compiled"]
# ///
"""One recipe for every array library that follows the array API standard."""

from __future__ import annotations

import os
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

from array_api_compat import array_namespace

if TYPE_CHECKING:
    from collections.abc import Callable

Array: TypeAlias = Any  # of whichever library

_DASK = os.environ.get("MASK_CONFORMANCE_ARRAYS") == "dask"


def _lazily(function: Callable[..., Array]) -> Callable[..., Array]:
    """Let Dask compute it where NumPy's arrays are meant for Dask."""
    if not _DASK:
        return function
    import dask.array

    @wraps(function)
    def computed(*arrays: Array, **keywords: Any) -> Array:
        own = (dask.array.from_array(array) for array in arrays)
        return function(*own, **keywords).compute()

    return computed


@_lazily
def masked_mean(x: Array, mask: Array) -> Array:
    xp = array_namespace(x)
    valid = _like(xp, mask, x)
    return xp.sum(_clean(xp, x, valid), axis=1) / _count(xp, valid, x, axis=1)


@_lazily
def masked_max(x: Array, mask: Array) -> Array:
    xp = array_namespace(x)
    scores = xp.where(_like(xp, mask, x), x, xp.full_like(x, -xp.inf))
    return xp.max(scores, axis=1)


@_lazily
def masked_softmax(x: Array, mask: Array) -> Array:
    xp = array_namespace(x)
    return _softmax(xp, x, mask)


@_lazily
def masked_loss(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    xp = array_namespace(predictions)
    scores = _clean(xp, predictions, _like(xp, mask, predictions))
    goals = _clean(xp, targets, _like(xp, mask, targets))
    losses = _clean(xp, _losses(xp, kind, scores, goals), mask)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return xp.sum(losses)
    if reduction == "mean":
        return xp.sum(losses) / _count(xp, mask, losses)
    means = xp.sum(losses, axis=1) / _count(xp, mask, losses, axis=1)
    return xp.sum(means) / _count(xp, xp.any(mask, axis=1), losses)


@_lazily
def reverse_sequence(x: Array, mask: Array) -> Array:
    xp = array_namespace(x)
    order = xp.argsort(xp.astype(mask, xp.int32), axis=1, descending=True, stable=True)
    rank = xp.cumulative_sum(xp.astype(mask, order.dtype), axis=1)
    back = _clean(xp, rank[:, -1:] - rank, mask)
    here = xp.arange(x.shape[1], dtype=order.dtype)[None, :]
    source = xp.where(mask, xp.take_along_axis(order, back, axis=1), here)
    wide = xp.broadcast_to(_like(xp, source, x), x.shape)
    return xp.take_along_axis(x, wide, axis=1)


@_lazily
def attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    xp = array_namespace(query)
    # Cleaned before any product, so that nothing at padding is multiplied by zero.
    q, k, v = (
        xp.permute_dims(_clean(xp, x, _like(xp, mask, x)), (0, 2, 1, 3))
        for x in (query, key, value)
    )
    scores = xp.matmul(q, xp.matrix_transpose(k)) / query.shape[3] ** 0.5
    seen = xp.broadcast_to(mask[:, None, None, :], scores.shape)
    if causal:
        seen = seen & xp.tril(xp.ones_like(seen))
    found = xp.matmul(_softmax(xp, scores, seen), v)
    found = xp.permute_dims(found, (0, 2, 1, 3))
    return _clean(xp, found, _like(xp, mask, found))


def _softmax(xp: Any, x: Array, valid: Array) -> Array:
    """Return the softmax over the last axis; a row that has nothing gets zeros."""
    scores = xp.where(valid, x, xp.full_like(x, -xp.inf))
    # A row without valid positions has no maximum to subtract.
    scores = xp.where(xp.any(valid, axis=-1, keepdims=True), scores, xp.zeros_like(x))
    shares = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
    return _clean(xp, shares / xp.sum(shares, axis=-1, keepdims=True), valid)


def _losses(xp: Any, kind: str, scores: Array, goals: Array) -> Array:
    if kind == "mse":
        return xp.mean((scores - goals) ** 2, axis=-1)
    if kind == "cross_entropy":
        below = scores - xp.max(scores, axis=-1, keepdims=True)
        logs = below - xp.log(xp.sum(xp.exp(below), axis=-1, keepdims=True))
        index = xp.astype(goals, xp.int64)[..., None]
        return -xp.take_along_axis(logs, index, axis=-1)[..., 0]
    # Not max and abs: each has a slope of its own at zero, and together a wrong one.
    zero = xp.zeros_like(scores)
    above = xp.where(scores >= 0, scores, zero)
    below = xp.where(scores >= 0, -scores, scores)
    return above - scores * goals + xp.log1p(xp.exp(below))


def _clean(xp: Any, x: Array, valid: Array) -> Array:
    """Return ``x`` with zeros at padding: selected, never multiplied."""
    return xp.where(valid, x, xp.zeros_like(x))


def _like(xp: Any, valid: Array, x: Array) -> Array:
    """Return ``valid`` with as many axes as ``x``."""
    return xp.reshape(valid, (*valid.shape, *(1,) * (x.ndim - valid.ndim)))


def _count(xp: Any, valid: Array, x: Array, axis: int | None = None) -> Array:
    """Return the number of valid positions, at least one, in the dtype of ``x``."""
    count = xp.sum(xp.astype(valid, x.dtype), axis=axis)
    return xp.maximum(count, xp.ones_like(count))
