"""The second oracle of ``masked_cumsum``: running sums of fractions.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import math
from fractions import Fraction
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
    """Return the sum up to each position; None at padding, where an adapter declares.

    >>> answer({}, {"x": [[1, 9, 2]]}, [[True, False, True]], {})
    [[1.0, None, 3.0]]
    """
    del options, weights
    return [_row(row, keep) for row, keep in zip(inputs["x"], mask, strict=True)]


def _row(row: Sequence[Nested], keep: Sequence[bool]) -> list[Nested]:
    if not (row and isinstance(row[0], list)):
        return _sum_up(row, keep)
    columns = [_sum_up(column, keep) for column in zip(*row, strict=True)]
    return [list(values) for values in zip(*columns, strict=True)]


def _sum_up(values: Sequence[float], keep: Sequence[bool]) -> list[float | None]:
    total, strange, found = Fraction(0), 0.0, list[float | None]()
    for value, counts in zip(values, keep, strict=True):
        if counts and math.isfinite(value):
            total += Fraction(value)
        elif counts:
            # Finite numbers do not change what infinities and NaN add up to.
            strange += value
        found.append((strange or float(total)) if counts else None)
    return found
