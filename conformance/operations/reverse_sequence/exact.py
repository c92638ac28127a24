"""The second oracle of ``reverse_sequence``: a stack, row by row.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

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
    """Return each row reversed; None at padding, where an adapter declares.

    >>> answer({}, {"x": [[1, 2, 9]]}, [[True, True, False]], {})
    [[2.0, 1.0, None]]
    """
    del options, weights
    return [_row(row, keep) for row, keep in zip(inputs["x"], mask, strict=True)]


def _row(row: Sequence[Nested], keep: Sequence[bool]) -> list[Nested]:
    stack = [value for value, counts in zip(row, keep, strict=True) if counts]
    found = []
    for value, counts in zip(row, keep, strict=True):
        if counts:
            found.append(_float(stack.pop()))
        else:
            found.append([None] * len(value) if isinstance(value, list) else None)
    return found


def _float(value: Nested) -> Nested:
    if isinstance(value, list):
        return [_float(each) for each in value]
    return float(value) + 0.0  # -0.0 equals 0.0, which is what is written
