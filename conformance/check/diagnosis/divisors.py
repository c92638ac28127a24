"""Parts of a mistake behind the formula: what was divided by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.check.diagnosis.parts import AnswerPart

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.trial.batch import Array, Batch

    Divisor = Callable[[Batch], Array]
    Change = Callable[[Array, Batch, Array], Array | None]

EPSILONS = ("1e-2", "1e-3", "1e-4", "1e-5", "1e-6", "1e-7", "1e-8", "1e-9")

_COUNT = "the number of valid positions"


def _total(number: Callable[[Array], Array]) -> Divisor:
    """Return a divisor that all rows share, from every row's count."""
    return lambda batch: np.full(batch.rows, number(batch.counts))


def _mean_count(counts: Array) -> Array:
    return counts.mean() if counts.size else np.asarray(1.0)


def _least(counts: Array) -> Array:
    return counts.min() if counts.size else np.asarray(0)


_DIVISORS: tuple[tuple[str, Divisor], ...] = (
    ("T", lambda batch: np.full(batch.rows, batch.time)),
    ("one less than T", lambda batch: np.full(batch.rows, batch.time - 1)),
    ("one more than " + _COUNT, lambda batch: batch.counts + 1),
    ("one less than " + _COUNT, lambda batch: batch.counts - 1),
    ("the longest row's number of valid positions", _total(lambda n: n.max(initial=0))),
    (
        "the shortest row's number of valid positions",
        _total(lambda n: n.min() if n.size else n.sum()),
    ),
    ("the first row's number of valid positions", _total(lambda n: n[:1].sum())),
    ("the rows' average number of valid positions", _total(_mean_count)),
    ("the batch's number of valid positions", _total(np.sum)),
    ("the number of rows", lambda batch: np.full(batch.rows, batch.rows)),
    ("B T", lambda batch: np.full(batch.rows, batch.rows * batch.time)),
    ("the root of " + _COUNT, lambda batch: np.sqrt(batch.counts)),
)
_WHOLE: tuple[tuple[str, Divisor], ...] = (
    ("B T", lambda batch: np.asarray(batch.rows * batch.time)),
    ("T", lambda batch: np.asarray(batch.time)),
    ("the number of rows", lambda batch: np.asarray(batch.rows)),
    (
        "the number of rows with a valid position",
        lambda batch: np.asarray((batch.counts > 0).sum()),
    ),
    ("one more than " + _COUNT, lambda batch: batch.counts.sum() + 1),
    (
        "B times the longest row's length",
        lambda batch: batch.rows * batch.counts.max(initial=0),
    ),
    (
        "B times the first row's length",
        lambda batch: np.asarray(batch.rows * batch.counts[:1].sum()),
    ),
    (
        "the longest row's length",
        lambda batch: np.asarray(batch.counts.max(initial=0)),
    ),
    (
        "the rows' average number of valid positions",
        lambda batch: _mean_count(batch.counts),
    ),
)


def _count_valid(mask: Array, like: Array) -> Array:
    """Return how many positions a mask has, by row or in all, as the answer has it."""
    counts = mask.sum(axis=1) if like.ndim else mask.sum()
    wide = counts.reshape(np.shape(counts) + (1,) * max(0, like.ndim - 1))
    return np.asarray(np.maximum(wide, 1), np.float64)


def _by(answer: Array, divisor: Array) -> Array | None:
    if answer.ndim and np.shape(divisor) != answer.shape[:1]:
        return None
    if not answer.ndim and np.ndim(divisor):
        return None
    wide = np.reshape(divisor, np.shape(divisor) + (1,) * max(0, answer.ndim - 1))
    return np.asarray(wide, np.float64)


def _instead(divisor: Divisor) -> Change:
    def change(answer: Array, batch: Batch, used: Array) -> Array | None:
        by = _by(answer, divisor(batch))
        return None if by is None else answer * _count_valid(used, answer) / by

    return change


def _besides(divisor: Divisor, power: int) -> Change:
    def change(answer: Array, batch: Batch, used: Array) -> Array | None:
        del used
        by = _by(answer, divisor(batch))
        return None if by is None else answer * by**power

    return change


def _own_count(answer: Array, batch: Batch, used: Array) -> Array:
    return answer * _count_valid(used, answer) / _count_valid(batch.mask, answer)


def _little(epsilon: float) -> Change:
    def change(answer: Array, batch: Batch, used: Array) -> Array:
        number = batch.mask.sum(axis=1) if answer.ndim else batch.mask.sum()
        number = number.reshape(number.shape + (1,) * max(0, answer.ndim - 1))
        return np.asarray(answer * _count_valid(used, answer) / (number + epsilon))

    return change


def _times(power: int) -> Change:
    def change(answer: Array, batch: Batch, used: Array) -> Array:
        del batch
        return np.asarray(answer * _count_valid(used, answer) ** power)

    return change


MAIN = 3 + len(_DIVISORS) + len(_WHOLE) + len(EPSILONS)
"""The divisors that people use in place of the right one; the rest is beside it."""

DIVISORS: tuple[AnswerPart, ...] = (
    AnswerPart(text=f"divides by {_COUNT} whatever it adds up", change=_own_count),
    AnswerPart(text=f"divides by {_COUNT}", change=_times(-1)),
    AnswerPart(text=f"does not divide by {_COUNT}", change=_times(1)),
    *(
        AnswerPart(text=f"divides by {name}, not by {_COUNT}", change=_instead(divisor))
        for table in (_DIVISORS, _WHOLE)
        for name, divisor in table
    ),
    *(
        AnswerPart(text=f"adds {text} to {_COUNT}", change=_little(float(text)))
        for text in EPSILONS
    ),
    *(
        AnswerPart(text=f"divides by {name} as well", change=_besides(divisor, -1))
        for table in (_DIVISORS, _WHOLE)
        for name, divisor in table
    ),
    *(
        AnswerPart(text=f"multiplies by {name}", change=_besides(divisor, 1))
        for table in (_DIVISORS, _WHOLE)
        for name, divisor in table
    ),
)
"""What was divided by."""
