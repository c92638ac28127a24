"""The second oracle of ``masked_batch_norm``: fractions, and 50 digits for the root.

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
    return {
        "x": ("B T F",),
        "scale": ("F",),
        "offset": ("F",),
        "want": ("B T F",),
    }


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each position's answer; None at padding, where an adapter declares.

    >>> inputs = {"x": [[[1], [3], [9]]], "scale": [0], "offset": [2]}
    >>> answer({}, inputs, [[True, True, False]], {})
    [[[2.0], [2.0], [None]]]
    """
    del options, weights
    x, scale, offset = (inputs[name] for name in ("x", "scale", "offset"))
    valid = [
        position
        for row, keep in zip(x, mask, strict=True)
        for position, counts in zip(row, keep, strict=True)
        if counts
    ]
    found = iter(
        zip(
            *(
                normalise([position[f] for position in valid], scale[f], offset[f])
                for f in range(len(scale))
            ),
            strict=True,
        )
    )
    nothing = [None] * len(scale)
    return [
        [list(next(found)) if counts else list(nothing) for counts in keep]
        for keep in mask
    ]


def normalise(values: Sequence[float], scale: float, offset: float) -> list[float]:
    """Return the numbers less their mean, over the root of their variance."""
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    if not all(map(math.isfinite, values)):
        return [math.nan] * len(values)
    exact = [Fraction(value) for value in values]
    mean = sum(exact, Fraction(0)) / max(len(exact), 1)
    squares = sum(((value - mean) ** 2 for value in exact), Fraction(0))
    variance = squares / max(len(exact), 1) + Fraction(1, 1000)
    with mpmath.workdps(50):
        root = mpmath.sqrt(_real(variance))
        return [
            float(_real((value - mean) * Fraction(scale)) / root + mpmath.mpf(offset))
            for value in exact
        ]


def _real(number: Fraction) -> Any:
    import mpmath

    return mpmath.mpf(number.numerator) / mpmath.mpf(number.denominator)
