"""The second oracle of ``last_valid``: from the end of each row.

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
    return {"x": ("B T", "B T F"), "want": ("B", "B F")}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each row's last valid value; None where an adapter declares.

    >>> answer({}, {"x": [[1, 2, 9]]}, [[True, True, False]], {})
    [2.0]
    """
    del options, weights
    return [_row(row, keep) for row, keep in zip(inputs["x"], mask, strict=True)]


def _row(row: Sequence[Nested], keep: Sequence[bool]) -> Nested:
    for value, counts in zip(reversed(row), reversed(keep), strict=True):
        if counts:
            return _float(value)
    return [None] * len(row[0]) if isinstance(row[0], list) else None


def _float(value: Nested) -> Nested:
    if isinstance(value, list):
        return [_float(each) for each in value]
    return float(value) + 0.0  # -0.0 equals 0.0, which is what is written
