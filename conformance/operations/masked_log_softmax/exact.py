"""The second oracle of ``masked_log_softmax``: 50 digits and plain loops.

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
    """Return each row's logarithms; None at padding, where an adapter declares.

    >>> answer({}, {"x": [[3, 9]]}, [[True, False]], {})
    [[0.0, None]]
    """
    del options, weights
    return [_row(row, keep) for row, keep in zip(inputs["x"], mask, strict=True)]


def _row(row: Sequence[float], keep: Sequence[bool]) -> list[float | None]:
    logs = iter(_logs([x for x, counts in zip(row, keep, strict=True) if counts]))
    return [next(logs) if counts else None for counts in keep]


def _logs(values: Sequence[float]) -> list[float]:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    if not values or any(map(math.isnan, values)) or math.isinf(max(values)):
        return [math.nan] * len(values)
    with mpmath.workdps(50):
        top = mpmath.mpf(max(values))
        below = [mpmath.mpf(value) - top for value in values]
        above = mpmath.log(mpmath.fsum(map(mpmath.exp, below)))
        return [float(each - above) for each in below]
