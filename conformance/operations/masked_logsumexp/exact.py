"""The second oracle of ``masked_logsumexp``: 50 digits and plain loops.

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
    return {"x": ("B T",), "want": ("B",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each row's value; None where an adapter declares.

    >>> answer({}, {"x": [[3, 9]]}, [[True, False]], {})
    [3.0]
    """
    del options, weights
    return [
        _value([x for x, counts in zip(row, keep, strict=True) if counts])
        for row, keep in zip(inputs["x"], mask, strict=True)
    ]


def _value(values: Sequence[float]) -> float | None:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    if not values:
        return None
    if any(map(math.isnan, values)):
        return math.nan
    if math.isinf(max(values)):
        return float(max(values))
    with mpmath.workdps(50):
        top = mpmath.mpf(max(values))
        parts = [mpmath.exp(mpmath.mpf(value) - top) for value in values]
        return float(top + mpmath.log(mpmath.fsum(parts)))
