"""The exact ``pool1d`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from conformance.operations._common import windows
from conformance.operations._common.oracle import over_time, select_valid
from conformance.trial.draw import GARBAGE, VALUES, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 16
FEATURES = 2


class _Windows(NamedTuple):
    """What each answer sees, ``[B, T', window, F]``.

    Attributes:
        x: The values, zero at padding and outside the row.
        there: Where a valid position is.
        n: Valid positions, at least 1, ``[B, T', F]``.
        at: Where the windows are.
    """

    x: Array
    there: Array
    n: Array
    at: windows.Reach


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, ``x [B, T, F]``; no largest values tie by turns."""
    shape = (*mask.shape, FEATURES)
    valid = draw.rows_of(VALUES, shape)
    if options["of"] == "maximum" and not draw.turn % 2:
        # A derivative is judged exactly where it is one alone.
        shuffled = np.argsort(draw.below(1 << 20, shape), axis=1, kind="stable")
        valid = shuffled - np.floor(0.75 * shape[1])
    return {"x": fill_padding(valid, draw.rows_of(GARBAGE, shape), mask)}


def counted(options: Mapping[str, str], batch: Batch) -> Array:
    """Return which positions of the answer count, ``[B, T']``."""
    return windows.counted_positions(options, batch.mask, _reach(options))


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, T', F]``; 0 where a position does not count."""
    return _hide_padding(options, batch, _pool(options, _see(options, batch)))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    p, seen = PRECISIONS[dtype], _see(options, batch)
    found = _pool(options, seen)
    if options["of"] == "maximum":
        return np.zeros_like(found)
    error = (seen.n + 1) * p.v * np.abs(seen.x).sum(axis=2) / seen.n + p.eta
    if p.low:
        error = error + 2 * p.u * np.abs(found)
    # Where the answer is NaN it is nothing else.
    return _hide_padding(options, batch, np.nan_to_num(p.factor * error, posinf=np.inf))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative, with equal largest values sharing alike."""
    seen, pulled = _see(options, batch), _hide_padding(options, batch, cotangent)
    shares = np.where(_sources(options, seen), 1.0, 0.0)
    shares /= np.maximum(shares.sum(axis=2, keepdims=True), 1)
    return {"x": _spread(batch, seen, shares * pulled[:, :, None])}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient`: where largest values tie, any share."""
    p, seen = PRECISIONS["float64"], _see(options, batch)
    pulled = np.abs(_hide_padding(options, batch, cotangent))[:, :, None]
    from_here = _sources(options, seen)
    several = from_here & (from_here.sum(axis=2, keepdims=True) > 1)
    tied = several if options["of"] == "maximum" else np.zeros_like(several)
    size = _spread(batch, seen, np.where(from_here, pulled, 0.0))
    error = p.factor * ((seen.at.taps + 2) * p.u * size + (size > 0) * p.eta)
    return {"x": error + _spread(batch, seen, np.where(tied, pulled, 0.0))}


def _reach(options: Mapping[str, str]) -> windows.Reach:
    return windows.reach(options, int(options["window"]))


def _see(options: Mapping[str, str], batch: Batch) -> _Windows:
    at, x = _reach(options), select_valid(batch, "x", 0.0)
    valid = np.broadcast_to(over_time(batch.mask, x), x.shape)
    there = windows.windows(valid, at)
    n = np.maximum(there.sum(axis=2), 1)
    return _Windows(windows.windows(x, at), there, n, at)


def _pool(options: Mapping[str, str], seen: _Windows) -> Array:
    if options["of"] == "average":
        return np.asarray(seen.x.sum(axis=2) / seen.n)
    found = np.where(seen.there, seen.x, -np.inf).max(axis=2, initial=-np.inf)
    return np.where(seen.there.any(axis=2), found, 0.0)


def _sources(options: Mapping[str, str], seen: _Windows) -> Array:
    """Return where an answer comes from: all of a window, or its largest values."""
    if options["of"] == "average":
        return seen.there
    largest = _pool(options, seen)[:, :, None]
    return np.asarray(seen.there & (seen.x == largest))


def _spread(batch: Batch, seen: _Windows, parts: Array) -> Array:
    return windows.scatter(parts, batch.time, seen.at)


def _hide_padding(options: Mapping[str, str], batch: Batch, found: Array) -> Array:
    return np.where(over_time(counted(options, batch), found), found, 0.0)
