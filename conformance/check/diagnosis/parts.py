"""The parts that a mistake is made of: a mask, what stands at padding, a divisor.

A part knows no operation. It changes what the right formula is given, or what it
answers, so that one list serves every operation that there is or will be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common import arrays
from conformance.trial.precision import numpy_dtype

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.trial.batch import Array, Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskPart:
    """Which mask was used in place of the one that was given.

    Attributes:
        text: What is wrong, as a verb with its object.
        change: Takes the batch, returns the mask that is used, ``[B, T]``.
    """

    text: str
    change: Callable[[Batch], Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPart:
    """What became of the inputs before the formula saw them.

    Attributes:
        text: What is wrong.
        change: Takes the batch and the largest number of its dtype, returns a batch.
        fills: Whether it takes the place of the mask, which is then not used again.
    """

    text: str
    change: Callable[[Batch, float], Batch]
    fills: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPart:
    """What became of the answer behind the formula.

    Attributes:
        text: What is wrong.
        change: Takes the answer, the batch, and the mask that was used; returns
            another answer, or None where that means nothing.
        after: Whether it applies the given mask, so that the formula need not.
    """

    text: str
    change: Callable[[Array, Batch, Array], Array | None]
    after: bool = False


def over(mask: Array, array: Array) -> Array:
    """Return ``mask [B, T]`` with as many axes as ``array``."""
    return mask.reshape(mask.shape + (1,) * (array.ndim - 2))


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
        text="takes a row without valid positions for a full one",
        change=_of(arrays.fill_empty_rows),
    ),
)
"""Which mask was used."""


def _each(batch: Batch, change: Callable[[Array], Array]) -> Batch:
    """Return the batch with its floating inputs changed."""
    with np.errstate(all="ignore"):
        changed = {
            name: array
            if array.dtype.kind in "biu"
            else np.asarray(change(array), array.dtype)
            for name, array in batch.arrays.items()
        }
    return replace(batch, arrays=changed)


def _fill_padding(batch: Batch, value: float) -> Batch:
    return _each(batch, lambda x: np.where(over(batch.mask, x), x, x.dtype.type(value)))


def _fill(value: float) -> Callable[[Batch, float], Batch]:
    return lambda batch, _: _fill_padding(batch, value)


def _product(batch: Batch, _: float) -> Batch:
    return _each(batch, lambda x: x * over(batch.mask, x).astype(x.dtype))


def _sum(batch: Batch, value: float) -> Batch:
    def added(x: Array) -> Array:
        away = ~over(batch.mask, x)
        return np.asarray(x + away.astype(x.dtype) * x.dtype.type(value))

    return _each(batch, added)


def _round(dtype: str) -> Callable[[Batch, float], Batch]:
    return lambda batch, _: _each(batch, lambda x: x.astype(numpy_dtype(dtype)))


def _turn(batch: Batch, _: float) -> Batch:
    turned = {name: array[:, ::-1].copy() for name, array in batch.arrays.items()}
    return replace(batch, arrays=turned)


def _below(batch: Batch, _: float) -> Batch:
    def filled(x: Array) -> Array:
        wide = over(batch.mask, x)
        return np.where(wide, x, x.min() - 1 if x.size else x)

    return _each(batch, filled)


_FILLS = (
    ("0", 0.0),
    ("1", 1.0),
    ("-1", -1.0),
    ("-100", -100.0),
    ("-1e3", -1e3),
    ("-1e4", -1e4),
    ("-1e5", -1e5),
    ("-1e6", -1e6),
    ("-1e9", -1e9),
    ("-1e10", -1e10),
    ("-1e30", -1e30),
    ("1e4", 1e4),
    ("1e9", 1e9),
    ("minus infinity", -np.inf),
    ("infinity", np.inf),
    ("NaN", np.nan),
)
_KNOWN = {value for _, value in _FILLS}
INFERRED = 4
"""Numbers of an answer that are tried as what padding was filled with."""

INPUTS: tuple[InputPart, ...] = (
    InputPart(
        text="multiplies the input by the mask and then counts padding as valid",
        change=_product,
        fills=True,
    ),
    *(
        InputPart(
            text=f"fills padding with {name} and then counts it as valid",
            change=_fill(value),
            fills=True,
        )
        for name, value in _FILLS
    ),
    InputPart(
        text="fills padding with the dtype's smallest number and then counts it",
        change=lambda batch, largest: _fill_padding(batch, -largest),
        fills=True,
    ),
    InputPart(
        text="fills padding with the dtype's largest number and then counts it",
        change=_fill_padding,
        fills=True,
    ),
    InputPart(
        text="fills padding with the batch's smallest number less one",
        change=_below,
        fills=True,
    ),
    *(
        InputPart(
            text=f"adds {value:g} to padding, which keeps what stood there",
            change=lambda batch, _, value=value: _sum(batch, value),  # type: ignore[misc]
            fills=True,
        )
        for value in (-1e4, -1e5, -1e9, -1e10)
    ),
    InputPart(
        text="adds the dtype's smallest number to padding, which may overflow",
        change=lambda batch, largest: _sum(batch, -largest),
        fills=True,
    ),
    InputPart(
        text="adds the mask, as 0 and 1, to the input",
        change=lambda batch, _: _each(
            batch, lambda x: x + over(batch.mask, x).astype(x.dtype)
        ),
        fills=True,
    ),
    InputPart(
        text="takes NaN in the input for 0",
        change=lambda batch, _: _each(
            batch, lambda x: np.where(np.isnan(x), x.dtype.type(0), x)
        ),
    ),
    *(
        InputPart(
            text=f"takes NaN in the input for {name}",
            change=lambda batch, _, value=value: _each(  # type: ignore[misc]
                batch, lambda x: np.where(np.isnan(x), x.dtype.type(value), x)
            ),
        )
        for name, value in (("minus infinity", -np.inf), ("infinity", np.inf))
    ),
    InputPart(
        text="replaces NaN and infinity in the input by finite numbers",
        change=lambda batch, _: _each(batch, np.nan_to_num),
    ),
    InputPart(
        text="takes infinity in the input for 0, and NaN too",
        change=lambda batch, _: _each(
            batch, lambda x: np.where(np.isfinite(x), x, x.dtype.type(0))
        ),
    ),
    InputPart(text="rounds the input to bfloat16", change=_round("bfloat16")),
    InputPart(text="rounds the input to float16", change=_round("float16")),
    InputPart(
        text="truncates the input to whole numbers",
        change=lambda batch, _: _each(batch, np.trunc),
    ),
    InputPart(text="reads the rows from their ends, not the mask", change=_turn),
)
"""What stood at padding, and what became of NaN."""


def inferred_fills(answer: Array | None) -> tuple[InputPart, ...]:
    """Return fills with the numbers that an answer shows, where they are few.

    Args:
        answer: The wrong answer; a maximum or the like shows what padding was.
    """
    if answer is None:
        return ()
    found = np.unique(answer[np.isfinite(answer)])
    shown = [float(value) for value in found if value not in _KNOWN][:INFERRED]
    return tuple(
        InputPart(
            text=f"fills padding with {value:.9g} and then counts it as valid",
            change=_fill(value),
            fills=True,
        )
        for value in shown
    )


def inputs_alone(names: Sequence[str]) -> tuple[InputPart, ...]:
    """Return the parts that touch one of several inputs and leave the others.

    Args:
        names: The operation's inputs; of one alone there is nothing to say.
    """
    if len(names) < 2:  # noqa: PLR2004 - one has no others
        return ()
    return tuple(
        InputPart(
            text=f"sets padding of {name} alone to 0 and then counts it as valid",
            change=_alone(name),
            fills=True,
        )
        for name in names
    )


def _alone(name: str) -> Callable[[Batch, float], Batch]:
    def change(batch: Batch, _: float) -> Batch:
        array = batch.arrays[name]
        zeros = np.where(over(batch.mask, array), array, array.dtype.type(0))
        return replace(batch, arrays={**batch.arrays, name: zeros})

    return change
