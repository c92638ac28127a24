"""Parts of a mistake behind the formula: a mask on the answer, NaN, order, dtype."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.check.diagnosis.divisors import DIVISORS, EPSILONS, MAIN
from conformance.check.diagnosis.parts import AnswerPart, over
from conformance.trial.precision import numpy_dtype

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.check.diagnosis.parts import MaskPart
    from conformance.trial.batch import Array, Batch

    Change = Callable[[Array, Batch, Array], Array | None]


def _time_mask(answer: Array, batch: Batch) -> Array | None:
    """Return the mask over an answer with a time axis; None where it has none."""
    if answer.ndim < 2 or answer.shape[:2] != batch.mask.shape:  # noqa: PLR2004 - [B, T]
        return None
    return np.broadcast_to(over(batch.mask, answer), answer.shape)


def _at_padding(value: float) -> Change:
    def change(answer: Array, batch: Batch, used: Array) -> Array | None:
        del used
        mask = _time_mask(answer, batch)
        return None if mask is None else np.where(mask, answer, value)

    return change


def _product(answer: Array, batch: Batch, used: Array) -> Array | None:
    del used
    mask = _time_mask(answer, batch)
    return None if mask is None else answer * mask


def _normalise_again(epsilon: float) -> Change:
    def change(answer: Array, batch: Batch, used: Array) -> Array | None:
        del used
        mask = _time_mask(answer, batch)
        if mask is None:
            return None
        kept = np.where(mask, answer, 0.0)
        return np.asarray(kept / (kept.sum(axis=1, keepdims=True) + epsilon))

    return change


def _keep_input(answer: Array, batch: Batch, used: Array) -> Array | None:
    del used
    mask, first = _time_mask(answer, batch), next(iter(batch.arrays.values()))
    if mask is None or first.shape != answer.shape:
        return None
    return np.where(mask, answer, np.asarray(first, np.float64))


AFTER: tuple[AnswerPart, ...] = (
    AnswerPart(
        text="applies the mask to the answer alone, which is 0 at padding",
        change=_at_padding(0.0),
        after=True,
    ),
    AnswerPart(
        text="multiplies the answer alone by the mask",
        change=_product,
        after=True,
    ),
    AnswerPart(
        text="applies the mask to the answer alone, and makes what is left sum to one",
        change=_normalise_again(0.0),
        after=True,
    ),
    *(
        AnswerPart(
            text=f"applies the mask to the answer alone, and divides by its sum plus "
            f"{epsilon}",
            change=_normalise_again(float(epsilon)),
            after=True,
        )
        for epsilon in ("1e-13", "1e-12", "1e-10", *EPSILONS)
    ),
    *(
        AnswerPart(
            text=f"applies the mask to the answer alone, which is {name} at padding",
            change=_at_padding(value),
            after=True,
        )
        for name, value in (("minus infinity", -np.inf), ("NaN", np.nan))
    ),
    AnswerPart(
        text="applies the mask to the answer alone, and keeps the input at padding",
        change=_keep_input,
        after=True,
    ),
)
"""The mask on the answer, not before it."""


def _empty(value: float) -> Change:
    def change(answer: Array, batch: Batch, used: Array) -> Array:
        del used
        empty = batch.counts == 0
        if not answer.ndim:
            return np.where(empty.all(), value, answer)
        wide = empty.reshape((-1,) + (1,) * (answer.ndim - 1))
        return np.where(wide, value, answer)

    return change


def _left(answer: Array, batch: Batch, used: Array) -> Array | None:
    """Return NaN where the mask that was used leaves nothing of a row."""
    if not answer.ndim or len(answer) != batch.rows:
        return None
    nothing = ~used.any(axis=1).reshape((-1,) + (1,) * (answer.ndim - 1))
    return np.where(nothing, np.nan, answer)


def _wrap_change(change: Callable[[Array], Array]) -> Change:
    return lambda answer, _, __: np.asarray(change(answer), np.float64)


def _sort_rows(answer: Array, batch: Batch, used: Array) -> Array | None:
    del used
    if not answer.ndim or len(answer) != batch.rows:
        return None
    return answer[np.argsort(-batch.counts, kind="stable")]


def _move(by: int) -> Change:
    def change(answer: Array, batch: Batch, used: Array) -> Array | None:
        del used
        if _time_mask(answer, batch) is None:
            return None
        return np.roll(answer, by, axis=1)

    return change


def _turn(answer: Array, batch: Batch, used: Array) -> Array | None:
    del used
    return None if _time_mask(answer, batch) is None else answer[:, ::-1]


def _spread(answer: Array) -> Array:
    return answer + 0 * answer.sum(axis=0, keepdims=True) if answer.ndim else answer


def _round(dtype: str) -> Change:
    return _wrap_change(lambda answer: answer.astype(numpy_dtype(dtype)))


_COMMON = 9
"""How many of the parts below go together with a divisor or a mask."""

OTHERS: tuple[AnswerPart, ...] = (
    *(
        AnswerPart(
            text=f"gives {name} for a row without valid positions",
            change=_empty(value),
        )
        for name, value in (
            ("NaN", np.nan),
            ("0", 0.0),
            ("minus infinity", -np.inf),
            ("infinity", np.inf),
        )
    ),
    AnswerPart(text="gives NaN where nothing of a row is left", change=_left),
    AnswerPart(
        text="lets the NaN of one row reach every row", change=_wrap_change(_spread)
    ),
    AnswerPart(
        text="replaces NaN in the answer by 0",
        change=_wrap_change(lambda answer: np.where(np.isnan(answer), 0.0, answer)),
    ),
    AnswerPart(
        text="replaces NaN and infinity in the answer by finite numbers",
        change=_wrap_change(
            lambda answer: np.asarray(
                np.nan_to_num(answer.astype(np.float32)), np.float64
            )
        ),
    ),
    AnswerPart(
        text="sorts the rows by length and does not sort the answers back",
        change=_sort_rows,
    ),
    AnswerPart(text="gives the answer of the position before", change=_move(1)),
    AnswerPart(text="gives the answer of the position behind", change=_move(-1)),
    AnswerPart(text="gives the answers of a row from its end", change=_turn),
    AnswerPart(text="gives the logarithm of the answer", change=_wrap_change(np.log)),
    AnswerPart(text="gives exp of the answer", change=_wrap_change(np.exp)),
    AnswerPart(text="gives the root of the answer", change=_wrap_change(np.sqrt)),
    AnswerPart(text="gives the answer's negative", change=_wrap_change(np.negative)),
    AnswerPart(text="rounds the answer to bfloat16", change=_round("bfloat16")),
    AnswerPart(text="rounds the answer to float16", change=_round("float16")),
    AnswerPart(
        text="truncates the answer to a whole number", change=_wrap_change(np.trunc)
    ),
)
"""What else becomes of an answer: NaN, empty rows, order, dtype."""

ANSWERS = (*DIVISORS, *AFTER, *OTHERS)


def _then(first: AnswerPart, second: AnswerPart) -> AnswerPart:
    """Return two parts as one, the first inside the second."""

    def change(answer: Array, batch: Batch, used: Array) -> Array | None:
        inner = first.change(answer, batch, used)
        return None if inner is None else second.change(inner, batch, used)

    text = f"{first.text}, and {second.text}"
    return AnswerPart(text=text, change=change, after=first.after)


PAIRS = tuple(
    _then(first, second)
    for first in (*DIVISORS[:MAIN], *AFTER)
    for second in OTHERS[:_COMMON]
)
"""Two parts behind the formula: a divisor or a mask, and what becomes of NaN."""


def on_answer(part: MaskPart) -> AnswerPart:
    """Return what a wrong mask is where the answer is the mask."""

    def change(answer: Array, batch: Batch, used: Array) -> Array | None:
        del used
        if answer.shape != batch.mask.shape:
            return None
        return np.asarray(part.change(replace(batch, mask=answer != 0)), np.float64)

    return AnswerPart(text=part.text, change=change)
