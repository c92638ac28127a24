"""The second oracle of ``masked_topk``: each row's valid numbers, sorted in Python.

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
    return {"x": ("B T", "B T F"), "want": ("B ?", "B ? F")}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the k largest values; None in places that an adapter declares.

    >>> answer({"k": "2"}, {"x": [[-3, 9, 4], [7, 9, 8]]},
    ...        [[True, False, True], [True, False, False]], {})
    [[4.0, -3.0], [7.0, None]]
    """
    del weights
    size = int(options["k"])
    return [_row(row, keep, size) for row, keep in zip(inputs["x"], mask, strict=True)]


def _row(row: Sequence[Nested], keep: Sequence[bool], size: int) -> list[Nested]:
    valid = [value for value, counts in zip(row, keep, strict=True) if counts]
    if not (row and isinstance(row[0], list)):
        return _choose(valid, size)
    columns = [_choose([value[f] for value in valid], size) for f in range(len(row[0]))]
    return [list(values) for values in zip(*columns, strict=True)]


def _choose(values: Sequence[float], size: int) -> list[float | None]:
    broken = [math.nan for value in values if math.isnan(value)]
    # -0.0 equals 0.0, which is what is written.
    numbers = [float(value) + 0.0 for value in values if not math.isnan(value)]
    found = [*broken, *sorted(numbers, reverse=True)][:size]
    return [*found, *[None] * (size - len(found))]
