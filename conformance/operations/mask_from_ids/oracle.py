"""The exact ``mask_from_ids``, and the ids that say what a mask says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 32

KINDS = 12
"""How many ids a batch draws from, the padding id left out."""


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return ids for ``mask``: small ones, so that 0, 1 and 2 are among them."""
    return {"ids": _put_mask(options, draw.below(KINDS, mask.shape), mask)}


def formed(options: Mapping[str, str], batch: Batch) -> Batch:
    """Return the batch with the padding id at padding, and nowhere else."""
    ids = _put_mask(options, batch.arrays["ids"], batch.mask)
    return replace(batch, arrays={"ids": ids})


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the mask, in numbers: the ids of a formed batch say the same."""
    ids = formed(options, batch).arrays["ids"]
    return np.asarray(ids != int(options["padding_id"]), dtype=np.float64)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: a position counts or does not."""
    del dtype
    return np.zeros_like(answer(options, batch))


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


def _put_mask(options: Mapping[str, str], ids: Array, mask: Array) -> Array:
    padding = int(options["padding_id"])
    # A valid position that holds the padding id gets another, 0 for 1 and 1 for 0.
    others = np.where(ids == padding, 1 - padding, ids)
    return np.where(mask, others, padding)
