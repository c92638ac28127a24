"""The second oracle of ``sink_attention``: 50 digits and plain loops.

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
    del options
    found = dict.fromkeys(("query", "key", "value", "want"), ("B T N D",))
    return {**found, "sink": ("N",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the answer ``[B, T, N, D]``; None at padded queries, as declared.

    >>> zero, value = [[[[0.0]], [[0.0]]]], [[[[4.0]], [[9.0]]]]
    >>> inputs = {"query": zero, "key": zero, "value": value, "sink": [0.0]}
    >>> answer({"causal": "full"}, inputs, [[True, False]], {})
    [[[[2.0]], [[None]]]]
    """
    del weights
    causal = options["causal"] == "causal"
    rows = zip(inputs["query"], inputs["key"], inputs["value"], mask, strict=True)
    return [_row(*row, inputs["sink"], causal=causal) for row in rows]


def _row(
    query: Nested,
    key: Nested,
    value: Nested,
    keep: Sequence[bool],
    sinks: Sequence[float],
    *,
    causal: bool,
) -> Nested:
    found: list[Nested] = []
    for at, heads in enumerate(query):
        if not keep[at]:
            found.append([[None] * len(features) for features in heads])
            continue
        last = at if causal else len(keep) - 1
        seen = [j for j in range(last + 1) if keep[j]]
        found.append(
            [
                attend(
                    features,
                    [*(key[j][n] for j in seen), [0.0] * len(features)],
                    [*(value[j][n] for j in seen), [0.0] * len(features)],
                    [0.0] * len(seen) + [sinks[n]],
                )
                for n, features in enumerate(heads)
            ]
        )
    return found
