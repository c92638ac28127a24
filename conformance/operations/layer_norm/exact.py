"""The second oracle of ``layer_norm``: fractions, and 50 digits for the root.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations.masked_batch_norm.exact import axes, normalise

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
    """Return each position's answer; None at padding, where an adapter declares.

    >>> inputs = {"x": [[[1, 1], [3, 9]]], "scale": [2, 2], "offset": [0, 1]}
    >>> answer({}, inputs, [[True, False]], {})
    [[[0.0, 1.0], [None, None]]]
    """
    del options, weights
    scale, offset = inputs["scale"], inputs["offset"]
    return [
        [
            _position(position, scale, offset) if counts else [None] * len(scale)
            for position, counts in zip(row, keep, strict=True)
        ]
        for row, keep in zip(inputs["x"], mask, strict=True)
    ]


def _position(
    position: Sequence[float], scale: Sequence[float], offset: Sequence[float]
) -> list[float]:
    plain = zip(scale, offset, strict=True)
    return [normalise(position, a, b)[f] for f, (a, b) in enumerate(plain)]
