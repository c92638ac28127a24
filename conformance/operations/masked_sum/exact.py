"""The second oracle of ``masked_sum``: fractions and plain loops.

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
    """Return the sum of each row's valid values.

    >>> answer({}, {"x": [[1, 2, 9]]}, [[True, True, False]], {})
    [3.0]
    """
    del options, weights
    return reduced(inputs["x"], mask, _total)


def _total(values: Sequence[float]) -> float:
    if not all(map(math.isfinite, values)):
        return float(sum(values))  # what NaN and infinities add up to
    return float(sum(map(Fraction, values), Fraction(0)))
