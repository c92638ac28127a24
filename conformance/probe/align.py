"""Which axis of an array is the batch and which is time, told by what changes with it.

Two calls differ in rows and positions, and both numbers are primes that are no size of
the model. An axis that follows T is time, one that follows B is the batch, B x heads
and B x T are split by arithmetic, and what is left is said not to be known.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.probe.arrangement import Arrangement, Array

LONGER = 64
"""Positions by which an axis of time may be longer or shorter than T."""

CANDIDATES = 24
"""Ways to read one array that are tried."""

Size = tuple[int, int]
"""Rows and positions of a call."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A part of an axis.

    Attributes:
        kind: ``batch``, ``time``, ``strided`` (a length of its own) or ``other``.
        longer: How many positions a time axis has more than T.
        shift: Where position 0 stands in it.
    """

    kind: str
    longer: int = 0
    shift: int = 0


Layout = tuple[tuple[Factor, ...], ...]
"""The factors of each axis."""

_BATCH, _TIME, _OTHER = Factor("batch"), Factor("time"), Factor("other")
_STRIDED = Factor("strided")


def layouts(
    shapes: Sequence[tuple[int, ...]], sizes: Sequence[Size]
) -> tuple[Layout, ...]:
    """Return the ways to read arrays of these shapes, the likeliest first.

    >>> layouts([(3, 7, 4), (5, 11, 4)], [(3, 7), (5, 11)])[0][1]
    (Factor(kind='time', longer=0, shift=0),)

    Args:
        shapes: What the same array has in each call.
        sizes: Rows and positions of each call.
    """
    if len({len(shape) for shape in shapes}) != 1:
        return ()
    axes = [list(_axis(each, sizes)) for each in zip(*shapes, strict=True)]
    found = islice(product(*axes), CANDIDATES * 4)
    return tuple(islice(filter(_plausible, found), CANDIDATES))


def _plausible(layout: Layout) -> bool:
    """Tell whether no array has its batch twice."""
    flat = [factor.kind for axis in layout for factor in axis]
    return flat.count("batch") <= 1


def _axis(  # noqa: C901 - one branch for each thing that an axis may be
    lengths: Sequence[int], sizes: Sequence[Size]
) -> Iterator[tuple[Factor, ...]]:
    """Yield what an axis may be that is so long in each call."""
    batches = [rows for rows, _ in sizes]
    times = [time for _, time in sizes]
    if _equal(lengths, batches):
        yield (_BATCH,)
    if _equal(lengths, times):
        yield (_TIME,)
    if len(set(lengths)) == 1:
        yield (_OTHER,)
        return
    longer = {length - time for length, time in zip(lengths, times, strict=True)}
    if len(longer) == 1 and 0 < abs(more := longer.pop()) <= LONGER:
        for shift in dict.fromkeys((0, more, more // 2, *range(max(more, 0) + 1))):
            if shift >= 0:
                yield (Factor("time", more, shift),)
    both = [rows * time for rows, time in sizes]
    if _factor(lengths, both) == 1:
        yield (_BATCH, _TIME)
        yield (_TIME, _BATCH)
    elif _factor(lengths, both):
        yield from ((_BATCH, _OTHER, _TIME), (_BATCH, _TIME, _OTHER))
        yield from ((_OTHER, _BATCH, _TIME), (_TIME, _BATCH, _OTHER))
    elif _factor(lengths, batches):
        yield from ((_BATCH, _OTHER), (_OTHER, _BATCH))
    elif _factor(lengths, times):
        yield from ((_TIME, _OTHER), (_OTHER, _TIME))
    elif _follows(lengths, times):
        yield (_STRIDED,)


def _equal(lengths: Sequence[int], others: Sequence[int]) -> bool:
    return list(lengths) == list(others) and len(set(others)) > 1


def _factor(lengths: Sequence[int], others: Sequence[int]) -> int:
    """Return by what lengths are larger, where that is the same whole number."""
    if len(set(others)) < len(set(lengths)) or not all(others):
        return 0
    ratios = {length / other for length, other in zip(lengths, others, strict=True)}
    ratio = ratios.pop()
    return int(ratio) if not ratios and ratio == int(ratio) else 0


def _follows(lengths: Sequence[int], times: Sequence[int]) -> bool:
    """Tell whether lengths grow with T and with nothing else."""
    by_time = dict(zip(times, lengths, strict=True))
    ordered = [by_time[time] for time in sorted(by_time)]
    same = all(by_time[time] == n for time, n in zip(times, lengths, strict=True))
    return same and ordered == sorted(ordered)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLayout:
    """One row's valid part of any array of a call.

    Attributes:
        row: Its place in the batch.
        batch: Rows of the batch.
        time: Positions of each row.
        places: Where its valid positions stand.
        strided: How long a strided axis is for it alone, by the axis' length here.
    """

    row: int
    batch: int
    time: int
    places: tuple[int, ...]
    strided: Mapping[int, int]

    def index(self, factor: Factor, length: int) -> Array | None:
        """Return what to take of a factor; None where that is not known."""
        if factor.kind == "batch":
            return np.array([self.row])
        if factor.kind == "other":
            return np.arange(length)
        starts = bool(self.places) and self.places[0] == 0
        whole = self.places == tuple(range(len(self.places)))
        if factor.kind == "strided":
            known = length in self.strided and whole
            return np.arange(self.strided[length]) if known else None
        if factor.longer and factor.shift == 0:
            most = len(self.places) + factor.longer
            return np.arange(most) if whole and starts and most > 0 else None
        return np.array(self.places, dtype=int) + factor.shift

    def select(self, array: Array, layout: Layout) -> tuple[Array, ...] | None:
        """Return the index of the row's valid part, for the array that ``split`` gives.

        It is None where an axis cannot be told.
        """
        lengths = self.lengths(array.shape, layout)
        if lengths is None:
            return None
        flat = [factor for axis in layout for factor in axis]
        chosen = [
            self.index(factor, length)
            for factor, length in zip(flat, lengths, strict=True)
        ]
        if any(
            each is None or (each.size and each.max() >= length)
            for each, length in zip(chosen, lengths, strict=True)
        ):
            return None
        return tuple(np.ix_(*[each for each in chosen if each is not None]))

    def lengths(self, shape: Sequence[int], layout: Layout) -> list[int] | None:
        """Return the length of every factor; None where the shape has others."""
        found: list[int] = []
        if len(shape) != len(layout):
            return None
        for length, axis in zip(shape, layout, strict=True):
            sizes = {"batch": self.batch, "time": self.time}
            known = [sizes.get(factor.kind, 0) + factor.longer for factor in axis]
            if len(axis) == 1:
                known = [length if axis[0].kind in {"other", "strided"} else known[0]]
            else:
                rest = int(np.prod([each for each in known if each]))
                known = [each or length // max(rest, 1) for each in known]
            if int(np.prod(known)) != length:
                return None
            found += known
        return found

    def take(self, array: Array, layout: Layout) -> Array | None:
        """Return the row's valid part of an array."""
        index = self.select(array, layout)
        lengths = self.lengths(array.shape, layout)
        if index is None or lengths is None:
            return None
        part: Array = array.reshape(lengths)[index]
        return part

    def put(self, array: Array, layout: Layout, part: Array) -> Array | None:
        """Return an array with another valid part of the row."""
        index = self.select(array, layout)
        lengths = self.lengths(array.shape, layout)
        if index is None or lengths is None:
            return None
        fresh = array.reshape(lengths).copy()
        if fresh[index].shape != part.shape:
            return None
        fresh[index] = part
        return fresh.reshape(array.shape)

    def padding(self, array: Array, layout: Layout) -> Array | None:
        """Return where an array holds positions of the row that do not count."""
        lengths = self.lengths(array.shape, layout)
        whole = self.select(array, layout)
        if lengths is None or whole is None:
            return None
        found = np.zeros(lengths, dtype=bool)
        flat = [factor for axis in layout for factor in axis]
        if not any(factor.kind in {"time", "strided"} for factor in flat):
            return None
        rows = [
            np.array([self.row]) if factor.kind == "batch" else np.arange(length)
            for factor, length in zip(flat, lengths, strict=True)
        ]
        found[np.ix_(*rows)] = True
        found[whole] = False
        return found.reshape(array.shape)


def find_padding(
    array: Array, layout: Layout, arrangement: Arrangement
) -> Iterator[Array | None]:
    """Yield for each row where an array holds what does not count; None is not known.

    Args:
        array: An array of a call.
        layout: How its axes are read.
        arrangement: The rows of that call.
    """
    for row, places in enumerate(arrangement.places):
        view = RowLayout(
            row=row,
            batch=arrangement.batch,
            time=arrangement.time,
            places=places,
            strided={},
        )
        yield view.padding(array, layout)
