"""How many rows and positions a model is given: primes that are no size of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.probe.interface import TargetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.probe.frameworks.base import Facts
    from conformance.probe.settings import ProbeSettings

_ROWS = (5, 7, 3, 11, 13)
_TIMES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61)
_LONG = (
    *(67, 73, 83, 97, 107, 127, 149, 173, 191, 211, 223, 227, 229, 233, 239, 257, 281),
    *(307, 331, 359, 389, 421, 457, 499, 541, 601, 701, 809, 1009, 1013, 1019),
)
_LONGEST = (2003, 2011, 2017, 2027, 2029)

_FRAMES = 6
"""Frames by which rows of a batch differ in length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Rows and positions: primes that are no size of the model.

    Attributes:
        rows: Rows of the batch.
        other_rows: Rows of the second batch, which tells axes apart.
        time: Positions of a batch.
        longer: Positions where there is more padding.
        structure: Positions of the second batch.
        lengths: How many positions of each row count.
    """

    rows: int
    other_rows: int
    time: int
    longer: int
    structure: int
    lengths: tuple[int, ...]


def choose(
    facts: Facts,
    settings: ProbeSettings,
    smallest: int,
    largest: int,
    stride: int = 0,
) -> Sizes:
    """Return sizes that no dimension of the model has.

    Args:
        facts: What the model says of itself.
        settings: What the user said.
        smallest: Positions that a row must have.
        largest: Positions that a batch may have; 0 is any.
        stride: Positions that one frame of the answer stands for: each size has
            another number of frames, and the rows of a batch have several.

    Raises:
        TargetError: The model takes too few positions for three different lengths.
    """
    rows = [each for each in _ROWS if each not in facts.sizes]
    every = (*_TIMES, *_LONG, *_LONGEST)
    free = [
        each
        for each in every
        if each not in facts.sizes
        and each >= smallest + max(4, _FRAMES * stride)
        and (not largest or each <= largest)
    ]
    if settings.time:
        free = [settings.time, *(each for each in free if each > settings.time)]
    chosen_rows = settings.rows or (rows or [5])[0]
    free = [each for each in free if each != chosen_rows]
    # T, one that tells axes apart, and T with more padding.
    three = _space(free, stride)
    if len(three) < 3:  # noqa: PLR2004 - as above
        msg = (
            f"the model takes {smallest} to {largest or 'any number of'} positions, "
            "which leaves no three lengths to compare; allow longer inputs"
        )
        raise TargetError(msg)
    time, structure, longer = three
    return Sizes(
        rows=chosen_rows,
        other_rows=next((each for each in rows if each != chosen_rows), 7),
        time=time,
        longer=longer,
        structure=structure,
        lengths=_lengths(chosen_rows, time, smallest),
    )


def _space(free: Sequence[int], stride: int) -> list[int]:
    """Return the first three sizes that are more than a frame apart."""
    found: list[int] = []
    for each in free:
        if len(found) < 3 and (not found or each > found[-1] + stride):  # noqa: PLR2004 - as above
            found.append(each)
    return found


def _lengths(rows: int, time: int, smallest: int) -> tuple[int, ...]:
    """Return lengths from the smallest to T, in no order."""
    shares = (0.6, 0.0, 1.0, 0.3, 0.8, 0.45, 0.15)
    return tuple(
        smallest + round((time - smallest) * shares[row % len(shares)])
        for row in range(rows)
    )
