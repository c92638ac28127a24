"""The second oracle of ``crf_decode``: every path, scored in exact fractions."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    return {
        "emissions": ("B T K",),
        "transitions": ("K K",),
        "start": ("K",),
        "end": ("K",),
        "want": ("B T",),
    }


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return each row's best tags; None where an adapter declares.

    >>> inputs = {"emissions": [[[0, 1], [9, 0]]], "transitions": [[0, 0], [0, 0]],
    ...           "start": [0, 0], "end": [0, 0]}
    >>> answer({}, inputs, [[True, False]], {})
    [[1.0, None]]

    Raises:
        ValueError: A row has more than one best path.
    """
    del options, weights
    return [
        _row(row, keep, inputs)
        for row, keep in zip(inputs["emissions"], mask, strict=True)
    ]


def _row(
    row: Sequence[Sequence[float]], keep: Sequence[bool], inputs: Mapping[str, Nested]
) -> list[float | None]:
    valid = [each for each, counts in zip(row, keep, strict=True) if counts]
    if not valid:
        return [None] * len(row)
    scored = [
        (_score(valid, path, inputs), path)
        for path in product(range(len(valid[0])), repeat=len(valid))
    ]
    top = max(score for score, _ in scored)
    best = [path for score, path in scored if score == top]
    if len(best) > 1:
        msg = f"{len(best)} paths are best, such as {best[0]} and {best[1]}"
        raise ValueError(msg)
    tags = iter(best[0])
    return [float(next(tags)) if counts else None for counts in keep]


def _score(
    row: Sequence[Sequence[float]], path: Sequence[int], inputs: Mapping[str, Nested]
) -> Any:
    terms = [inputs["start"][path[0]], inputs["end"][path[-1]]]
    terms += [here[tag] for here, tag in zip(row, path, strict=True)]
    terms += [inputs["transitions"][a][b] for a, b in pairwise(path)]
    low = float("-inf")
    return low if low in terms else sum(map(Fraction, terms))
