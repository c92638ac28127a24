"""The exact ``pack``, which computes nothing, and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import draw_pooled, to_float64

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 32

COUPLED = True
"""Where a row's positions stand depends on the rows around it."""


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``: rank 3 and rank 2 by turns."""
    del options
    return {"x": draw_pooled(draw, mask)}


def counted(options: Mapping[str, str], batch: Batch) -> Array:
    """Return which places of the answer hold a valid position, ``[B, T]``."""
    del options
    places = np.arange(batch.mask.size).reshape(batch.mask.shape)
    return np.asarray(places < batch.mask.sum())


def find_sources(options: Mapping[str, str], mask: Array) -> tuple[Array, Array]:
    """Return the row and the position of each valid position, in the order asked."""
    row, at = np.nonzero(mask)
    if options["order"] == "steps":
        step = (np.cumsum(mask, axis=1) - 1)[row, at]
        place = np.argsort(np.argsort(-mask.sum(axis=1), kind="stable"))
        order = np.lexsort((place[row], step))
        row, at = row[order], at[order]
    return row, at


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the packed positions ``[B, T, ...]``, zeros behind them."""
    x = to_float64(batch.arrays["x"])
    found = np.zeros(x.shape)
    found[counted(options, batch)] = x[find_sources(options, batch.mask)]
    return found


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: every element is one of the inputs, bit for bit."""
    del options, dtype
    return np.zeros(batch.arrays["x"].shape)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: each valid position's share, where it came from."""
    back = np.zeros(cotangent.shape)
    back[find_sources(options, batch.mask)] = cotangent[counted(options, batch)]
    return {"x": back}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return zeros: every element is one of the cotangent's, bit for bit."""
    del options, batch
    return {"x": np.zeros(cotangent.shape)}
