"""Parts of a mistake before the formula: what stood at padding, NaN, dtypes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.check.diagnosis.parts import InputPart, over
from conformance.trial.precision import numpy_dtype

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.trial.batch import Array, Batch


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
