"""The second oracle of ``pack``: queues of values, taken from one by one.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
    """Return what counts in the first places, and zeros behind it.

    >>> inputs = {"x": [[1, 2, 3], [4, 5, 6]]}
    >>> mask = [[False, True, False], [True, True, False]]
    >>> answer({"order": "rows"}, inputs, mask, {})
    [[2.0, 4.0, 5.0], [0.0, 0.0, 0.0]]
    >>> answer({"order": "steps"}, inputs, mask, {})
    [[4.0, 2.0, 5.0], [0.0, 0.0, 0.0]]
    """
    del weights
    x = inputs["x"]
    queues = [
        deque(_float(value) for value, counts in zip(row, keep, strict=True) if counts)
        for row, keep in zip(x, mask, strict=True)
    ]
    taken = (_take_rows if options["order"] == "rows" else _take_steps)(queues)
    return [[next(taken, _zero(value)) for value in row] for row in x]


def _take_rows(queues: list[deque[Nested]]) -> Iterator[Nested]:
    for queue in queues:
        yield from queue


def _take_steps(queues: list[deque[Nested]]) -> Iterator[Nested]:
    longest_first = sorted(queues, key=len, reverse=True)  # equal ones stay in order
    while any(longest_first):
        for queue in longest_first:
            if queue:
                yield queue.popleft()


def _float(value: Nested) -> Nested:
    if isinstance(value, list):
        return [_float(each) for each in value]
    return float(value) + 0.0  # -0.0 equals 0.0, which is what is written


def _zero(value: Nested) -> Nested:
    return [_zero(each) for each in value] if isinstance(value, list) else 0.0
