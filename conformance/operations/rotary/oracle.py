"""The exact ``rotary`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, select_valid
from conformance.trial.draw import GARBAGE, VALUES, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 16
HEADS = 2
FEATURES = 6
"""Three pairs, so that no axis is as long and the two layouts differ everywhere."""

BASE = 10000.0


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, ``x [B, T, N, D]``."""
    del options
    shape = (*mask.shape, HEADS, FEATURES)
    valid = draw.rows_of(VALUES, shape)
    return {"x": fill_padding(valid, draw.rows_of(GARBAGE, shape), mask)}


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, T, N, D]``; 0 at padding.

    Raises:
        ValueError: The number of features is odd.
    """
    x = select_valid(batch, "x", 0.0)
    if x.shape[3] % 2:
        msg = f"x has shape {x.shape}, expected [B, T, N, D] with an even D"
        raise ValueError(msg)
    first, second, cos, sin = _parts(options, batch, x)
    return _join(options, first * cos - second * sin, first * sin + second * cos)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    x = np.abs(select_valid(batch, "x", 0.0))
    error = _error(options, batch, x, dtype)
    # Where the answer is NaN it is nothing else.
    return np.where(over_time(batch.mask, x), np.nan_to_num(error, nan=0.0), 0.0)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: the cotangent, turned back."""
    pulled = np.where(over_time(batch.mask, cotangent), cotangent, 0.0)
    first, second, cos, sin = _parts(options, batch, pulled)
    return {"x": _join(options, first * cos + second * sin, second * cos - first * sin)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64, which is the answer's."""
    pulled = np.where(over_time(batch.mask, cotangent), np.abs(cotangent), 0.0)
    return {"x": _error(options, batch, pulled, "float64")}


def _error(options: Mapping[str, str], batch: Batch, size: Array, dtype: str) -> Array:
    """Return the bound for numbers of these magnitudes, at padding too."""
    p = PRECISIONS[dtype]
    first, second, cos, sin = _parts(options, batch, size)
    rate = _rates(size.shape[3])
    # The power that makes the rate, its product with the position, sine and cosine.
    angle = 4 + _positions(batch) * rate * (4 + 2 * np.abs(np.log(rate)))
    moved = p.v * (first + second) * angle + 2 * p.eta
    cos, sin = np.abs(cos), np.abs(sin)
    parts = (first * cos + second * sin, first * sin + second * cos)
    return _join(options, *(p.factor * (3 * p.u * part + moved) for part in parts))


def _parts(
    options: Mapping[str, str], batch: Batch, x: Array
) -> tuple[Array, Array, Array, Array]:
    """Return the features of all pairs, and the cosine and sine of their angles."""
    half = x.shape[3] // 2
    if options["layout"] == "half":
        first, second = x[..., :half], x[..., half:]
    else:
        first, second = x[..., ::2], x[..., 1::2]
    angle = _positions(batch) * _rates(x.shape[3])
    return first, second, np.cos(angle), np.sin(angle)


def _join(options: Mapping[str, str], first: Array, second: Array) -> Array:
    """Return pairs of features as they lie side by side."""
    if options["layout"] == "half":
        return np.concatenate([first, second], axis=3)
    pairs = np.stack([first, second], axis=4)
    return np.asarray(pairs.reshape((*first.shape[:3], 2 * first.shape[3])))


def _positions(batch: Batch) -> Array:
    """Return each valid token's position, ``[B, T, 1, 1]``."""
    found = np.maximum(np.cumsum(batch.mask, axis=1) - 1, 0)
    return np.asarray(found[..., None, None], dtype=np.float64)


def _rates(features: int) -> Array:
    """Return how far one position turns each pair, ``[D / 2]``."""
    return np.asarray(BASE ** (-np.arange(0, features, 2) / features))
