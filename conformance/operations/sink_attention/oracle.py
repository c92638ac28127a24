"""The exact ``sink_attention`` in float64: attention's, with one key more.

That key's score is the sink, whatever the query, and its value is zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, select_valid, to_float64
from conformance.operations._common.recent import keep_recent
from conformance.operations.attention.oracle import (
    HEADS,
    ROWS,
    Probabilities,
    bound_mix,
    bound_pull,
    generate,
    mix,
    pull_back,
    visible_keys,
    weigh,
)
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

__all__ = [
    "ROWS",
    "answer",
    "bound",
    "generate",
    "generate_weights",
    "gradient",
    "gradient_bound",
    "visible_keys",
]

SINKS = (0.0, 1.0, -0.5, 2.0, -1.3, 3.0, -2.0, 0.1)


def generate_weights(options: Mapping[str, str], draw: Draw) -> dict[str, Array]:
    """Return a sink for each head, ``[N]``."""
    del options
    return {"sink": draw.of(SINKS, (HEADS,))}


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, T, N, D]``; all 0 at padded queries."""
    return mix(_weights(options, batch).share, _with_sink(batch, "value"))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    value = _with_sink(batch, "value")
    error = bound_mix(_weights(options, batch), value, PRECISIONS[dtype])
    return np.where(over_time(batch.mask, error), error, 0.0)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through query, key, value and sink."""
    share = _weights(options, batch).share
    query, key, value, pulled = _terms(batch, cotangent)
    found = pull_back(share, query, key, value, pulled)
    of_scores = pull_back(share, _unit(query), key, value, pulled)
    return _apart(found, of_scores)


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64."""
    weights = _weights(options, batch)
    query, key, value, pulled = map(np.abs, _terms(batch, cotangent))
    terms = batch.time + value.shape[3] + 9
    found = bound_pull(weights, query, key, value, pulled, terms)
    # The sink's own is a sum over all queries of the batch.
    terms += batch.mask.size
    of_scores = bound_pull(weights, _unit(query), key, value, pulled, terms)
    return _apart(found, of_scores)


def _terms(batch: Batch, cotangent: Array) -> tuple[Array, Array, Array, Array]:
    """Return query, key and value with the sink's, and the cotangent, 0 at padding."""
    query = select_valid(batch, "query", 0.0)
    pulled = np.where(over_time(batch.mask, cotangent), cotangent, 0.0)
    return query, _with_sink(batch, "key"), _with_sink(batch, "value"), pulled


def _unit(query: Array) -> Array:
    """Return queries with which a key's derivative is its scores' own, added up."""
    return np.full(query.shape, np.sqrt(query.shape[3]))


def _apart(found: dict[str, Array], of_scores: dict[str, Array]) -> dict[str, Array]:
    return {
        "query": found["query"],
        "key": found["key"][:, :-1],
        "value": found["value"][:, :-1],
        "sink": of_scores["key"][:, -1, :, 0].sum(axis=0),
    }


def _with_sink(batch: Batch, name: str) -> Array:
    """Return an input, zero at padding, with a position of zeros for the sink."""
    padded = ((0, 0), (0, 1), (0, 0), (0, 0))
    return np.pad(select_valid(batch, name, 0.0), padded)


@keep_recent
def _weights(options: Mapping[str, str], batch: Batch) -> Probabilities:
    """Return the probabilities of the valid queries, the sink's last."""
    query, key = select_valid(batch, "query", 0.0), _with_sink(batch, "key")
    sees = visible_keys(options, batch)
    sees = np.concatenate([sees, batch.mask[:, :, None]], axis=2)
    bias = np.zeros((1, query.shape[2], 1, key.shape[1]))
    bias[0, :, 0, -1] = to_float64(batch.weights["sink"])
    return weigh(query, key, sees, bias)
