"""The exact ``mask_from_features``, and the features that say what a mask says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.trial.draw import VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 32


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return features for ``mask``: three at each position."""
    del options
    return {"x": _put_mask(draw.rows_of(VALUES, (*mask.shape, 3)), mask)}


def formed(options: Mapping[str, str], batch: Batch) -> Batch:
    """Return the batch with zeros at padding, and at no valid position zeros alone."""
    del options
    return replace(batch, arrays={"x": _put_mask(batch.arrays["x"], batch.mask)})


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the mask, in numbers: the features of a formed batch say the same."""
    x = formed(options, batch).arrays["x"]
    return np.asarray((x != 0).any(axis=-1), dtype=np.float64)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: a position counts or does not."""
    del dtype
    return np.zeros_like(answer(options, batch))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return nothing: a comparison has no derivative."""
    del options, batch, cotangent
    return {}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return nothing, likewise."""
    return gradient(options, batch, cotangent)


def _put_mask(x: Array, mask: Array) -> Array:
    inside = np.array(np.where(mask[..., None] | (x == 0), x, np.zeros((), x.dtype)))
    inside[mask & ~(inside != 0).any(axis=-1)] = 1
    return inside
