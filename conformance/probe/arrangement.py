"""Rows of content, and where they stand in a batch.

Every question compares the same content in two arrangements, so what corresponds is
known by construction: the k-th valid position of a row is the k-th in both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.probe.interface import Extra, Interface

Fill = Literal["zero", "noise", "large", "huge", "nan", "inf"]
Array = np.ndarray[Any, Any]

SIZES: dict[str, float] = {"noise": 1.0, "large": 100.0, "huge": 10_000.0}
"""Standard deviation of what stands at padding; content has 1."""

OTHERS = 1000
"""Content rows from here on are strangers: they only stand beside other rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Which rows stand in a batch, and where their positions are.

    Attributes:
        rows: The content row of each row of the batch.
        places: For each row of the batch, where its valid positions stand.
        time: Positions of each row of the batch, padding among them.
        fill: What stands at padding.
        seed: Chooses the numbers at padding.
        mask: Whether a mask is handed over, where the model takes one.
        changed: Content positions from which on another content stands; -1 is none.
        shown: Where the mask says that content stands, when that is not ``places``.
    """

    rows: tuple[int, ...]
    places: tuple[tuple[int, ...], ...]
    time: int
    fill: Fill = "zero"
    seed: int = 0
    mask: bool = True
    changed: int = -1
    shown: tuple[tuple[int, ...], ...] | None = None

    @property
    def batch(self) -> int:
        """Rows of the batch."""
        return len(self.rows)

    def filled(self, fill: Fill, seed: int = 0) -> Arrangement:
        """Return the same with something else at padding."""
        return replace(self, fill=fill, seed=seed)

    def keep(self) -> Array:
        """Return the mask, ``[B, T]``, true where a position counts."""
        mask = np.zeros((self.batch, self.time), dtype=bool)
        for row, places in enumerate(self.shown or self.places):
            mask[row, list(places)] = True
        return mask

    @property
    def right(self) -> bool:
        """Whether all padding stands behind the content."""
        return all(row == tuple(range(len(row))) for row in self.places)


def place(rows: Sequence[int], lengths: Sequence[int], time: int) -> Arrangement:
    """Return rows with padding on the right."""
    return Arrangement(
        rows=tuple(rows),
        places=tuple(tuple(range(length)) for length in lengths),
        time=time,
    )


def place_left(rows: Sequence[int], lengths: Sequence[int], time: int) -> Arrangement:
    """Return rows with padding on the left."""
    return Arrangement(
        rows=tuple(rows),
        places=tuple(tuple(range(time - length, time)) for length in lengths),
        time=time,
    )


def place_gaps(
    rows: Sequence[int], lengths: Sequence[int], time: int, seed: int = 0
) -> Arrangement:
    """Return rows with padding anywhere between their positions."""
    random = np.random.default_rng((7, seed))
    places = [
        tuple(sorted(int(at) for at in random.choice(time, length, replace=False)))
        for length in lengths
    ]
    return Arrangement(rows=tuple(rows), places=tuple(places), time=time)


Match = tuple[int, int, tuple[int, ...], tuple[int, ...]]
"""A row of one batch, a row of the other, and the places that correspond."""


def match(one: Arrangement, other: Arrangement) -> Iterator[Match]:
    """Yield the rows that both arrangements have, with their valid places."""
    for row, content in enumerate(one.rows):
        if content < OTHERS and one.places[row] and content in other.rows:
            there = other.rows.index(content)
            yield row, there, one.places[row], other.places[there]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The numbers of every row: the same row has the same numbers wherever it stands.

    Attributes:
        interface: What the model takes.
        seed: Chooses the numbers.
    """

    interface: Interface
    seed: int = 0

    def row(self, row: int, length: int, changed: int = -1) -> Array:
        """Return a row's content, ``[length]`` ids or ``[length, F]`` features."""
        content = self._draw((self.seed, 1, row), length, 1.0)
        if 0 <= changed < length:
            other = self._draw((self.seed, 2, row), length, 1.0)
            content[changed:] = other[changed:]
        return content

    def further(self, row: int, extra: Extra) -> Array:
        """Return one row of a further argument."""
        random = np.random.default_rng((self.seed, 3, row, len(extra.name)))
        if extra.kind == "ids":
            return np.asarray(random.choice(self._ids(extra.size), extra.length))
        return random.standard_normal((extra.length, extra.size))

    def build(self, arrangement: Arrangement) -> dict[str, Array]:
        """Return what the model is given: by argument, floats in float64."""
        interface = self.interface
        sequence = self._padding(arrangement)
        for row, places in enumerate(arrangement.places):
            content = self.row(arrangement.rows[row], len(places), arrangement.changed)
            sequence[row, list(places)] = content
        axes = interface.layout
        if axes.startswith("TB"):
            sequence = np.swapaxes(sequence, 0, 1)
        elif axes == "BFT":
            sequence = np.moveaxis(sequence, -1, 1)
        given: dict[str, Array] = dict.fromkeys(interface.inputs, sequence)
        for extra in interface.extras:
            each = [self.further(row, extra) for row in arrangement.rows]
            given[extra.name] = np.stack(each)
        if interface.positions:
            given[interface.positions] = positions(arrangement)
        if interface.mask and (arrangement.mask or not interface.mask_optional):
            given[interface.mask] = self._mask(arrangement)
        return given

    def _padding(self, arrangement: Arrangement) -> Array:
        """Return a batch of nothing but padding."""
        shape: tuple[int, ...] = (arrangement.batch, arrangement.time)
        if self.interface.kind == "features":
            shape = (*shape, *self.interface.features)
        value, fill = self.interface.padding_value or 0, arrangement.fill
        if fill == "zero" or self.interface.convention == "value":
            ids = self.interface.kind == "ids"
            return np.full(shape, value, dtype=np.int64 if ids else np.float64)
        if fill in {"nan", "inf"}:
            return np.full(shape, np.nan if fill == "nan" else np.inf)
        flat = shape[0] * shape[1]
        key = (self.seed, 4, arrangement.seed)
        return self._draw(key, flat, SIZES[fill]).reshape(shape)

    def _draw(self, key: tuple[int, ...], length: int, size: float) -> Array:
        random = np.random.default_rng(key)
        if self.interface.kind == "ids":
            return np.asarray(
                random.choice(self._ids(self.interface.vocabulary), length)
            )
        drawn: Array = random.standard_normal((length, *self.interface.features)) * size
        return drawn

    def _ids(self, vocabulary: int) -> Array:
        avoid = {*self.interface.avoid, 0, int(self.interface.padding_value or 0)}
        ids = [number for number in range(vocabulary) if number not in avoid]
        return np.array(ids or range(vocabulary), dtype=np.int64)

    def _mask(self, arrangement: Arrangement) -> Array:
        keep, interface = arrangement.keep(), self.interface
        if interface.convention == "lengths":
            return np.asarray(keep.sum(axis=1), dtype=np.int64)
        if interface.convention == "additive":
            mask = np.where(keep, 0.0, -1e9)
        else:
            mask = keep if interface.convention == "keep" else ~keep
            mask = mask.astype(interface.mask_type)
        return mask[:, None, None, :] if interface.mask_shape == "B11T" else mask


def positions(arrangement: Arrangement) -> Array:
    """Return each position's number, counted from its row's first valid one.

    They follow where content stands, not what the mask says of it.
    """
    keep = replace(arrangement, shown=None).keep()
    return np.maximum(np.cumsum(keep, axis=1, dtype=np.int64) - 1, 0)
