"""The second oracle of ``masked_cummax``: the largest number so far, in a loop.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    return {"x": ("B T", "B T F"), "want": ("B T", "B T F")}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the largest value so far; None at padding, where an adapter declares.

    >>> answer({}, {"x": [[-3, 9, -4, -1]]}, [[True, False, True, True]], {})
    [[-3.0, None, -3.0, -1.0]]
    """
    del options, weights
    return [_row(row, keep) for row, keep in zip(inputs["x"], mask, strict=True)]


def _row(row: Sequence[Nested], keep: Sequence[bool]) -> list[Nested]:
    if not (row and isinstance(row[0], list)):
        return _climb(row, keep)
    columns = [_climb(column, keep) for column in zip(*row, strict=True)]
    return [list(values) for values in zip(*columns, strict=True)]


def _climb(values: Sequence[float], keep: Sequence[bool]) -> list[float | None]:
    seen, found = list[float](), list[float | None]()
    for value, counts in zip(values, keep, strict=True):
        if not counts:
            found.append(None)
            continue
        seen.append(float(value))
        broken = any(map(math.isnan, seen))
        # -0.0 equals 0.0, which is what is written.
        found.append(math.nan if broken else max(seen) + 0.0)
    return found
