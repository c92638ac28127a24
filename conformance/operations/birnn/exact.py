"""The second oracle of ``birnn``: 50 digits, one position after the other.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.cells_exact import number, walk, weight_axes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Weights = Mapping[str, Nested]
    Vector = list[Any]  # of mpmath.mpf, which has no types


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    width = "2H" if options["merge"] == "concat" else "H"
    want = f"B T {width}" if options["output"] == "sequence" else f"B {width}"
    arrays: dict[str, tuple[str, ...]] = {"x": ("B T F",)}
    for direction in ("forward", "backward"):
        arrays |= weight_axes(direction, options["cell"])
    return {**arrays, "want": (want,)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Weights],
) -> Nested:
    """Return what both directions give; zero at padding and for an empty row.

    >>> direction = {"kernel": [[1]], "recurrent_kernel": [[0]], "bias": [0],
    ...              "recurrent_bias": [0]}
    >>> weights = {"forward": direction, "backward": direction}
    >>> options = {"cell": "simple", "merge": "sum", "output": "sequence"}
    >>> answer(options, {"x": [[[0.5], [7]]]}, [[True, False]], weights)
    [[[0.9242343145200195], [0.0]]]
    """
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    with mpmath.workdps(50):
        return [
            _row(options, row, keep, weights)
            for row, keep in zip(inputs["x"], mask, strict=True)
        ]


def _row(
    options: Mapping[str, str],
    row: Sequence[Sequence[float]],
    keep: Sequence[bool],
    weights: Mapping[str, Weights],
) -> Nested:
    cell = options["cell"]
    valid = [position for position, counts in enumerate(keep) if counts]
    ahead = walk_over(cell, weights["forward"], row, valid)
    back = walk_over(cell, weights["backward"], row, valid[::-1])
    merge = _MERGES[options["merge"]]
    units = [number(0) for _ in weights["forward"]["recurrent_kernel"]]
    zero = _floats(merge(units, units))
    if options["output"] == "final":
        return _floats(merge(ahead[valid[-1]], back[valid[0]])) if valid else zero
    return [
        _floats(merge(ahead[t], back[t])) if counts else list(zero)
        for t, counts in enumerate(keep)
    ]


def walk_over(
    cell: str, weights: Weights, row: Sequence[Sequence[float]], order: Sequence[int]
) -> dict[int, Vector]:
    """Return the hidden state at each position, read in the order that is given."""
    states = walk(cell, weights, row, order)
    return {at: h for at, (h, _) in zip(order, states, strict=True)}


def _floats(values: Vector) -> list[float]:
    return [float(value) for value in values]


_MERGES: Mapping[str, Callable[[Vector, Vector], Vector]] = {
    "concat": lambda ahead, back: [*ahead, *back],
    "sum": lambda ahead, back: [a + b for a, b in zip(ahead, back, strict=True)],
}
