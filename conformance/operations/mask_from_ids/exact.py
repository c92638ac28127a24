"""The second oracle of ``mask_from_ids``: id by id, without a mask.

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
    return {"ids": ("B T",), "want": ("B T",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return 1 where an id counts and 0 where it is the padding id.

    >>> answer({"padding_id": "0"}, {"ids": [[7, 0, 1]]}, [[True, False, True]], {})
    [[1.0, 0.0, 1.0]]
    """
    del mask, weights
    padding = int(options["padding_id"])
    return [[0.0 if each == padding else 1.0 for each in row] for row in inputs["ids"]]
