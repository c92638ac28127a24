"""The exact ``weighted_mean`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import draw_pooled, over_time, select_valid
from conformance.trial.draw import GARBAGE, Draw, Table, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 32

WEIGHTS: Table = (
    (1, 0.5, 2, 0, 0.25, 4, 1, 0.75, 3, 0, 1.5, 0.125, 1, 2, 0.5, 0),
    (0.1, 0.7, 1.3, 0.01, 0.9, 2.7, 1 / 3, 0.6, 5.1, 0, 0.2, 1.9, 0.05, 7.25, 0.4),
)
"""Exact in every dtype, zeros among them; then those of full mantissas."""


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``; each row has a first weight that is not zero."""
    del options
    weight = draw_weights(draw, mask)
    return {"x": draw_pooled(draw, mask), "weight": weight}


def draw_weights(draw: Draw, mask: Array) -> Array:
    """Return weights ``[B, T]``, garbage at padding, no row's first one zero."""
    weight = draw.rows_of(WEIGHTS, mask.shape)
    first = mask & (np.cumsum(mask, axis=1) == 1)
    weight = np.where(first & (weight == 0), 1.5, weight)
    return fill_padding(weight, draw.rows_of(GARBAGE, mask.shape), mask)


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact mean ``[B, ...]``; 0 for a row without any weight."""
    del options
    x, weight, total = _parts(batch)
    return np.asarray((x * weight).sum(axis=1) / total)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    It is infinite where the valid weights of a row are all zero.
    """
    p = PRECISIONS[dtype]
    x, weight, total = _parts(batch)
    n = over_time(batch.counts[:, None], x)[:, 0]
    size = (np.abs(x) * weight).sum(axis=1)
    tiny = 2.0**-126 if p.low else p.eta
    error = ((2 * n + 6) * p.v * size + n * tiny) / total + p.eta
    if p.low:
        error = error + 2 * p.u * np.abs(answer(options, batch))
    error = np.nan_to_num(p.factor * error, nan=0.0, posinf=np.inf)
    return np.where((n > 0) & ~_some(batch, x), np.inf, error)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through x and the weights."""
    x, weight, total = _parts(batch)
    share = (cotangent / total)[:, None]
    away = x - answer(options, batch)[:, None]
    pulled = np.where(over_time(batch.mask, x), share * away, 0.0)
    return {
        "x": np.where(over_time(batch.mask, x), share * weight, 0.0),
        "weight": pulled.reshape(*batch.mask.shape, -1).sum(axis=2),
    }


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64.

    The weights' derivative is a difference: of x / W and of the sum of w x over W^2,
    each with its roundings, and summed over the features.
    """
    del options
    p = PRECISIONS["float64"]
    x, weight, total = _parts(batch)
    here = over_time(batch.mask, x)
    share = (np.abs(cotangent) / total)[:, None]
    size = (np.abs(x) * weight).sum(axis=1) / total
    features = max(int(np.prod(x.shape[2:])), 1)
    n = over_time(batch.counts[:, None], x)
    known = np.where(_some(batch, x)[:, None], 0.0, np.inf)
    terms = share * (np.abs(x) + size[:, None])
    terms = (2 * n + features + 12) * p.u * terms + p.eta + known
    direct = (n + 6) * p.u * share * weight + p.eta + known
    pulled = np.where(here, terms, 0.0).reshape(*batch.mask.shape, -1).sum(axis=2)
    return {
        "x": p.factor * np.where(here, direct, 0.0),
        "weight": p.factor * pulled,
    }


def _parts(batch: Batch) -> tuple[Array, Array, Array]:
    """Return x and the weights, zero at padding, and a row's weight, never zero."""
    x = select_valid(batch, "x", 0.0)
    weight = over_time(select_valid(batch, "weight", 0.0), x)
    total = weight.sum(axis=1)
    return x, weight, np.where(total == 0, 1.0, total)


def _some(batch: Batch, x: Array) -> Array:
    """Return which rows have any weight, ``[B, ...]``."""
    weight = select_valid(batch, "weight", 0.0)
    return np.asarray(over_time((weight != 0).any(axis=1)[:, None], x)[:, 0])
