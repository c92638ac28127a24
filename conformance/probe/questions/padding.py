"""Questions about what stands at padding, how much there is, and where it stands."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.probe.arrangement import (
    OTHERS,
    Arrangement,
    place,
    place_gaps,
    place_left,
)
from conformance.probe.questions.ask import ArrangementPair, NotAskedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.probe.subject import ProbedModel

_BY_VALUE = "padding is what has this value, so it cannot hold other numbers"


def other_numbers(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield the same batch with other numbers at padding."""
    base = subject.base
    yield from _refill(subject, base)


def left_numbers(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield padding on the left with other numbers in it."""
    _need_left(subject)
    base = place_left(subject.rows, subject.sizes.lengths, subject.sizes.time)
    yield from _refill(subject, base)


def _refill(subject: ProbedModel, base: Arrangement) -> Iterator[ArrangementPair]:
    if subject.interface.convention == "value":
        raise NotAskedError(_BY_VALUE)
    ids = subject.interface.kind == "ids"
    larger = None if ids else base.filled("large", 1)
    yield ArrangementPair(one=base, other=base.filled("noise", 1), larger=larger)
    if ids:
        yield ArrangementPair(one=base, other=base.filled("noise", 2))
    else:
        yield ArrangementPair(one=base, other=base.filled("large", 2), larger=None)


def more_padding(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield the same rows with more padding behind them."""
    base = subject.base
    longer = place(subject.rows, subject.sizes.lengths, subject.sizes.longer)
    yield ArrangementPair(one=base, other=longer)
    # Ids at padding are those of padding; features may be anything.
    if subject.interface.kind == "features" and subject.interface.masked:
        yield ArrangementPair(one=base, other=longer.filled("noise", 3))


def alone(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield each row by itself, trimmed."""
    base = subject.base
    for row, length in zip(subject.rows, subject.sizes.lengths, strict=True):
        yield ArrangementPair(one=base, other=place((row,), (length,), length))


def beside(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield a row beside strangers: longer ones, shorter ones."""
    base, sizes = subject.base, subject.sizes
    for row, length in zip(subject.rows, sizes.lengths, strict=True):
        strangers = [OTHERS + 10 * row + at for at in range(sizes.rows - 1)]
        lengths = [
            sizes.lengths[(row + at) % sizes.rows] for at in range(1, sizes.rows)
        ]
        mixed = place((*strangers, row), (*lengths, length), sizes.time)
        yield ArrangementPair(one=base, other=mixed)


def order(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield the same rows in another order."""
    base, lengths = subject.base, subject.sizes.lengths
    for turn in (1, 2):
        rows = base.rows[turn:] + base.rows[:turn]
        turned = lengths[turn:] + lengths[:turn]
        yield ArrangementPair(
            one=base, other=place(rows[::-1], turned[::-1], base.time)
        )


def left(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield the same rows with their padding on the left."""
    _need_left(subject)
    sizes = subject.sizes
    other = place_left(subject.rows, sizes.lengths, sizes.time)
    yield ArrangementPair(one=subject.base, other=other)
    yield ArrangementPair(
        one=subject.base, other=place_left(subject.rows, sizes.lengths, sizes.longer)
    )


def _need_left(subject: ProbedModel) -> None:
    interface = subject.interface
    if subject.settings.placements == ("right",):
        why = "padding stands on the right only (--placement right)"
        raise NotAskedError(why)
    if interface.convention == "lengths":
        why = "lengths can say only that padding stands on the right"
        raise NotAskedError(why)
    if not interface.masked:
        why = "the model takes no mask, so it cannot know where padding stands"
        raise NotAskedError(why)


def gaps(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield the same rows with padding between their positions."""
    if "gaps" not in subject.settings.placements:
        why = "nothing says that gaps are allowed; --placement gaps asks it"
        raise NotAskedError(why)
    _need_left(subject)
    sizes = subject.sizes
    for seed in (1, 2):
        other = place_gaps(subject.rows, sizes.lengths, sizes.longer, seed)
        yield ArrangementPair(one=subject.base, other=other)


def empty_row(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield the same rows with an empty one among them."""
    if not subject.interface.masked:
        why = "without a mask no row can be empty"
        raise NotAskedError(why)
    base, lengths = subject.base, subject.sizes.lengths
    rows = (*base.rows[:1], OTHERS + 99, *base.rows[1:])
    other = place(rows, (lengths[0], 0, *lengths[1:]), base.time)
    yield ArrangementPair(one=base, other=other)


def nan(subject: ProbedModel) -> Iterator[ArrangementPair]:
    """Yield NaN and infinity at padding."""
    if subject.interface.kind == "ids":
        why = "ids are whole numbers"
        raise NotAskedError(why)
    if subject.interface.convention == "value":
        raise NotAskedError(_BY_VALUE)
    base = subject.base
    for fill in ("nan", "inf"):
        yield ArrangementPair(one=base, other=replace(base, fill=fill))
