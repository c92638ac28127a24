"""The exact ``decode`` in float64, its error bound and its derivative.

Nothing is cached here: each step sees its own row's keys, the prompt's and the steps'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, select_valid, to_float64
from conformance.operations.attention.oracle import (
    FEATURES,
    HEADS,
    POINTERS,
    ROWS,
    Probabilities,
    bound_mix,
    bound_pull,
    mix,
    pull_back,
    weigh,
)
from conformance.operations.cross_attention.oracle import generate
from conformance.trial.draw import GARBAGE, VALUES, draw_right_mask, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

__all__ = [
    "ROWS",
    "answer",
    "attended",
    "bound",
    "counted",
    "generate",
    "generate_beside",
    "gradient",
    "gradient_bound",
]

STEPS = 4
"""Steps behind the prompt: neither its length nor the number of heads or features."""


def generate_beside(
    options: Mapping[str, str], draw: Draw, mask: Array
) -> dict[str, Array]:
    """Return queries, keys and values of the steps, and which of them count."""
    del options
    # Moved, since the prompts' mask begins with the same lengths.
    runs = np.roll(draw_right_mask(draw, len(mask), STEPS), 3, axis=0)
    shape = (len(mask), STEPS, HEADS, FEATURES)
    tables = {"query": POINTERS, "step_key": POINTERS, "step_value": VALUES}
    found = {
        name: fill_padding(
            draw.rows_of(table, shape), draw.rows_of(GARBAGE, shape), runs
        )
        for name, table in tables.items()
    }
    return {**found, "step_mask": runs}


def counted(options: Mapping[str, str], batch: Batch) -> Array:
    """Return which positions of the answer count, ``[B, S]``: the valid steps."""
    del options
    return batch.beside["step_mask"]


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, S, N, D]``; all 0 at padded steps."""
    del options
    return mix(_weights(batch).share, _join(batch, "value"))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    del options
    error = bound_mix(_weights(batch), _join(batch, "value"), PRECISIONS[dtype])
    return np.where(over_time(batch.beside["step_mask"], error), error, 0.0)


def attended(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array, Array]:
    """Return what padded steps get that attend like others, their own key hidden.

    Returns:
        The answer at all steps, its bound, infinite where a padded query is not
        finite, and which steps ``[B, S, 1, 1]`` see any key.
    """
    del options
    query = to_float64(batch.beside["query"])
    finite = np.asarray(np.isfinite(query).all(axis=(2, 3)))
    query = np.where(over_time(finite, query), query, 0.0)
    weights, value = _weights(batch, query), _join(batch, "value")
    error = bound_mix(weights, value, PRECISIONS[dtype])
    error = np.where(over_time(finite, error), error, np.inf)
    sees = np.asarray(_visible_slots(batch).any(axis=2))[..., None, None]
    return mix(weights.share, value), error, sees


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: attention's, of the prompt and of the steps apart."""
    del options
    key, value = _join(batch, "key"), _join(batch, "value")
    query, pulled = _select_steps(batch, "query"), _select_cotangent(batch, cotangent)
    return _part(batch, pull_back(_weights(batch).share, query, key, value, pulled))


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64."""
    del options
    arrays = (
        _select_steps(batch, "query"),
        _join(batch, "key"),
        _join(batch, "value"),
        _select_cotangent(batch, cotangent),
    )
    query, key, value, pulled = map(np.abs, arrays)
    terms = key.shape[1] + query.shape[1] + value.shape[3] + 8
    return _part(batch, bound_pull(_weights(batch), query, key, value, pulled, terms))


def _weights(batch: Batch, query: Array | None = None) -> Probabilities:
    """Return the probabilities of the valid steps, or of all that are given."""
    sees = _visible_slots(batch)
    if query is None:
        query = _select_steps(batch, "query")
        sees = sees & batch.beside["step_mask"][:, :, None]
    return weigh(query, _join(batch, "key"), sees)


def _visible_slots(batch: Batch) -> Array:
    """Return which slot ``[B, S, T + S]`` a step sees, whether it counts or not."""
    runs = batch.beside["step_mask"]
    steps = runs.shape[1]
    before = runs[:, None] & np.tri(steps, dtype=bool)
    prompt = np.broadcast_to(batch.mask[:, None], (*runs.shape, batch.time))
    return np.concatenate([prompt, before], axis=2)


def _join(batch: Batch, name: str) -> Array:
    """Return the prompt's keys or values and the steps', zero at padding."""
    parts = [select_valid(batch, name, 0.0), _select_steps(batch, f"step_{name}")]
    return np.concatenate(parts, axis=1)


def _select_steps(batch: Batch, name: str) -> Array:
    """Return an array of the steps in float64, zero at padding."""
    array = to_float64(batch.beside[name])
    return np.where(over_time(batch.beside["step_mask"], array), array, 0.0)


def _select_cotangent(batch: Batch, cotangent: Array) -> Array:
    runs = over_time(batch.beside["step_mask"], cotangent)
    return np.asarray(np.where(runs, cotangent, 0.0))


def _part(batch: Batch, found: dict[str, Array]) -> dict[str, Array]:
    """Return derivatives through all keys and values as the inputs have them."""
    time = batch.time
    own = {name: array[:, :time] for name, array in found.items() if name != "query"}
    steps = {f"step_{name}": found[name][:, time:] for name in own}
    return {**own, "query": found["query"], **steps}
