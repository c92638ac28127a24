"""The exact ``alibi_attention`` in float64: attention's, with a bias on the scores."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, select_valid
from conformance.operations._common.recent import keep_recent
from conformance.operations.attention.oracle import (
    FEATURES,
    POINTERS,
    Probabilities,
    bound_mix,
    bound_pull,
    mix,
    pull_back,
    uniform,
    visible_keys,
    weigh,
)
from conformance.trial.draw import GARBAGE, VALUES, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

__all__ = [
    "ROWS",
    "answer",
    "bound",
    "generate",
    "gradient",
    "gradient_bound",
    "uniform",
    "visible_keys",
]

ROWS = 16
HEADS = 3
"""No power of two: the slopes are those of two heads, and one of four."""


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, each ``[B, T, N, D]``."""
    del options
    shape = (*mask.shape, HEADS, FEATURES)
    tables = {"query": POINTERS, "key": POINTERS, "value": VALUES}
    return {
        name: fill_padding(
            draw.rows_of(table, shape), draw.rows_of(GARBAGE, shape), mask
        )
        for name, table in tables.items()
    }


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, T, N, D]``; all 0 at padded queries."""
    return mix(_weights(options, batch).share, select_valid(batch, "value", 0.0))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    weights = _weights(options, batch)
    error = bound_mix(weights, select_valid(batch, "value", 0.0), PRECISIONS[dtype])
    return np.where(over_time(batch.mask, error), error, 0.0)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative, which is attention's: the bias is a constant."""
    query, key, value = (select_valid(batch, n, 0.0) for n in ("query", "key", "value"))
    pulled = np.where(over_time(batch.mask, cotangent), cotangent, 0.0)
    return pull_back(_weights(options, batch).share, query, key, value, pulled)


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64."""
    query, key, value = (
        np.abs(select_valid(batch, n, 0.0)) for n in ("query", "key", "value")
    )
    pulled = np.where(over_time(batch.mask, cotangent), np.abs(cotangent), 0.0)
    weights, terms = _weights(options, batch), batch.time + value.shape[3] + 8
    return bound_pull(weights, query, key, value, pulled, terms)


def slopes(heads: int) -> Array:
    """Return each head's slope ``[N]``, as the authors' code gives them."""
    power = 2 ** int(math.log2(heads))
    whole = 2.0 ** (-8.0 * np.arange(1, power + 1) / power)
    finer = 2.0 ** (-8.0 * np.arange(1, 2 * power + 1) / (2 * power))
    return np.concatenate([whole, finer[::2][: heads - power]])


@keep_recent
def _weights(options: Mapping[str, str], batch: Batch) -> Probabilities:
    """Return the probabilities of the valid queries."""
    query, key = (select_valid(batch, name, 0.0) for name in ("query", "key"))
    at = np.maximum(np.cumsum(batch.mask, axis=1) - 1, 0).astype(np.float64)
    steep = slopes(query.shape[2])[None, :, None, None]
    one, other = at[:, None, :, None], at[:, None, None, :]
    bias, bulk = -steep * np.abs(one - other), steep * np.maximum(one, other)
    return weigh(query, key, visible_keys(options, batch), bias, bulk)
