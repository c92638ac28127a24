"""The second oracle of ``mask_from_lengths``: a row is written out, then turned.

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
    return {"lengths": ("B",), "x": ("B T", "B T F"), "want": ("B T",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return 1 where a position counts and 0 where it is padding.

    >>> inputs = {"lengths": [2, 7], "x": [[0, 0, 0], [0, 0, 0]]}
    >>> answer({"side": "left"}, inputs, [], {})
    [[0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]

    Raises:
        ValueError: A length is below 0.
    """
    del mask, weights
    found = []
    for length, row in zip(inputs["lengths"], inputs["x"], strict=True):
        if length < 0:
            msg = f"a length is {length}, expected at least 0"
            raise ValueError(msg)
        ones, written = int(length), []
        for _ in row:
            written.append(1.0 if ones > 0 else 0.0)
            ones -= 1
        found.append(written if options["side"] == "right" else written[::-1])
    return found
