"""The second oracle of ``mask_from_features``: feature by feature, without a mask.

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
    return {"x": ("B T F",), "want": ("B T",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return 1 where a position has a feature that is not zero, else 0.

    >>> answer({}, {"x": [[[0, 3], [0, -0.0]]]}, [[True, False]], {})
    [[1.0, 0.0]]
    """
    del options, mask, weights
    return [[_counts(features) for features in row] for row in inputs["x"]]


def _counts(features: Sequence[float]) -> float:
    zeros = [each for each in features if each == 0]  # not NaN, but -0.0
    return 0.0 if len(zeros) == len(features) else 1.0
