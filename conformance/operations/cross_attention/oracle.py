"""The exact ``cross_attention`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, select_valid, to_float64
from conformance.operations.attention.oracle import (
    FEATURES,
    POINTERS,
    Probabilities,
    bound_mix,
    bound_pull,
    mix,
    pull_back,
    uniform_values,
    weigh,
)
from conformance.trial.draw import GARBAGE, VALUES, Draw, draw_right_mask, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 32
HEADS = 2
SHARED = 2
"""Queries' heads for each head of the keys, where they are grouped."""

QUERIES = 4
"""Positions of the queries: neither the keys' number nor that of their heads."""


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return keys and values for ``mask``, each ``[B, T, N, D]``."""
    del options
    shape = (*mask.shape, HEADS, FEATURES)
    tables = {"key": POINTERS, "value": VALUES}
    return {
        name: fill_padding(
            draw.rows_of(table, shape), draw.rows_of(GARBAGE, shape), mask
        )
        for name, table in tables.items()
    }


def generate_beside(
    options: Mapping[str, str], draw: Draw, mask: Array
) -> dict[str, Array]:
    """Return queries ``[B, S, H, D]`` and their mask ``[B, S]``."""
    # Moved, since the keys' mask begins with the same lengths.
    asks = np.roll(draw_right_mask(draw, len(mask), QUERIES), 3, axis=0)
    heads = HEADS * (SHARED if options["grouped"] == "grouped" else 1)
    shape = (len(mask), QUERIES, heads, FEATURES)
    valid, garbage = draw.rows_of(POINTERS, shape), draw.rows_of(GARBAGE, shape)
    return {"query": fill_padding(valid, garbage, asks), "query_mask": asks}


def counted(options: Mapping[str, str], batch: Batch) -> Array:
    """Return which positions of the answer count, ``[B, S]``: those of the queries."""
    del options
    return batch.beside["query_mask"]


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, S, H, D]``; all 0 at padded queries."""
    del options
    return mix(_weights(batch).share, _take_heads(batch, "value"))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    del options
    value, asks = _take_heads(batch, "value"), batch.beside["query_mask"]
    error = bound_mix(_weights(batch), value, PRECISIONS[dtype])
    return np.where(over_time(asks, error), error, 0.0)


def attended(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array, Array]:
    """Return what padded queries get that attend like others.

    Returns:
        The answer at all queries, its bound, infinite where a padded query is not
        finite, and which rows ``[B, 1, 1, 1]`` have any key.
    """
    del options
    query = to_float64(batch.beside["query"])
    finite = np.asarray(np.isfinite(query).all(axis=(2, 3)))
    query = np.where(over_time(finite, query), query, 0.0)
    weights, value = _weights(batch, query), _take_heads(batch, "value")
    error = bound_mix(weights, value, PRECISIONS[dtype])
    error = np.where(over_time(finite, error), error, np.inf)
    sees = (batch.counts > 0)[:, None, None, None]
    return mix(weights.share, value), error, sees


def uniform(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array]:
    """Return the mean of all values of each row, padding included, and its bound."""
    del options
    value, shape = batch.arrays["value"], batch.beside["query"].shape
    mean, error = uniform_values(to_float64(value), dtype)
    heads = _heads(batch)
    mean, error = mean[:, :, heads], error[:, :, heads]
    return np.broadcast_to(mean, shape), np.broadcast_to(error, shape)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: attention's, a shared head's summed over its queries."""
    del options
    pulled = _select_cotangent(batch, cotangent)
    query, (key, value) = (
        _queries(batch),
        (_take_heads(batch, n) for n in ("key", "value")),
    )
    found = pull_back(_weights(batch).share, query, key, value, pulled)
    return _sum_groups(batch, found)


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64."""
    del options
    weights, pulled = _weights(batch), _select_cotangent(batch, cotangent)
    query, key, value = (
        np.abs(array)
        for array in (
            _queries(batch),
            _take_heads(batch, "key"),
            _take_heads(batch, "value"),
        )
    )
    size = batch.beside["query"].shape
    # A shared head adds the queries of all that share it.
    terms = batch.time + size[1] * size[2] + size[3] + 8
    found = bound_pull(weights, query, key, value, np.abs(pulled), terms)
    return _sum_groups(batch, found)


def _weights(batch: Batch, query: Array | None = None) -> Probabilities:
    """Return the probabilities of the valid queries, or of all that are given."""
    asks = batch.beside["query_mask"]
    if query is None:
        return _weights_of(batch, _queries(batch), asks)
    return _weights_of(batch, query, np.ones_like(asks))


def _weights_of(batch: Batch, query: Array, asks: Array) -> Probabilities:
    return weigh(
        query, _take_heads(batch, "key"), asks[:, :, None] & batch.mask[:, None]
    )


def _queries(batch: Batch) -> Array:
    """Return the queries in float64, zero at padding."""
    query = to_float64(batch.beside["query"])
    return np.where(over_time(batch.beside["query_mask"], query), query, 0.0)


def _take_heads(batch: Batch, name: str) -> Array:
    """Return keys or values, zero at padding, a head for each of the queries' heads."""
    return select_valid(batch, name, 0.0)[:, :, _heads(batch)]


def _heads(batch: Batch) -> Array:
    """Return which head of the keys each head of the queries sees.

    Raises:
        ValueError: The one number is no multiple of the other.
    """
    asking, kept = batch.beside["query"].shape[2], batch.arrays["key"].shape[2]
    if asking % kept:
        msg = f"{asking} heads of queries are no multiple of the keys' {kept}"
        raise ValueError(msg)
    return np.asarray(np.arange(asking) // (asking // kept))


def _select_cotangent(batch: Batch, cotangent: Array) -> Array:
    asks = over_time(batch.beside["query_mask"], cotangent)
    return np.asarray(np.where(asks, cotangent, 0.0))


def _sum_groups(batch: Batch, found: dict[str, Array]) -> dict[str, Array]:
    """Return derivatives with those of a shared head added up."""
    heads = batch.arrays["key"].shape[2]

    def add(array: Array) -> Array:
        apart = array.reshape((*array.shape[:2], heads, -1, array.shape[3]))
        return np.asarray(apart.sum(axis=3))

    return {**found, "key": add(found["key"]), "value": add(found["value"])}
