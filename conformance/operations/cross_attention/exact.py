"""The second oracle of ``cross_attention``: 50 digits and plain loops.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations.attention.exact import attend

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    # Keys first: their heads bind N, by which the queries' heads are counted.
    queries = ("B S N D",) if options["grouped"] == "plain" else ("B S H D",)
    return {
        "key": ("B T N D",),
        "value": ("B T N D",),
        "query": queries,
        "query_mask": ("B S",),
        "want": queries,
    }


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the answer ``[B, S, H, D]``; None at padded queries and without keys.

    >>> inputs = {"query": [[[[1.0]], [[5.0]]]], "query_mask": [[True, False]],
    ...           "key": [[[[2.0]], [[2.0]], [[7.0]]]],
    ...           "value": [[[[1.0]], [[3.0]], [[9.0]]]]}
    >>> answer({"grouped": "plain"}, inputs, [[True, True, False]], {})
    [[[[2.0]], [[None]]]]
    """
    del weights, options
    rows = zip(
        inputs["query"],
        inputs["query_mask"],
        inputs["key"],
        inputs["value"],
        mask,
        strict=True,
    )
    return [_row(*row) for row in rows]


def _row(
    query: Nested,
    asks: Sequence[bool],
    key: Nested,
    value: Nested,
    keep: Sequence[bool],
) -> Nested:
    seen = [j for j, counts in enumerate(keep) if counts]
    found: list[Nested] = []
    for heads, counts in zip(query, asks, strict=True):
        if not counts or not seen:
            found.append([[None] * len(features) for features in heads])
            continue
        shared = len(heads) // len(key[0])
        found.append(
            [
                attend(
                    features,
                    [key[j][h // shared] for j in seen],
                    [value[j][h // shared] for j in seen],
                )
                for h, features in enumerate(heads)
            ]
        )
    return found
