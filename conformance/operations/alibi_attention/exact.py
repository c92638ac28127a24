"""The second oracle of ``alibi_attention``: 50 digits and plain loops.

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

    >>> zero, value = [[[[0.0]], [[0.0]]]], [[[[3.0]], [[5.0]]]]
    >>> inputs = {"query": zero, "key": zero, "value": value}
    >>> answer({"causal": "causal"}, inputs, [[True, False]], {})
    [[[[3.0]], [[None]]]]
    """
    del weights
    causal = options["causal"] == "causal"
    rows = zip(inputs["query"], inputs["key"], inputs["value"], mask, strict=True)
    return [_row(*row, causal=causal) for row in rows]


def _row(
    query: Nested, key: Nested, value: Nested, keep: Sequence[bool], *, causal: bool
) -> Nested:
    tokens = [at for at, valid in enumerate(keep) if valid]
    found: list[Nested] = [[[None] * len(x) for x in heads] for heads in query]
    slopes = list_slopes(len(query[0])) if query else []
    for number, at in enumerate(tokens):
        seen = tokens[: number + 1] if causal else tokens
        for head, slope in enumerate(slopes):
            found[at][head] = attend(
                query[at][head],
                [key[j][head] for j in seen],
                [value[j][head] for j in seen],
                [-slope * abs(number - other) for other in range(len(seen))],
            )
    return found


def list_slopes(heads: int) -> list[float]:
    """Return each head's slope.

    >>> list_slopes(3)
    [0.0625, 0.00390625, 0.25]
    """
    power = 1
    while 2 * power <= heads:
        power *= 2
    slopes = [0.5 ** (8 * head / power) for head in range(1, power + 1)]
    between = [0.5 ** (4 * head / power) for head in range(1, 2 * power, 2)]
    return slopes + between[: heads - power]
