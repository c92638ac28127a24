"""The second oracle of ``pool1d``: fractions, each row alone, answer by answer.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.operations.strided_conv1d.exact import starts

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
    window = int(options["window"])
    left = {"half": (window - 1) // 2, "causal": window - 1}.get(options["padding"], 0)
    found = []
    for row, keep in zip(inputs["x"], mask, strict=True):
        values = {at: row[at] for at, counts in enumerate(keep) if counts}
        here = []
        for start in starts(keep, options, window - 1):
            reads = () if start is None else range(start - left, start - left + window)
            seen = [values[at] for at in reads if at in values]
            here.append(
                [
                    _pool(options["of"], [value[feature] for value in seen])
                    for feature in range(len(row[0]))
                ]
            )
        found.append(here)
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
