"""The second oracle of ``rotary``: 50 digits and plain loops.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    return dict.fromkeys(("x", "want"), ("B T N 2D",))


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the answer ``[B, T, N, D]``; None at padding, as declared.

    >>> x = [[[[5.0, 5.0]], [[3.0, 4.0]]]]
    >>> answer({"layout": "half"}, {"x": x}, [[False, True]], {})
    [[[[None, None]], [[3.0, 4.0]]]]
    """
    del weights
    return [
        _row(options["layout"], row, keep)
        for row, keep in zip(inputs["x"], mask, strict=True)
    ]


def _row(layout: str, row: Nested, keep: Sequence[bool]) -> Nested:
    found: list[Nested] = []
    position = 0
    for heads, valid in zip(row, keep, strict=True):
        if not valid:
            found.append([[None] * len(features) for features in heads])
            continue
        found.append([_turn(layout, features, position) for features in heads])
        position += 1
    return found


def _turn(layout: str, features: Sequence[float], position: int) -> list[float]:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    size, found = len(features), list(features)
    for pair in range(size // 2):
        first, second = (
            (pair, pair + size // 2) if layout == "half" else (2 * pair, 2 * pair + 1)
        )
        a, b = features[first], features[second]
        if not (math.isfinite(a) and math.isfinite(b)):
            found[first] = found[second] = math.nan
            continue
        with mpmath.workdps(50):
            angle = position * mpmath.power(10000, -mpmath.mpf(2 * pair) / size)
            cos, sin = mpmath.cos(angle), mpmath.sin(angle)
            found[first] = float(mpmath.mpf(a) * cos - mpmath.mpf(b) * sin)
            found[second] = float(mpmath.mpf(a) * sin + mpmath.mpf(b) * cos)
    return found
