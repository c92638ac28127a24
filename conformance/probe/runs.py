"""The runs that a search for a place compares, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.probe.align import Layout, RowLayout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.probe.arrangement import Arrangement, Array
    from conformance.probe.trace import Key, Site, Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A place where a difference comes in.

    Attributes:
        site: The operation, in the second run.
        result: Which of its results differs.
        layout: How that result's axes are read.
        gap: The difference, in the shape of the row's valid part.
        size: The largest difference.
        scale: The largest value there.
        shape: The result's shape.
        batched: Whether the result has an axis of rows.
        fed: Whether numbers of several rows went in.
        sequences: Whether something that has positions went in.
        same_rows: Whether every row has the same there.
    """

    site: Site
    result: int
    layout: Layout
    gap: Array
    size: float
    scale: float
    shape: tuple[int, ...]
    batched: bool
    fed: bool = False
    sequences: bool = True
    same_rows: bool = False


@dataclass(slots=True, kw_only=True)
class Runs:
    """What a walk knows of the other runs.

    Attributes:
        first: The trace that the second run is compared with.
        structure: The trace of a batch of another size, in outline.
        alone: The trace of the row alone, for lengths of strided axes; in outline.
        arrangements: Of the first and the second run.
        other: Of the structure's run.
        rows: The row's place in the first and in the second run.
        places: Its valid places in both.
        tolerance: Share of a value's scale below which it agrees.
        sizes: Dimensions that parameters have.
    """

    first: Trace
    structure: Trace
    alone: Trace
    arrangements: tuple[Arrangement, Arrangement]
    other: Arrangement
    rows: tuple[int, int]
    places: tuple[tuple[int, ...], tuple[int, ...]]
    tolerance: float
    sizes: frozenset[int] = frozenset()
    by_key: dict[Key, Site] = field(default_factory=dict)
    by_structure: dict[Key, Site] = field(default_factory=dict)
    by_alone: dict[Key, Site] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Index the sites."""
        self.by_key = {each.key: each for each in self.first.sites}
        self.by_structure = {each.key: each for each in self.structure.sites}
        self.by_alone = {each.key: each for each in self.alone.sites}

    @property
    def call_sizes(self) -> list[tuple[int, int]]:
        """Rows and positions of the first, the second and the structure's run."""
        each = (*self.arrangements, self.other)
        return [(one.batch, one.time) for one in each]

    def views(self, strided: Mapping[int, int]) -> tuple[RowLayout, RowLayout]:
        """Return the row as both runs have it."""
        made = [
            RowLayout(
                row=self.rows[at],
                batch=self.arrangements[at].batch,
                time=self.arrangements[at].time,
                places=self.places[at],
                strided=strided,
            )
            for at in (0, 1)
        ]
        return made[0], made[1]
