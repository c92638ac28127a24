"""The second oracle of ``masked_min``: comparisons in plain loops, nothing rounds.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.operations._common.exact import POOLED, reduced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    return POOLED


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each row's smallest valid value; None where an adapter declares.

    >>> answer({}, {"x": [[1, 2, 0]]}, [[True, True, False]], {})
    [1.0]
    """
    del options, weights
    return reduced(inputs["x"], mask, _smallest)


def _smallest(values: Sequence[float]) -> float | None:
    if not values:
        return None
    if any(map(math.isnan, values)):
        return math.nan
    return float(min(values)) + 0.0  # -0.0 equals 0.0, which is what is written
