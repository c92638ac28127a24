"""The second oracle of ``apply_mask``: element by element.

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
    """Return x with zeros at padding.

    >>> answer({}, {"x": [[1, 2, 9]]}, [[True, True, False]], {})
    [[1.0, 2.0, 0.0]]
    """
    del options, weights
    return [
        [_element(value, counts) for value, counts in zip(row, keep, strict=True)]
        for row, keep in zip(inputs["x"], mask, strict=True)
    ]


def _element(value: Nested, counts: bool) -> Nested:  # noqa: FBT001 - an element of the mask
    if isinstance(value, list):
        return [_element(each, counts) for each in value]
    return float(value) + 0.0 if counts else 0.0  # -0.0 is written as 0.0
