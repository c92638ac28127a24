"""Nested lists as small tables, with padding and wrong elements marked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.records.show import show

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.records import Array, Failure

ROWS, COLUMNS, TEXT = 12, 16, 160
"""How much of an array is shown; the run cuts larger ones around the worst element."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One position: its text and how it is marked, in words too."""

    text: str
    padding: bool = False
    wrong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One array.

    Attributes:
        name: Its argument name, or mask, got, want.
        head: What the columns count.
        rows: A batch row's number and its cells.
        cut: What is not shown.
    """

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    cut: str = ""


def tables(failure: Failure, dtype: str) -> list[Table]:
    """Return what the adapter was given, what it answered and what is right."""
    mask = failure.mask if isinstance(failure.mask, list) else []
    shown = [_table(name, array, dtype, mask) for name, array in failure.inputs.items()]
    if mask:
        shown.append(_table("mask", mask, "bool", mask))
    if failure.got != []:
        # Whether the answer has a time axis is known only where no other axis of the
        # inputs is as long; padding is not marked on a guess.
        over = mask if _has_time(failure) else []
        wrong = _outside(failure)
        shown.append(_table("got", failure.got, dtype, over, wrong))
    if failure.want != []:
        over = mask if _has_time(failure) else []
        shown.append(_table("want", failure.want, dtype, over))
    return shown


def weights(failure: Failure, dtype: str) -> list[Table]:
    """Return a layer's weights."""
    return [_table(name, array, dtype, []) for name, array in failure.weights.items()]


def shape(array: Array) -> tuple[int, ...]:
    """Return the lengths of the axes, as far as the first elements tell."""
    lengths = []
    while isinstance(array, list):
        lengths.append(len(array))
        array = array[0] if array else 0
    return tuple(lengths)


def _table(
    name: str,
    array: Array,
    dtype: str,
    mask: list[Array],
    wrong: frozenset[tuple[int, ...]] = frozenset(),
) -> Table:
    lengths = shape(array)
    rows: list[tuple[str, tuple[Cell, ...]]] = []
    for number, row in enumerate(_list(array)[:ROWS]):
        cells = []
        for at, item in enumerate(_list(row)[:COLUMNS]):
            place = (number, at)[: len(lengths)]
            padding = _is_padding(mask, number, at)
            text = show(item, dtype)
            cells.append(
                Cell(
                    text=text if len(text) <= TEXT else text[:TEXT] + " ...",
                    padding=padding,
                    wrong=any(index[: len(place)] == place for index in wrong),
                )
            )
        rows.append((f"row {number}" if lengths else "", tuple(cells)))
    width = max((len(cells) for _, cells in rows), default=0)
    unit = "t " if mask else ""
    head = tuple(f"{unit}{at}" for at in range(width)) if len(lengths) > 1 else ()
    much = len(_list(array)) > ROWS or any(
        len(_list(row)) > COLUMNS for row in _list(array)[:ROWS]
    )
    cut = f"first {ROWS} rows and {COLUMNS} columns" if much else ""
    return Table(name=name, head=head, rows=tuple(rows), cut=cut)


def _list(value: Array) -> list[Array]:
    return value if isinstance(value, list) else [value]


def _is_padding(mask: list[Array], row: int, at: int) -> bool:
    if row >= len(mask):
        return False
    flags = mask[row]
    return isinstance(flags, list) and at < len(flags) and not flags[at]


def _has_time(failure: Failure) -> bool:
    answer = shape(failure.want if failure.want != [] else failure.got)
    time = shape(failure.mask)
    inputs = [shape(array) for array in failure.inputs.values()]
    if len(time) != len(answer[:2]) or answer[:2] != time:
        return False
    others = {length for lengths in inputs for length in lengths[2:]}
    return answer in inputs or time[1] not in others


def _outside(failure: Failure) -> frozenset[tuple[int, ...]]:
    """Return the places of the elements outside their bound."""
    places = set()
    if failure.allowed != [] and shape(failure.allowed) == shape(failure.want):
        want = dict(_leaves(failure.want))
        allowed = dict(_leaves(failure.allowed))
        for place, got in _leaves(failure.got):
            asked = place in want and allowed[place] < math.inf
            if asked and not _within(got, want[place], allowed[place]):
                places.add(place)
    # The worst element is counted in the whole array, not in the part that is shown.
    if failure.worst is not None and not failure.elided:
        places.add(tuple(failure.worst.index))
    return frozenset(places)


def _leaves(
    array: Array, place: tuple[int, ...] = ()
) -> Iterator[tuple[tuple[int, ...], float]]:
    if isinstance(array, list):
        for at, item in enumerate(array):
            yield from _leaves(item, (*place, at))
    else:
        try:
            yield place, float(array)
        except (TypeError, ValueError):  # no number, whatever wrote it: shown as text
            yield place, math.nan


def _within(got: float, want: float, bound: float) -> bool:
    same = got == want or (math.isnan(got) and math.isnan(want))
    return same or abs(got - want) <= bound
