"""The exact ``masked_cummax`` in float64 and its derivative; nothing rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import draw_pooled, over_time, select_valid
from conformance.trial.draw import GARBAGE, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 32


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``: with features and no ties, and without, by turns."""
    del options
    x = draw_pooled(draw, mask)
    if not draw.turn % 2:
        # A derivative is judged exactly where it is one alone.
        shuffled = np.argsort(draw.below(1 << 20, x.shape), axis=1, kind="stable")
        distinct = (shuffled - np.floor(0.75 * x.shape[1])) / 3
        x = fill_padding(distinct, draw.rows_of(GARBAGE, x.shape), mask)
    return {"x": x}


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the largest values so far, ``[B, T, ...]``; 0 at padding."""
    found, _, _ = held(options, batch, "float64")
    return np.where(over_time(batch.mask, found), found, 0.0)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: a maximum rounds nothing."""
    del options, dtype
    return np.zeros(batch.arrays["x"].shape)


def held(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array, Array]:
    """Return the largest value up to each position, padded ones too.

    Returns:
        The values ``[B, T, ...]``, zeros for their bound, and which of them there are:
        before a row's first valid position there is none.
    """
    del options, dtype
    x = select_valid(batch, "x", -np.inf)
    found = np.maximum.accumulate(x, axis=1)
    some = over_time(np.maximum.accumulate(batch.mask, axis=1), x)
    return np.where(some, found, 0.0), np.zeros(x.shape), some


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative, with equal largest values sharing alike."""
    shares = _find_sources(options, batch)
    total = np.maximum(shares.sum(axis=2, keepdims=True), 1)
    return {"x": (shares / total * _pull(batch, cotangent)).sum(axis=1)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient`: where largest values tie, any share."""
    p, shares = PRECISIONS["float64"], _find_sources(options, batch)
    size = shares * _pull(batch, np.abs(cotangent))
    several = shares.sum(axis=2, keepdims=True) > 1
    reached = size.sum(axis=1)
    error = p.factor * ((batch.time + 1) * p.u * reached + (reached > 0) * p.eta)
    return {"x": error + np.where(several, size, 0.0).sum(axis=1)}


def _pull(batch: Batch, cotangent: Array) -> Array:
    """Return the cotangents of valid answers, ``[B, T, 1, ...]``."""
    return np.where(over_time(batch.mask, cotangent), cotangent, 0.0)[:, :, None]


def _find_sources(options: Mapping[str, str], batch: Batch) -> Array:
    """Return where each answer comes from, ``[B, T answers, T values, ...]``."""
    x, at = select_valid(batch, "x", -np.inf), np.arange(batch.time)
    found = answer(options, batch)[:, :, None]
    before = (at[:, None] >= at).reshape((1, len(at), len(at)) + (1,) * (x.ndim - 2))
    here = over_time(batch.mask, x)[:, None] & before
    return np.where(here & (x[:, None] == found), 1.0, 0.0)
