"""The second oracle of ``crf_marginals``: every path, scored in exact fractions."""

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
    return chain.axes(options, "B T K")


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each tag's share at each position, zero at padding.

    >>> inputs = {"emissions": [[[0, 0], [0, 9]]], "transitions": [[0, 0], [0, 0]]}
    >>> answer({"ends": "free"}, inputs, [[True, False]], {})
    [[[0.5, 0.5], [0.0, 0.0]]]
    """
    del options, weights
    return [
        _row(row, keep, inputs)
        for row, keep in zip(inputs["emissions"], mask, strict=True)
    ]


def _row(
    row: Sequence[Sequence[float]], keep: Sequence[bool], inputs: Mapping[str, Nested]
) -> list[list[float]]:
    width = len(inputs["transitions"])
    shares = iter(_shares(chain.keep_valid(row, keep), width, inputs))
    return [next(shares) if counts else [0.0] * width for counts in keep]


def _shares(
    emissions: Sequence[Sequence[float]], width: int, inputs: Mapping[str, Nested]
) -> list[list[float]]:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    scored = list(chain.score_paths(emissions, inputs)) if emissions else []
    scores = [score for _, score in scored]
    strange = any(map(math.isnan, scores)) or max(scores, default=0) == -math.inf
    if strange:  # of nothing but impossible paths no share can be taken
        return [[math.nan] * width for _ in emissions]
    with mpmath.workdps(chain.DIGITS):
        top = max(scores, default=None)
        whole = chain.add_powers(scores, top)
        return [
            [
                float(
                    chain.add_powers(
                        [score for path, score in scored if path[t] == tag], top
                    )
                    / whole
                )
                for tag in range(width)
            ]
            for t in range(len(emissions))
        ]
