"""The exact ``masked_topk`` in float64 and its derivative; nothing rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, select_valid
from conformance.operations.masked_cummax.oracle import ROWS, generate
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

__all__ = [
    "ROWS",
    "answer",
    "bound",
    "counted",
    "generate",
    "gradient",
    "gradient_bound",
]


def counted(options: Mapping[str, str], batch: Batch) -> Array:
    """Return which places of the answer have a value, ``[B, k]``.

    All of an empty row's have what is declared of empty rows.
    """
    counts = batch.counts[:, None]
    return np.asarray((np.arange(int(options["k"])) < counts) | (counts == 0))


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the k largest values ``[B, k, ...]``; 0 where there is none."""
    size = int(options["k"])
    x = select_valid(batch, "x", -np.inf)
    longer = [(0, 0), (0, max(size - batch.time, 0)), *[(0, 0)] * (x.ndim - 2)]
    padded = np.pad(x, longer, constant_values=-np.inf)
    # NaN, which is sorted behind all numbers, comes first.
    found = np.sort(padded, axis=1)[:, ::-1][:, :size]
    return np.where(_filled(options, batch, found), found, 0.0)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: a choice rounds nothing."""
    del dtype
    return np.zeros(answer(options, batch).shape)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative, with equal values sharing alike."""
    sources = _find_sources(options, batch)
    total = np.maximum(sources.sum(axis=2, keepdims=True), 1)
    return {"x": (sources / total * cotangent[:, :, None]).sum(axis=1)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient`: where values are equal, any share."""
    p, sources = PRECISIONS["float64"], _find_sources(options, batch)
    size = sources * np.abs(cotangent)[:, :, None]
    several = sources.sum(axis=2, keepdims=True) > 1
    reached = size.sum(axis=1)
    error = p.factor * ((batch.time + 1) * p.u * reached + (reached > 0) * p.eta)
    return {"x": error + np.where(several, size, 0.0).sum(axis=1)}


def _filled(options: Mapping[str, str], batch: Batch, found: Array) -> Array:
    """Return which places have a value of the row's own, as wide as the answer."""
    some = np.arange(int(options["k"])) < batch.counts[:, None]
    return over_time(some, found)


def _find_sources(options: Mapping[str, str], batch: Batch) -> Array:
    """Return where each place's value stands, ``[B, k, T, ...]``."""
    x, found = select_valid(batch, "x", -np.inf), answer(options, batch)
    here = over_time(batch.mask, x)[:, None] & (x[:, None] == found[:, :, None])
    return np.where(_filled(options, batch, found)[:, :, None] & here, 1.0, 0.0)
