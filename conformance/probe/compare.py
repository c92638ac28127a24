"""By how much two answers differ where they should be the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from conformance.probe.align import Layout, RowLayout, Size, layouts
from conformance.probe.arrangement import Arrangement, match

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conformance.probe.arrangement import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One output of a model.

    Attributes:
        name: Its name; ``out`` where there is one only.
        layout: What its axes are.
        strided: Lengths of a strided axis, by positions of a row alone.
        shape: What it has in the first call.
    """

    name: str
    layout: Layout
    strided: Mapping[int, int]
    shape: tuple[int, ...]

    def has(self, kind: str) -> bool:
        """Tell whether one of its axes is of this kind."""
        return any(factor.kind == kind for axis in self.layout for factor in axis)

    @property
    def timed(self) -> bool:
        """Whether it has an answer for each position."""
        return self.has("time") or self.has("strided")

    @property
    def what(self) -> str:
        """What it has an answer for."""
        if not self.has("batch"):
            return "not for each row" if self.timed else "one for the batch"
        return "one for each position" if self.timed else "one for each row"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayDifference:
    """What changed between two answers at valid positions.

    Attributes:
        size: The largest absolute difference.
        signal: The largest absolute value there.
        spread: How much the values differ among themselves.
        bits: Whether every bit is the same.
        nan: Whether NaN or infinity stands in one of them only.
        row: Where the largest difference is: the content row.
        place: The valid position there, counted from the row's first; -1 is none.
        by_place: The largest difference at each valid position of that row.
        rows: The largest difference of each content row.
        compared: How many numbers were compared.
    """

    size: float = 0.0
    signal: float = 0.0
    spread: float = 0.0
    bits: bool = True
    nan: bool = False
    row: int = -1
    place: int = -1
    by_place: tuple[float, ...] = ()
    rows: tuple[tuple[int, float], ...] = ()
    compared: int = 0

    @property
    def share(self) -> float:
        """The difference as a share of the signal."""
        return self.size / self.signal if self.signal else float(self.size > 0)


def read_outputs(
    shapes: Sequence[Mapping[str, tuple[int, ...]]],
    sizes: Sequence[Size],
    alone: Mapping[int, Mapping[str, tuple[int, ...]]],
    frames: Sequence[Mapping[int, int]] = (),
) -> tuple[Output, ...]:
    """Return what each output is, from its shapes in calls of different sizes.

    Args:
        shapes: By output, for each call.
        sizes: Rows and positions of each call.
        alone: Shapes for one row of so many positions.
        frames: What other outputs say of how many frames such a row has.
    """
    found = []
    for name, shape in shapes[0].items():
        each = [other.get(name, ()) for other in shapes]
        ways = layouts(each, sizes)
        if not ways:
            continue
        strided = _count(_strided(name, ways[0], alone), frames)
        found.append(Output(name=name, layout=ways[0], strided=strided, shape=shape))
    return tuple(found)


def _strided(
    name: str, layout: Layout, alone: Mapping[int, Mapping[str, tuple[int, ...]]]
) -> dict[int, int]:
    for axis, factors in enumerate(layout):
        if any(factor.kind == "strided" for factor in factors):
            return {time: shapes[name][axis] for time, shapes in alone.items()}
    return {}


def count_frames(answer: Array) -> int | None:
    """Return what one row's output says of its number of frames; None says nothing.

    Args:
        answer: An output for one row: its length, ``[1]``, or its mask, ``[1, N]``.
    """
    if answer.dtype.kind in "iu" and answer.shape == (1,):
        return int(answer[0])
    if answer.dtype.kind == "b" and answer.ndim == 2 and len(answer) == 1:  # noqa: PLR2004 - rows and frames
        return int(answer.sum())
    return None


def _count(
    strided: dict[int, int], frames: Sequence[Mapping[int, int]]
) -> dict[int, int]:
    """Return how many frames count, where the model itself says so.

    A row alone has a frame more where the last one stands for padding too, which a
    model adds by itself; whether that one counts, it alone knows.
    """
    for said in frames:
        if strided and all(0 <= said[time] <= most for time, most in strided.items()):
            return dict(said)
    return strided


def view(
    arrangement: Arrangement, row: int, places: tuple[int, ...], output: Output
) -> RowLayout:
    """Return one row of an arrangement as the output's layout needs it."""
    known = output.strided.get(len(places))
    # Every length means the same row here, so any key leads to its own length.
    strided = _Any(known) if known is not None else {}
    return RowLayout(
        row=row,
        batch=arrangement.batch,
        time=arrangement.time,
        places=places,
        strided=strided,
    )


class _Any(dict[int, int]):
    """The same length whatever is asked for."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def __missing__(self, key: int) -> int:
        """Return the length."""
        del key
        return self.length

    def __contains__(self, key: object) -> bool:
        """Have every key."""
        return key is not None


def pairs(
    output: Output, one: Array, other: Array, arrangements: Sequence[Arrangement]
) -> Iterator[tuple[int, Array, Array]]:
    """Yield each common row's valid parts: content row, of one, of the other."""
    first, second = arrangements
    if not output.has("batch"):
        if not output.timed and one.shape == other.shape:
            yield -1, one, other
        return
    for row, there, places, places_there in match(first, second):
        mine = view(first, row, places, output).take(one, output.layout)
        its = view(second, there, places_there, output).take(other, output.layout)
        if mine is not None and its is not None and mine.shape == its.shape:
            yield first.rows[row], mine, its


def compare(
    output: Output, one: Array, other: Array, arrangements: Sequence[Arrangement]
) -> ArrayDifference:
    """Return by how much an output differs at the positions that count.

    Raises:
        ValueError: Nothing corresponds, so that there is nothing to compare.
    """
    worst = ArrayDifference()
    rows: list[tuple[int, float]] = []
    compared, bits, signal, spread, nan = 0, True, 0.0, 0.0, False
    for content, mine, its in pairs(output, one, other, arrangements):
        a, b = np.asarray(mine, dtype=float), np.asarray(its, dtype=float)
        compared += a.size
        bits &= bool(np.array_equal(a, b, equal_nan=True))
        finite = np.isfinite(a) & np.isfinite(b)
        nan |= bool(np.any(np.isfinite(a) & ~np.isfinite(b)))
        gap = np.where(finite, np.abs(np.where(finite, a - b, 0)), 0)
        signal = max(signal, float(np.max(np.abs(a[finite]), initial=0)))
        spread = max(spread, float(np.std(a[finite])) if finite.any() else 0.0)
        size = float(gap.max(initial=0))
        rows.append((content, size))
        if size > worst.size:
            places = _by_place(output, gap)
            at = int(np.argmax(places)) if places else -1
            worst = ArrayDifference(size=size, row=content, place=at, by_place=places)
    if not compared:
        msg = f"{output.name}: no position corresponds in the two answers"
        raise ValueError(msg)
    return ArrayDifference(
        size=worst.size,
        signal=signal,
        spread=spread,
        bits=bits,
        nan=nan,
        row=worst.row,
        place=worst.place,
        by_place=worst.by_place,
        rows=tuple(rows),
        compared=compared,
    )


def _by_place(output: Output, gap: Array) -> tuple[float, ...]:
    """Return the largest difference at each valid position."""
    flat = [factor for axis in output.layout for factor in axis]
    times = [at for at, each in enumerate(flat) if each.kind in {"time", "strided"}]
    if not times:
        return ()
    others = tuple(axis for axis in range(gap.ndim) if axis != times[0])
    return tuple(float(each) for each in gap.max(axis=others, initial=0))
