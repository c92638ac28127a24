"""The second oracle of ``packed_attention``: 50 digits and plain loops.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from conformance.operations.attention import exact
from conformance.operations.attention.exact import attend

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    return {**exact.axes(options), "segments": ("B T",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the answer ``[B, T, N, D]``; None at padded queries, as declared.

    >>> one = [[[[2.0]], [[4.0]], [[9.0]], [[6.0]]]]
    >>> inputs = {"query": one, "key": [[[[1.0]]] * 4], "value": one}
    >>> inputs["segments"] = [[1, 1, 2, 2]]
    >>> answer({"causal": "full"}, inputs, [[True, True, True, False]], {})
    [[[[3.0]], [[3.0]], [[9.0]], [[None]]]]

    Raises:
        ValueError: A row's sequences do not stand together, or are numbered below 1.
    """
    del weights
    causal = options["causal"] == "causal"
    names = ("query", "key", "value", "segments")
    rows = zip(*(inputs[name] for name in names), mask, strict=True)
    return [_row(*row, causal=causal) for row in rows]


def _row(
    query: Nested,
    key: Nested,
    value: Nested,
    segments: Sequence[int],
    keep: Sequence[bool],
    *,
    causal: bool,
) -> Nested:
    runs = [
        number
        for number, _ in groupby(
            number for number, valid in zip(segments, keep, strict=True) if valid
        )
    ]
    if len(set(runs)) < len(runs) or min(runs, default=1) < 1:
        msg = (
            f"the sequences of a row are numbered {runs}, expected numbers from 1 on, "
            "each sequence's positions together"
        )
        raise ValueError(msg)
    found: list[Nested] = []
    for at, heads in enumerate(query):
        if not keep[at]:
            found.append([[None] * len(features) for features in heads])
            continue
        reach = range(at + 1 if causal else len(keep))
        seen = [j for j in reach if keep[j] and segments[j] == segments[at]]
        found.append(
            [
                attend(features, [key[j][n] for j in seen], [value[j][n] for j in seen])
                for n, features in enumerate(heads)
            ]
        )
    return found
