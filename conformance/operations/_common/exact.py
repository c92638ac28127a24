"""What second oracles share: rows taken apart in plain loops, without NumPy.

Nothing here is used by the first ones, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Reduce = Callable[[Sequence[float]], float | None]

POOLED: dict[str, tuple[str, ...]] = {"x": ("B T", "B T F"), "want": ("B", "B F")}
"""The axes of x, and of an answer from which time is taken away."""


def reduced(x: Nested, mask: Mask, reduce: Reduce) -> Nested:
    """Return ``reduce`` of each row's valid values, feature by feature.

    >>> reduced([[[1, 2], [3, 4]]], [[True, False]], sum)
    [[1, 2]]
    """
    return [_row(row, keep, reduce) for row, keep in zip(x, mask, strict=True)]


def _row(row: Sequence[Nested], keep: Sequence[bool], reduce: Reduce) -> Nested:
    valid = [value for value, counts in zip(row, keep, strict=True) if counts]
    if row and isinstance(row[0], list):
        return [reduce([value[f] for value in valid]) for f in range(len(row[0]))]
    return reduce(valid)
