"""The second oracle of ``masked_softmax``: 50 digits and plain loops.

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
    return {"x": ("B T",), "want": ("B T",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each row's probabilities, zero at padding; None where an adapter declares.

    >>> answer({}, {"x": [[3, 3, 9]]}, [[True, True, False]], {})
    [[0.5, 0.5, 0.0]]
    """
    del options, weights
    return [_row(row, keep) for row, keep in zip(inputs["x"], mask, strict=True)]


def _row(row: Sequence[float], keep: Sequence[bool]) -> list[float | None]:
    if not any(keep):
        return [None] * len(row)
    shares = iter(_softmax([x for x, counts in zip(row, keep, strict=True) if counts]))
    return [next(shares) if counts else 0.0 for counts in keep]


def _softmax(values: Sequence[float]) -> list[float]:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    top = max(values)
    if any(map(math.isnan, values)) or math.isinf(top):
        return [math.nan] * len(values)
    with mpmath.workdps(50):
        parts = [mpmath.exp(mpmath.mpf(value) - mpmath.mpf(top)) for value in values]
        total = mpmath.fsum(parts)
        return [float(part / total) for part in parts]
