"""The exact ``attention`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from conformance.operations._common.oracle import over_time, select_valid, to_float64
from conformance.operations._common.recent import keep_recent
from conformance.trial.draw import GARBAGE, SIGNALS, VALUES, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Table
    from conformance.trial.precision import Precision

ROWS = 32
HEADS = 2
FEATURES = 3
"""An odd one: dividing by its root is no power of two, and no axis is as long."""

POINTERS: Table = (
    *SIGNALS,
    (0, 1, 2, -1, 3, -2, 4, 1, 0, 1, -3, -4, 2, 3, -5, 5),
    (-1, -2, -3, -4, -5, -6, -7, -8, -1.5, -0.5, -2.5, -1, -3, -6, -3.25, -4.75),
)
"""Queries and keys: soft weights in half of the rows, one key for all in the rest."""


class Probabilities(NamedTuple):
    """Each query's probabilities ``[B, N, S, T]``, and what their bound is made of."""

    sees: Array
    share: Array  # zero where the query does not see the key
    logs: Array  # their logarithms, which do not underflow
    distance: Array  # of the score to the query's largest
    size: Array  # of the score's terms, magnitudes added
    extent: Array  # the query's and the key's own magnitudes
    features: int


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
    share = _weights(options, batch).share
    return mix(share, select_valid(batch, "value", 0.0))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    weights = _weights(options, batch)
    error = bound_mix(weights, select_valid(batch, "value", 0.0), PRECISIONS[dtype])
    return np.where(over_time(batch.mask, error), error, 0.0)


def attended(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array, Array]:
    """Return what padded queries get that attend like others.

    Returns:
        The answer at all queries, its bound, infinite where a padded query is not
        finite, and which queries ``[B, T, 1, 1]`` see any key.
    """
    query = to_float64(batch.arrays["query"])
    finite = np.asarray(np.isfinite(query).all(axis=(2, 3)))
    query = np.where(over_time(finite, query), query, 0.0)
    key, value = (select_valid(batch, name, 0.0) for name in ("key", "value"))
    weights = weigh(query, key, _keys_in_reach(options, batch))
    want = mix(weights.share, value)
    error = bound_mix(weights, value, PRECISIONS[dtype])
    error = np.where(over_time(finite, error), error, np.inf)
    sees = np.asarray(_keys_in_reach(options, batch).any(axis=2))
    return want, error, over_time(sees, want)


def uniform(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array]:
    """Return the mean of all values of each row, padding included, and its bound.

    That is what comes of filling every score with one large negative number.
    """
    del options
    mean, error = uniform_values(to_float64(batch.arrays["value"]), dtype)
    shape = batch.arrays["value"].shape
    return np.broadcast_to(mean, shape), np.broadcast_to(error, shape)


def uniform_values(value: Array, dtype: str) -> tuple[Array, Array]:
    """Return the mean over all positions ``[B, 1, N, D]``, and its bound."""
    p, count = PRECISIONS[dtype], max(value.shape[1], 1)
    finite = np.isfinite(value).all(axis=1, keepdims=True)
    value = np.where(finite, value, 0.0)
    size = np.abs(value).sum(axis=1, keepdims=True) / count
    error = (6 * p.u + (count + 3) * p.v) * size + 2 * p.eta * (1 + count * size)
    # A sum beyond the range is no longer anybody's mean.
    error = np.where(finite & (size * count <= p.largest), p.factor * error, np.inf)
    return value.sum(axis=1, keepdims=True) / count, error


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: of p by p (g . v - sum p g . v), then of the scores."""
    query, key, value = (select_valid(batch, n, 0.0) for n in ("query", "key", "value"))
    pulled = np.where(over_time(batch.mask, cotangent), cotangent, 0.0)
    return pull_back(_weights(options, batch).share, query, key, value, pulled)


def pull_back(
    share: Array, query: Array, key: Array, value: Array, pulled: Array
) -> dict[str, Array]:
    """Return the derivative for a cotangent ``[B, S, N, D]``, zero at padding."""
    slope = _dots(pulled, value)
    inner = (share * slope).sum(axis=3, keepdims=True)
    score = share * (slope - inner) / np.sqrt(value.shape[3])
    return {
        "query": mix(score, key),
        "key": mix(score.swapaxes(2, 3), query),
        "value": mix(share.swapaxes(2, 3), pulled),
    }


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64: p's own, carried through."""
    query, key, value = (
        np.abs(select_valid(batch, n, 0.0)) for n in ("query", "key", "value")
    )
    pulled = np.where(over_time(batch.mask, cotangent), np.abs(cotangent), 0.0)
    weights, terms = _weights(options, batch), batch.time + value.shape[3] + 8
    return bound_pull(weights, query, key, value, pulled, terms)


def bound_pull(  # noqa: PLR0917 - what pull_back takes, and two more
    weights: Probabilities,
    query: Array,
    key: Array,
    value: Array,
    pulled: Array,
    terms: int,
) -> dict[str, Array]:
    """Return the bound of :func:`pull_back` in float64.

    Args:
        weights: The probabilities.
        query: Magnitudes, as all arrays are here.
        key: Likewise.
        value: Likewise.
        pulled: The cotangent's.
        terms: How many numbers are added at most, and the roundings of each.
    """
    p = PRECISIONS["float64"]
    share, error = weights.share, p.factor * _share_error(weights, p)
    root = np.sqrt(value.shape[3])
    # What a backward pass computes, magnitudes for numbers: it rounds each path once
    # at every step and adds at most T or D terms at a time.
    slope = _dots(pulled, value)
    inner = (share * slope).sum(axis=3, keepdims=True)
    moved = (error * slope).sum(axis=3, keepdims=True)
    score = share * (slope + inner) / root
    carried = (error * (slope + inner) + share * moved) / root
    carried += p.factor * terms * p.u * score
    rounding = p.factor * terms * p.u
    return {
        "query": mix(carried + rounding * score, key),
        "key": mix((carried + rounding * score).swapaxes(2, 3), query),
        "value": mix((error + rounding * share).swapaxes(2, 3), pulled),
    }


def visible_keys(options: Mapping[str, str], batch: Batch) -> Array:
    """Return which key ``[B, query, key]`` each valid query sees."""
    return _keys_in_reach(options, batch) & batch.mask[:, :, None]


@keep_recent
def _weights(options: Mapping[str, str], batch: Batch) -> Probabilities:
    """Return the probabilities of the valid queries."""
    query, key = (select_valid(batch, name, 0.0) for name in ("query", "key"))
    return weigh(query, key, visible_keys(options, batch))


def weigh(
    query: Array,
    key: Array,
    sees: Array,
    bias: Array | float = 0.0,
    bulk: Array | float = 0.0,
) -> Probabilities:
    """Return the probabilities of the keys ``[B, S, T]`` that each query sees.

    A ``bias [B, N, S, T]`` is added to the scores; ``bulk`` is the magnitude of the
    terms that it is made of.
    """
    sees = sees[:, None]
    root = np.sqrt(key.shape[3])
    scores = np.where(sees, _dots(query, key) / root + bias, -np.inf)
    top = scores.max(axis=3, keepdims=True, initial=-np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):  # where nothing is seen
        distance = np.where(sees, top - scores, 0.0)
        weight = np.where(sees, np.exp(-distance), 0.0)
        total = weight.sum(axis=3, keepdims=True)
        logs = np.where(sees, -distance - np.log(total), -np.inf)
    extent = _dots(np.abs(query), np.ones_like(key))
    extent = extent + _dots(np.ones_like(query), np.abs(key))
    return Probabilities(
        sees=sees,
        share=weight / np.where(total == 0, 1.0, total),
        logs=logs,
        distance=distance,
        size=np.where(sees, _dots(np.abs(query), np.abs(key)) / root + bulk, 0.0),
        extent=np.where(sees, extent, 0.0),
        features=key.shape[3],
    )


def bound_mix(weights: Probabilities, value: Array, p: Precision) -> Array:
    """Return the bound at every query, from the probabilities' own errors.

    Beside those: the sum of the probabilities, their division and store, the product
    with the values and the store of the answer, as docs/exactness.md derives.
    """
    mixed = mix(weights.share, np.abs(value))
    counts = weights.sees.sum(axis=3).swapaxes(1, 2)[..., None]
    rounding = ((2 * counts + 1) * p.v + 2 * p.u) * mixed
    rounding += 2 * p.u * np.abs(mix(weights.share, value))
    sees = np.broadcast_to(weights.sees, weights.share.shape).astype(np.float64)
    lost = 2 * p.eta * (1 + mix(sees, np.abs(value)))
    moved = mix(_share_error(weights, p), np.abs(value))
    # A score that the dtype cannot hold is not asked for.
    over = (weights.size * np.sqrt(weights.features) > p.largest).any(axis=3)
    error = p.factor * (moved + rounding + lost)
    # Where the answer is NaN it is nothing else.
    error = np.where(np.isnan(error), 0.0, error)
    return np.where(over.swapaxes(1, 2)[..., None], np.inf, error)


def _share_error(weights: Probabilities, p: Precision) -> Array:
    """Return how far off each probability may be, before it is divided and stored.

    Scores move by r at most, so log p moves by r_j + log sum p e^r; to first order
    that is the softmax's bound, and it still says something where r is large.
    """
    relative = (4 * p.u + (weights.features + 2) * p.v) * weights.size
    relative += 2 * p.u * weights.distance + 4 * p.u + p.eta * weights.extent
    swell = weights.logs + relative
    with np.errstate(all="ignore"):  # nothing seen, or scores beyond any range
        most = swell.max(axis=3, keepdims=True, initial=-np.inf)
        total = most + np.log(np.exp(swell - most).sum(axis=3, keepdims=True))
        moved = relative + total
        near = weights.share * np.expm1(moved)
        grown = np.exp(np.minimum(weights.logs + moved, 0.0)) - weights.share
        error = np.where(moved < 1, near, np.maximum(grown, weights.share))
    error = np.where(weights.sees, error, 0.0)
    # Probabilities sum to one: none is further off than all others together.
    return np.asarray(np.minimum(error, error.sum(axis=3, keepdims=True) - error))


def _keys_in_reach(options: Mapping[str, str], batch: Batch) -> Array:
    """Return which key ``[B, query, key]`` a query at any position sees."""
    mask = batch.mask
    seen = np.broadcast_to(mask[:, None, :], (*mask.shape, mask.shape[1]))
    if "window" in options:
        at = np.arange(mask.shape[1])
        seen = seen & (np.abs(at[:, None] - at) <= int(options["window"]))
    if "segments" in batch.arrays:
        number = batch.arrays["segments"]
        seen = seen & (number[:, :, None] == number[:, None])
    if options["causal"] == "causal":
        seen = seen & np.tri(mask.shape[1], dtype=bool)
    return seen


def _dots(one: Array, other: Array) -> Array:
    """Return the products of all positions over features, ``[B, N, S, T]``."""
    return np.asarray(np.einsum("bqnd,bknd->bnqk", one, other))


def mix(weights: Array, array: Array) -> Array:
    """Return the sums over positions with ``weights``, ``[B, S, N, D]``."""
    return np.asarray(np.einsum("bnqk,bknd->bqnd", weights, array))
