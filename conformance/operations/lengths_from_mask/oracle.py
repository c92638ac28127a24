"""The exact ``lengths_from_mask``: whole numbers, without an error."""

from __future__ import annotations

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


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return each row's length ``[B]``."""
    if options["by"] == "count":
        return batch.counts.astype(np.float64)
    behind = np.arange(1, batch.time + 1) * batch.mask
    return np.asarray(behind.max(axis=1, initial=0), dtype=np.float64)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: positions are counted."""
    del options, dtype
    return np.zeros(batch.rows)


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
