"""The second oracle of ``gated_scan``: exact fractions, and no recurrence.

Each answer is a sum: every input up to there, times the decays behind it. The first
oracle goes step by step, so that the two can be held against each other.
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
    want = "B T F" if options["output"] == "sequence" else "B F"
    return {
        "initial": ("B F",),
        "x": ("B T F",),
        "decay": ("B T F",),
        "want": (want,),
    }


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the answer; None at padding, which the adapter declares.

    >>> inputs = {"initial": [[8]], "x": [[[1], [9], [2]]],
    ...           "decay": [[[0.5], [0.25], [0.5]]]}
    >>> answer({"output": "final"}, inputs, [[True, False, True]], {})
    [[4.5]]
    """
    del weights
    return [
        _row(options, initial, row, decay, keep)
        for initial, row, decay, keep in zip(
            inputs["initial"], inputs["x"], inputs["decay"], mask, strict=True
        )
    ]


def _row(
    options: Mapping[str, str],
    initial: Sequence[float],
    row: Sequence[Sequence[float]],
    decay: Sequence[Sequence[float]],
    keep: Sequence[bool],
) -> Nested:
    features = range(len(initial))
    if options["output"] == "final":
        valid = [at for at, counts in enumerate(keep) if counts]
        return [_total(feature, initial, row, decay, valid) for feature in features]
    return [
        [
            _total(
                feature,
                initial,
                row,
                decay,
                [place for place in range(at + 1) if keep[place]],
            )
            if counts
            else None
            for feature in features
        ]
        for at, counts in enumerate(keep)
    ]


def _total(
    feature: int,
    initial: Sequence[float],
    row: Sequence[Sequence[float]],
    decay: Sequence[Sequence[float]],
    valid: Sequence[int],
) -> float:
    """Return one feature's state behind the given positions."""
    terms = [
        [initial[feature], *(decay[at][feature] for at in valid)],
        *(
            [row[at][feature], *(decay[after][feature] for after in valid[place + 1 :])]
            for place, at in enumerate(valid)
        ),
    ]
    if all(math.isfinite(number) for factors in terms for number in factors):
        return float(sum(math.prod(map(Fraction, factors)) for factors in terms))
    return float(sum(math.prod(factors) for factors in terms))
