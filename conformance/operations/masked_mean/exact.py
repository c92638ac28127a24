"""The second oracle of ``masked_mean``: exact fractions and plain loops.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import math
from fractions import Fraction
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
    """Return the mean of each row's valid positions; None where an adapter declares.

    >>> answer({}, {"x": [[1, 0, 3, 4, 5, 0]]}, [[True] * 5 + [False]], {})
    [2.6]
    """
    del options, weights
    return reduced(inputs["x"], mask, _mean)


def _mean(values: Sequence[float]) -> float | None:
    if not values:
        return None
    strange = [value for value in values if not math.isfinite(value)]
    if strange:
        # Finite numbers do not change what infinities and NaN add up to.
        return sum(strange)
    return float(sum(map(Fraction, values)) / len(values))
