"""The second oracle of ``row_norm``: fractions, and 50 digits for the root.

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

EPSILON = Fraction(1, 1000)


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    return {"x": ("B T F",), "want": ("B T F",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each position's answer; None at padding, where an adapter declares.

    >>> options = {"over": "time", "ddof": "1", "epsilon": "inside"}
    >>> answer(options, {"x": [[[7], [9]]]}, [[True, False]], {})
    [[[0.0], [None]]]
    """
    del weights
    return [
        _row(options, row, keep) for row, keep in zip(inputs["x"], mask, strict=True)
    ]


def _row(
    options: Mapping[str, str], row: Sequence[Sequence[float]], keep: Sequence[bool]
) -> Nested:
    valid = [position for position, counts in zip(row, keep, strict=True) if counts]
    features = len(row[0]) if row else 0
    if options["over"] == "group":
        flat = iter(_normalise(options, [each for one in valid for each in one]))
        found = [[next(flat) for _ in range(features)] for _ in valid]
    else:
        columns = [
            _normalise(options, [one[f] for one in valid]) for f in range(features)
        ]
        found = [list(values) for values in zip(*columns, strict=True)]
    normal = iter(found)
    return [next(normal) if counts else [None] * features for counts in keep]


def _normalise(options: Mapping[str, str], values: Sequence[float]) -> list[float]:
    """Return the numbers less their mean, over their deviation with its epsilon."""
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    if not all(map(math.isfinite, values)):
        return [math.nan] * len(values)
    exact = [Fraction(value) for value in values]
    mean = sum(exact, Fraction(0)) / max(len(exact), 1)
    squares = sum(((value - mean) ** 2 for value in exact), Fraction(0))
    variance = squares / max(len(exact) - int(options["ddof"]), 1)
    with mpmath.workdps(50):
        if options["epsilon"] == "inside":
            divisor = mpmath.sqrt(_real(variance + EPSILON))
        else:
            divisor = mpmath.sqrt(_real(variance)) + _real(EPSILON)
        return [float(_real(value - mean) / divisor) for value in exact]


def _real(number: Fraction) -> Any:
    import mpmath

    return mpmath.mpf(number.numerator) / mpmath.mpf(number.denominator)
