"""The second oracle of ``unpack``: one value after another, to the next position.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    return {
        "x": ("B T",),
        "values": ("B S", "B S F"),
        "want": ("B T", "B T F"),
    }


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the values at their positions, and zeros at padding.

    >>> inputs = {"values": [[1, 2, 3], [9, 9, 9]]}
    >>> mask = [[False, True, False], [True, True, False]]
    >>> answer({"order": "rows"}, inputs, mask, {})
    [[0.0, 1.0, 0.0], [2.0, 3.0, 0.0]]
    >>> answer({"order": "steps"}, inputs, mask, {})
    [[0.0, 2.0, 0.0], [1.0, 3.0, 0.0]]

    Raises:
        ValueError: There are fewer values than valid positions.
    """
    del weights
    values = [value for row in inputs["values"] for value in row]
    blank = _zero(values[0]) if values else 0.0
    found = [[blank for _ in keep] for keep in mask]
    walk = _walk_rows if options["order"] == "rows" else _walk_steps
    for number, (row, place) in enumerate(walk(mask)):
        if number == len(values):
            msg = f"there are {number} values, expected one for each valid position"
            raise ValueError(msg)
        found[row][place] = _float(values[number])
    return found


def _walk_rows(mask: Mask) -> Iterator[tuple[int, int]]:
    for row, keep in enumerate(mask):
        for place, counts in enumerate(keep):
            if counts:
                yield row, place


def _walk_steps(mask: Mask) -> Iterator[tuple[int, int]]:
    left = [
        (row, [place for place, counts in enumerate(keep) if counts])
        for row, keep in enumerate(mask)
    ]
    left.sort(key=lambda each: -len(each[1]))  # equal ones stay in order
    while any(places for _, places in left):
        for row, places in left:
            if places:
                yield row, places.pop(0)


def _float(value: Nested) -> Nested:
    if isinstance(value, list):
        return [_float(each) for each in value]
    return float(value) + 0.0  # -0.0 equals 0.0, which is what is written


def _zero(value: Nested) -> Nested:
    return [_zero(each) for each in value] if isinstance(value, list) else 0.0
