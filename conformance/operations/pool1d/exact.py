"""The second oracle of ``pool1d``: fractions, and each row by the formula of lengths.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.operations.strided_conv1d.exact import come_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    return {"x": ("B T F",), "want": ("B ? F",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the answer; zero behind the length that comes out.

    >>> options = {"of": "average", "padding": "ahead", "window": "2", "stride": "2"}
    >>> answer(options, {"x": [[[1], [2], [4], [9]]]}, [[True, True, True, False]], {})
    [[[1.5], [4.0]]]
    """
    del weights
    window, stride = int(options["window"]), int(options["stride"])
    left = {"half": (window - 1) // 2, "causal": window - 1}.get(options["padding"], 0)
    found = []
    for row, keep in zip(inputs["x"], mask, strict=True):
        values = {at: row[at] for at, counts in enumerate(keep) if counts}
        length = come_out(len(values), options, window - 1)
        width = len(row[0]) if row else 0
        here = [
            [
                _pool(
                    options["of"],
                    [
                        values[at][feature]
                        for at in range(start, start + window)
                        if at in values
                    ],
                )
                for feature in range(width)
            ]
            for start in range(-left, length * stride - left, stride)
        ]
        behind = come_out(len(row), options, window - 1) - length
        found.append([*here, *([[0.0] * width] * behind)])
    return found


def _pool(of: str, values: Sequence[float]) -> float:
    if not values:
        return 0.0
    if any(map(math.isnan, values)):
        return math.nan
    if of == "maximum":
        return float(max(values)) + 0.0  # -0.0 equals 0.0, which is what is written
    if all(map(math.isfinite, values)):
        return float(sum(map(Fraction, values), Fraction(0)) / len(values))
    return float(sum(values))
