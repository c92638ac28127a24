"""The second oracle of ``attention_pooling``: 50 digits and plain loops.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]

FLOOR = "0.0001"


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    score = "B T F" if options["per"] == "feature" else "B T"
    want = "B 2F" if options["pool"] == "mean_std" else "B F"
    return {"x": ("B T F",), "score": (score,), "want": (want,)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each row's mean and, behind it, its deviation; None for an empty row.

    >>> inputs = {"x": [[[2.0], [6.0], [9.0]]], "score": [[[1.0], [1.0], [5.0]]]}
    >>> options = {"pool": "mean_std", "per": "feature"}
    >>> answer(options, inputs, [[True, True, False]], {})
    [[4.0, 2.0]]
    """
    del weights
    rows = zip(inputs["x"], inputs["score"], mask, strict=True)
    return [_row(options, *row) for row in rows]


def _row(
    options: Mapping[str, str],
    row: Sequence[Sequence[float]],
    score: Sequence[Nested],
    keep: Sequence[bool],
) -> list[float | None]:
    means: list[float | None] = []
    deviations: list[float | None] = []
    for feature in range(len(row[0])):
        values = [x[feature] for x, counts in zip(row, keep, strict=True) if counts]
        scores = [s for s, counts in zip(score, keep, strict=True) if counts]
        if options["per"] == "feature":
            scores = [each[feature] for each in scores]
        mean, deviation = _pool(values, scores)
        means.append(mean)
        deviations.append(deviation)
    return means + deviations if options["pool"] == "mean_std" else means


def _pool(
    values: Sequence[float], scores: Sequence[float]
) -> tuple[float | None, float | None]:
    """Return the weighted mean of numbers, and the root of their variance."""
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    if not scores:
        return None, None
    if math.isnan(sum(scores)) or not math.isfinite(max(scores)):
        return math.nan, math.nan
    top = max(scores)
    if not all(map(math.isfinite, values)):
        # Infinities add up to what they do whatever their weights, but for zeros.
        powers = (math.exp(score - top) for score in scores)
        terms = (x * power for x, power in zip(values, powers, strict=True))
        return sum(terms), math.nan
    with mpmath.workdps(50):
        parts = [mpmath.exp(mpmath.mpf(score) - mpmath.mpf(top)) for score in scores]
        total = mpmath.fsum(parts)
        numbers = [mpmath.mpf(value) for value in values]
        pairs = list(zip(parts, numbers, strict=True))
        mean = mpmath.fsum(part * number for part, number in pairs) / total
        squares = mpmath.fsum(part * (number - mean) ** 2 for part, number in pairs)
        variance = max(squares / total, mpmath.mpf(FLOOR))
        return float(mean), float(mpmath.sqrt(variance))
