"""The second oracle of ``weighted_mean``: fractions, row by row.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    return {"x": ("B T", "B T F"), "weight": ("B T", "B T"), "want": ("B", "B F")}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each row's weighted mean; None where it has no weight.

    >>> inputs = {"x": [[2, 5, 9]], "weight": [[1, 2, 4]]}
    >>> answer({}, inputs, [[True, True, False]], {})
    [4.0]
    """
    del options, weights
    rows = zip(inputs["x"], inputs["weight"], mask, strict=True)
    return [_row(*row) for row in rows]


def _row(row: Sequence[Nested], weight: Sequence[float], keep: Sequence[bool]) -> Any:
    if row and isinstance(row[0], list):
        return [_mean(column, weight, keep) for column in zip(*row, strict=True)]
    return _mean(row, weight, keep)


def _mean(
    values: Sequence[float], weight: Sequence[float], keep: Sequence[bool]
) -> float | None:
    pairs = [
        (value, share)
        for value, share, counts in zip(values, weight, keep, strict=True)
        if counts
    ]
    if not all(math.isfinite(value * share) for value, share in pairs):
        # Finite numbers do not change what infinities and NaN add up to.
        top = sum(value * share for value, share in pairs)
        return top / sum(share for _, share in pairs)
    total = sum(Fraction(share) for _, share in pairs)
    if not total:
        return None
    return float(
        sum(Fraction(value) * Fraction(share) for value, share in pairs) / total
    )
