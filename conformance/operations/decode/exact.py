"""The second oracle of ``decode``: 50 digits and plain loops over a growing list.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations.attention.exact import attend

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]

STEPS = ("query", "step_key", "step_value", "step_mask")


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    found = dict.fromkeys(("key", "value"), ("B T N D",))
    found |= dict.fromkeys((*STEPS[:3], "want"), ("B S N D",))
    return {**found, "step_mask": ("B S",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the answer ``[B, S, N, D]``; None at padded steps, as declared.

    >>> prompt = [[[[1.0]], [[9.0]]]]
    >>> steps = [[[[0.0]], [[0.0]], [[0.0]]]]
    >>> inputs = {"key": prompt, "value": prompt, "query": steps, "step_key": steps,
    ...           "step_value": [[[[3.0]], [[8.0]], [[5.0]]]],
    ...           "step_mask": [[True, False, True]]}
    >>> answer({"chunk": "single"}, inputs, [[True, False]], {})
    [[[[2.0]], [[None]], [[3.0]]]]
    """
    del options, weights
    names = ("key", "value", *STEPS)
    rows = zip(mask, *(inputs[name] for name in names), strict=True)
    return [_row(*row) for row in rows]


def _row(  # noqa: PLR0917 - what decoding is given
    keep: Sequence[bool],
    key: Nested,
    value: Nested,
    query: Nested,
    step_key: Nested,
    step_value: Nested,
    runs: Sequence[bool],
) -> Nested:
    cached = [
        pair
        for pair, valid in zip(zip(key, value, strict=True), keep, strict=True)
        if valid
    ]
    found: list[Nested] = []
    for heads, *new, valid in zip(query, step_key, step_value, runs, strict=True):
        if not valid:
            found.append([[None] * len(features) for features in heads])
            continue
        cached.append(tuple(new))
        found.append(
            [
                attend(features, [k[n] for k, _ in cached], [v[n] for _, v in cached])
                for n, features in enumerate(heads)
            ]
        )
    return found
