"""The exact ``mask_from_lengths``, and the lengths that say what a mask says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import draw_pooled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 32


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return x for ``mask``, whose shape alone is read: rank 3 and rank 2 by turns."""
    del options
    return {"x": draw_pooled(draw, mask)}


def generate_beside(
    options: Mapping[str, str], draw: Draw, mask: Array
) -> dict[str, Array]:
    """Return the lengths ``[B]`` of a mask's rows."""
    del options, draw
    return {"lengths": mask.sum(axis=1, dtype=np.int64)}


def formed(options: Mapping[str, str], batch: Batch) -> Batch:
    """Return the batch with its mask on one side, and lengths that say the same.

    A length above T stays: it says the same as T.

    Raises:
        ValueError: A length is below 0.
    """
    old, counts, time = batch.beside["lengths"], batch.counts, batch.time
    if (old < 0).any():
        msg = f"the lengths are {old.tolist()}, expected at least 0"
        raise ValueError(msg)
    same = np.minimum(old.astype(np.int64), time) == counts
    at, count = np.arange(time), counts[:, None]
    mask = at < count if options["side"] == "right" else at >= time - count
    lengths = np.where(same, old, counts).astype(old.dtype)
    return replace(batch, beside={"lengths": lengths}, mask=mask)


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the mask ``[B, T]``, in numbers: the lengths of a formed batch say it."""
    return formed(options, batch).mask.astype(np.float64)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: a position counts or does not."""
    del options, dtype
    return np.zeros(batch.mask.shape)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return nothing: whole numbers have no derivative."""
    del options, batch, cotangent
    return {}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return nothing, likewise."""
    return gradient(options, batch, cotangent)
