"""Parts of a mistake that take the mask's place: which one was used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.check.diagnosis.parts import MaskPart
from conformance.operations._common import arrays

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.trial.batch import Array, Batch


def _of(change: Callable[..., Array]) -> Callable[[Batch], Array]:
    return lambda batch: np.asarray(change(np, batch.mask))


def _nonzero(batch: Batch) -> Array:
    """Return which positions hold a number other than zero in every input."""
    holds = np.ones(batch.mask.shape, dtype=bool)
    for array in batch.arrays.values():
        if array.dtype.kind not in "biu":
            wide = array.reshape((*array.shape[:2], -1))
            holds &= (wide != 0).any(axis=2)
    return holds


def _numbers(batch: Batch, test: Callable[[Array], Array]) -> Array:
    """Return which positions pass a test in every floating input."""
    holds = np.ones(batch.mask.shape, dtype=bool)
    for array in batch.arrays.values():
        if array.dtype.kind not in "biu":
            wide = np.asarray(array, np.float64).reshape((*array.shape[:2], -1))
            holds &= test(wide).all(axis=2)
    return holds


def _move_mask(batch: Batch, by: int) -> Array:
    """Return the mask moved along time, with padding where nothing moves in."""
    moved = np.zeros_like(batch.mask)
    if by > 0:
        moved[:, by:] = batch.mask[:, :-by]
    else:
        moved[:, :by] = batch.mask[:, -by:]
    return moved


def _kept_last(batch: Batch) -> Array:
    """Return the mask without each row's last position, unless it is the only one."""
    fewer = arrays.drop_last(np, batch.mask)
    return np.where(batch.counts[:, None] > 1, fewer, batch.mask)


def _inner(batch: Batch) -> Array:
    inner = arrays.drop_last(np, batch.mask)
    return np.asarray(arrays.drop_first(np, inner))


def _to_length(batch: Batch, lengths: Array) -> Array:
    return np.asarray(np.arange(batch.time)[None] < lengths[:, None])


_USUAL_MASKS = tuple(
    MaskPart(text=text, change=_of(change))
    for change, text, _, _ in arrays.MASKS.values()
)
MASKS: tuple[MaskPart, ...] = (
    *_USUAL_MASKS,
    MaskPart(
        text="uses the first row's mask for all rows",
        change=lambda batch: np.broadcast_to(batch.mask[:1], batch.mask.shape).copy(),
    ),
    MaskPart(
        text="uses the shortest row's length for all rows",
        change=lambda batch: (
            np.arange(batch.time)[None]
            < batch.counts.min(initial=0) + np.zeros((batch.rows, 1))
        ),
    ),
    MaskPart(
        text="moves the mask one position to the right",
        change=lambda batch: _move_mask(batch, 1),
    ),
    MaskPart(
        text="moves the mask one position to the left, and loses the last valid one",
        change=lambda batch: _move_mask(batch, -1),
    ),
    MaskPart(
        text="leaves out each row's last valid position unless it is the only one",
        change=_kept_last,
    ),
    MaskPart(
        text="leaves out the padded row's first position",
        change=lambda batch: batch.mask & (np.arange(batch.time) > 0),
    ),
    MaskPart(
        text="leaves out the padded row's last position",
        change=lambda batch: batch.mask & (np.arange(batch.time) < batch.time - 1),
    ),
    MaskPart(
        text="reads the mask from its end",
        change=lambda batch: batch.mask[:, ::-1].copy(),
    ),
    MaskPart(
        text="counts a row's valid positions from the padded row's end",
        change=lambda batch: (
            np.arange(batch.time)[None] >= batch.time - batch.counts[:, None]
        ),
    ),
    MaskPart(
        text="takes valid zeros for padding",
        change=lambda batch: batch.mask & _nonzero(batch),
    ),
    MaskPart(
        text="makes a mask of its own, of the numbers that are not zero",
        change=_nonzero,
    ),
    MaskPart(
        text="leaves NaN at valid positions out",
        change=lambda batch: batch.mask & _numbers(batch, lambda x: ~np.isnan(x)),
    ),
    MaskPart(
        text="leaves NaN and infinity at valid positions out",
        change=lambda batch: batch.mask & _numbers(batch, np.isfinite),
    ),
    MaskPart(
        text="ignores the mask, and leaves NaN out wherever it is",
        change=lambda batch: _numbers(batch, lambda x: ~np.isnan(x)),
    ),
    MaskPart(
        text="takes the first valid position alone",
        change=lambda batch: batch.mask & ~arrays.drop_first(np, batch.mask),
    ),
    MaskPart(
        text="takes the last valid position alone",
        change=lambda batch: batch.mask & ~arrays.drop_last(np, batch.mask),
    ),
    MaskPart(
        text="takes the padded row's last position alone",
        change=lambda batch: np.broadcast_to(
            np.arange(batch.time) == batch.time - 1, batch.mask.shape
        ).copy(),
    ),
    MaskPart(
        text="takes the padded row's first position alone",
        change=lambda batch: np.broadcast_to(
            np.arange(batch.time) == 0, batch.mask.shape
        ).copy(),
    ),
    MaskPart(
        text="leaves out each row's first and last valid position",
        change=_inner,
    ),
    MaskPart(
        text="uses the mask of the row before",
        change=lambda batch: np.roll(batch.mask, 1, axis=0),
    ),
    MaskPart(
        text="uses the mask of the row behind",
        change=lambda batch: np.roll(batch.mask, -1, axis=0),
    ),
    MaskPart(
        text="rounds each row's length up to an even number",
        change=lambda batch: _to_length(batch, batch.counts + batch.counts % 2),
    ),
    MaskPart(
        text="rounds each row's length down to an even number",
        change=lambda batch: _to_length(batch, batch.counts - batch.counts % 2),
    ),
    MaskPart(
        text="takes a row without padding for an empty one",
        change=lambda batch: batch.mask & ~batch.mask.all(axis=1, keepdims=True),
    ),
    MaskPart(
        text="takes the first position alone of a row without padding",
        change=lambda batch: (
            batch.mask
            & (~batch.mask.all(axis=1, keepdims=True) | (np.arange(batch.time) == 0))
        ),
    ),
    MaskPart(
        text="takes a row with any padding for padding throughout",
        change=lambda batch: batch.mask & batch.mask.all(axis=1, keepdims=True),
    ),
    MaskPart(
        text="takes a row without valid positions for a full one",
        change=_of(arrays.fill_empty_rows),
    ),
)
"""Which mask was used."""

USUAL = MASKS[: len(_USUAL_MASKS)]
"""The wrong masks that people use most, beside another part."""
