"""The second oracle of ``crf_partition``: every path, scored in exact fractions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.operations._common import chain_exact as chain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    return chain.axes(options, "B")


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the log of each row's sum; None where an adapter declares.

    >>> inputs = {"emissions": [[[0, 0], [0, 9]]], "transitions": [[0, 0], [0, 0]]}
    >>> answer({"ends": "free"}, inputs, [[True, False]], {})
    [0.6931471805599453]
    """
    del options, weights
    return [
        _row(chain.keep_valid(row, keep), inputs)
        for row, keep in zip(inputs["emissions"], mask, strict=True)
    ]


def _row(
    emissions: Sequence[Sequence[float]], inputs: Mapping[str, Nested]
) -> float | None:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    if not emissions:
        return None
    scores = [score for _, score in chain.score_paths(emissions, inputs)]
    if any(map(math.isnan, scores)):
        return math.nan
    top = max(scores)
    if top == -math.inf:
        return -math.inf
    with mpmath.workdps(chain.DIGITS):
        whole = mpmath.mpf(top.numerator) / mpmath.mpf(top.denominator)
        return float(whole + mpmath.log(chain.add_powers(scores, top)))
