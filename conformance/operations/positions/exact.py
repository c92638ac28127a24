"""The second oracle of ``positions``: token by token, with a counter for each number.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    return {"segments": ("B T",), "want": ("B T",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the positions ``[B, T]``; None at padding, as declared.

    >>> inputs = {"segments": [[1, 1, 2, 2, 2]]}
    >>> mask = [[False, True, True, True, False]]
    >>> answer({"within": "row", "start": "2"}, inputs, mask, {})
    [[None, 2.0, 3.0, 4.0, None]]
    >>> answer({"within": "segment", "start": "0"}, inputs, mask, {})
    [[None, 0.0, 0.0, 1.0, None]]

    Raises:
        ValueError: A sequence goes on behind another one.
    """
    del weights
    rows = zip(inputs["segments"], mask, strict=True)
    return [_row(options, *row) for row in rows]


def _row(
    options: Mapping[str, str], segments: Sequence[int], keep: Sequence[bool]
) -> Nested:
    found: list[float | None] = []
    counter: Counter[int] = Counter()
    last, whole = None, options["within"] == "row"
    for number, valid in zip(segments, keep, strict=True):
        if not valid:
            found.append(None)
            continue
        if not whole and number != last and counter[number]:
            msg = (
                f"the sequence {number} goes on behind the sequence {last}, expected "
                "each sequence's positions together"
            )
            raise ValueError(msg)
        before = counter.total() if whole else counter[number]
        found.append(float(int(options["start"]) + before))
        counter[number] += 1
        last = number
    return found
