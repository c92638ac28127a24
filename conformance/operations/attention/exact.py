"""The second oracle of ``attention``: 50 digits and plain loops.

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
    return dict.fromkeys(("query", "key", "value", "want"), ("B T N D",))


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the answer ``[B, T, N, D]``; None at padded queries, as declared.

    >>> one = [[[[2.0]], [[0.0]], [[9.0]]]]
    >>> inputs = {"query": one, "key": [[[[1.0]], [[1.0]], [[7.0]]]], "value": one}
    >>> answer({"causal": "full"}, inputs, [[True, True, False]], {})
    [[[[1.0]], [[1.0]], [[None]]]]
    """
    del weights
    causal = options["causal"] == "causal"
    rows = zip(inputs["query"], inputs["key"], inputs["value"], mask, strict=True)
    return [_row(q, k, v, keep, causal=causal) for q, k, v, keep in rows]


def _row(
    query: Nested, key: Nested, value: Nested, keep: Sequence[bool], *, causal: bool
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
                attend(features, [key[j][n] for j in seen], [value[j][n] for j in seen])
                for n, features in enumerate(heads)
            ]
        )
    return found


def attend(
    query: Sequence[float],
    keys: Sequence[Sequence[float]],
    values: Sequence[Sequence[float]],
    biases: Sequence[float] = (),
) -> list[float]:
    """Return one query's mean of the values whose keys it sees.

    Args:
        query: Its numbers.
        keys: Those of each key.
        values: Those of each value.
        biases: What is added to each key's score; nothing if there are none.
    """
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    numbers = [*query, *(x for key in keys for x in key)]
    if not all(map(math.isfinite, numbers)):
        return [math.nan] * len(values[0])
    with mpmath.workdps(50):
        root = mpmath.sqrt(len(query))
        scores = [
            mpmath.fsum(
                mpmath.mpf(q) * mpmath.mpf(k) for q, k in zip(query, key, strict=True)
            )
            / root
            for key in keys
        ]
        if biases:
            pairs = zip(scores, biases, strict=True)
            scores = [score + mpmath.mpf(bias) for score, bias in pairs]
        top = max(scores)
        parts = [mpmath.exp(score - top) for score in scores]
        total = mpmath.fsum(parts)
        return [
            float(
                mpmath.fsum(
                    part * mpmath.mpf(x) for part, x in zip(parts, column, strict=True)
                )
                / total
            )
            for column in zip(*values, strict=True)
        ]
