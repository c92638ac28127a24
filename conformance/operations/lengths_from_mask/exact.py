"""The second oracle of ``lengths_from_mask``: position by position.

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
    return {"x": ("B T", "B T F"), "want": ("B",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each row's length.

    >>> mask = [[False, True, False, True], [False, False, False, False]]
    >>> answer({"by": "count"}, {}, mask, {})
    [2.0, 0.0]
    >>> answer({"by": "extent"}, {}, mask, {})
    [4.0, 0.0]
    """
    del inputs, weights
    found = []
    for keep in mask:
        length = 0
        for place, counts in enumerate(keep, start=1):
            if counts:
                length = length + 1 if options["by"] == "count" else place
        found.append(float(length))
    return found
