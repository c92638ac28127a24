"""The exact ``positions``: whole numbers, without an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 32


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return numbers for ``mask``; a sequence begins at every third position or so.

    The last number goes on into the padding, which so looks like more of that
    sequence; a mask under which all of it counts has an answer, too.
    """
    del options
    begins = (draw.below(3, mask.shape) == 0) & mask
    begins[:, :1] = True
    return {"segments": np.cumsum(begins, axis=1, dtype=np.int64)}


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the positions ``[B, T]``; 0 at padding.

    Raises:
        ValueError: A row's sequences do not stand together.
    """
    segments, mask = batch.arrays["segments"], batch.mask
    found = np.zeros(mask.shape)
    for row, keep in enumerate(mask):
        numbers = segments[row, keep]
        at = np.arange(len(numbers))
        if options["within"] == "segment" and len(numbers):
            runs = np.append(0, np.flatnonzero(numbers[1:] != numbers[:-1]) + 1)
            if len(runs) > len(np.unique(numbers)):
                msg = (
                    f"the valid positions of a row have the numbers {numbers.tolist()},"
                    " expected each sequence's positions together"
                )
                raise ValueError(msg)
            at -= np.repeat(runs, np.diff(runs, append=len(numbers)))
        found[row, keep] = int(options["start"]) + at
    return found


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: positions are counted."""
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
