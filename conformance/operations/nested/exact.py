"""The second oracle of ``nested``: 50 digits, one position after the other.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Weights = Mapping[str, Mapping[str, Nested]]
    Vector = list[Any]  # of mpmath.mpf, which has no types


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    found: dict[str, tuple[str, ...]] = {"x": ("B T F",)}
    if options["inner"] == "twice":
        square: dict[str, tuple[str, ...]] = {"first.kernel": ("F F",)}
        return {**found, **square, "first.bias": ("F",), "want": ("B T F",)}
    found |= {
        "first.kernel": ("F H",),
        "first.bias": ("H",),
        "second.kernel": ("H O",),
        "second.bias": ("O",),
    }
    if options["inner"] == "normed":
        for part in ("scale", "offset", "mean", "variance"):
            found[f"norm.{part}"] = ("H",)
    return {**found, "want": ("B T O",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Weights,
) -> Nested:
    """Return what each position gives; None at padding, where an adapter declares.

    >>> one = {"kernel": [[1]], "bias": [0]}
    >>> weights = {"first": one, "second": one}
    >>> answer({"inner": "dense"}, {"x": [[[0], [9]]]}, [[True, False]], weights)
    [[[0.5], [None]]]
    """
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    last = weights["first" if options["inner"] == "twice" else "second"]
    with mpmath.workdps(50):
        return [
            [
                _position(position, weights, last) if counts else [None] * _units(last)
                for position, counts in zip(row, keep, strict=True)
            ]
            for row, keep in zip(inputs["x"], mask, strict=True)
        ]


def _units(layer: Mapping[str, Nested]) -> int:
    return len(layer["bias"])


def _position(
    position: Sequence[float], weights: Weights, last: Mapping[str, Nested]
) -> list[float]:
    import mpmath

    x = [mpmath.mpf(value) for value in position]
    hidden = [mpmath.tanh(value) for value in _dense_layer(x, weights["first"])]
    if "norm" in weights:
        hidden = _normalise(hidden, weights["norm"])
    return [float(1 / (1 + mpmath.exp(-value))) for value in _dense_layer(hidden, last)]


def _dense_layer(x: Vector, layer: Mapping[str, Nested]) -> Vector:
    import mpmath

    return [
        mpmath.mpf(shift)
        + sum(
            mpmath.mpf(line[column]) * value
            for line, value in zip(layer["kernel"], x, strict=True)
        )
        for column, shift in enumerate(layer["bias"])
    ]


def _normalise(hidden: Vector, norm: Mapping[str, Nested]) -> Vector:
    import mpmath

    epsilon = mpmath.mpf(1) / 1000
    return [
        mpmath.mpf(norm["scale"][unit])
        * (value - mpmath.mpf(norm["mean"][unit]))
        / mpmath.sqrt(mpmath.mpf(norm["variance"][unit]) + epsilon)
        + mpmath.mpf(norm["offset"][unit])
        for unit, value in enumerate(hidden)
    ]
