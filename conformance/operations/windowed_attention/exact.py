"""The second oracle of ``windowed_attention``: 50 digits and plain loops.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations.attention.exact import attend, axes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]

__all__ = ["answer", "axes"]


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the answer ``[B, T, N, D]``; None at padded queries, as declared.

    >>> one = [[[[2.0]], [[4.0]], [[9.0]], [[6.0]]]]
    >>> inputs = {"query": one, "key": [[[[1.0]]] * 4], "value": one}
    >>> options = {"causal": "full", "window": "1"}
    >>> answer(options, inputs, [[True, True, False, True]], {})
    [[[[3.0]], [[3.0]], [[None]], [[6.0]]]]
    """
    del weights
    window = int(options["window"])
    ahead = 0 if options["causal"] == "causal" else window
    rows = zip(inputs["query"], inputs["key"], inputs["value"], mask, strict=True)
    return [_row(*row, window, ahead) for row in rows]


def _row(  # noqa: PLR0917 - a row of each input, and how far it sees
    query: Nested,
    key: Nested,
    value: Nested,
    keep: Sequence[bool],
    behind: int,
    ahead: int,
) -> Nested:
    found: list[Nested] = []
    for at, heads in enumerate(query):
        if not keep[at]:
            found.append([[None] * len(features) for features in heads])
            continue
        near = range(max(at - behind, 0), min(at + ahead + 1, len(keep)))
        seen = [j for j in near if keep[j]]
        found.append(
            [
                attend(features, [key[j][n] for j in seen], [value[j][n] for j in seen])
                for n, features in enumerate(heads)
            ]
        )
    return found
