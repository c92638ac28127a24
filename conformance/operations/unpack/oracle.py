"""The exact ``unpack``, which computes nothing, and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import draw_pooled, to_float64
from conformance.operations.pack.oracle import find_sources
from conformance.trial.draw import GARBAGE, LADDER, VALUES, fill_padding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 32

COUPLED = True
"""Which values a row has depends on the rows before it."""


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return x for ``mask``, whose shape alone is read."""
    del options
    return {"x": draw_pooled(draw, mask, features=False)}


def generate_beside(
    options: Mapping[str, str], draw: Draw, mask: Array
) -> dict[str, Array]:
    """Return values for as many positions as a mask of these rows may ever have.

    With two features and without by turns; garbage behind what the mask needs.
    """
    del options
    trailing = ((2,), ())[draw.turn % 2]
    shape = (mask.shape[0], max(mask.shape[1], LADDER[-1]))
    needed = np.arange(shape[0] * shape[1]).reshape(shape) < mask.sum()
    valid = draw.rows_of(VALUES, shape + trailing)
    garbage = draw.rows_of(GARBAGE, valid.shape)
    return {"values": fill_padding(valid, garbage, needed)}


def find_needed(batch: Batch) -> Array:
    """Return which of the values are needed, ``[B, S]``: the first N of them."""
    shape = batch.beside["values"].shape[:2]
    places = np.arange(shape[0] * shape[1]).reshape(shape)
    return np.asarray(places < batch.mask.sum())


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the values at their positions ``[B, T, ...]``, zeros at padding.

    Raises:
        ValueError: There are fewer values than valid positions.
    """
    values = to_float64(batch.beside["values"])
    flat = values[find_needed(batch)]
    places = find_sources(options, batch.mask)
    if len(flat) < len(places[0]):
        msg = (
            f"there are {len(flat)} values, expected at least {len(places[0])}, one "
            "for each valid position"
        )
        raise ValueError(msg)
    found = np.zeros((*batch.mask.shape, *values.shape[2:]))
    found[places] = flat
    return found


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return zeros: every element is one of the values, bit for bit."""
    del options, dtype
    return np.zeros((*batch.mask.shape, *batch.beside["values"].shape[2:]))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative: each position's share at its value, zero behind them."""
    back = np.zeros(batch.beside["values"].shape)
    back[find_needed(batch)] = cotangent[find_sources(options, batch.mask)]
    return {"values": back}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return zeros: every element is one of the cotangent's, bit for bit."""
    del options, cotangent
    return {"values": np.zeros(batch.beside["values"].shape)}
