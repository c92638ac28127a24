"""The second oracle of ``rnn``: 50 digits, one position after the other.

It shares the second oracle of the cells, and nothing with ``oracle``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.cells_exact import number, walk, weight_axes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Weights = Mapping[str, Nested]


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    state = "B 2H" if options["cell"] == "lstm" else "B H"
    return {
        "initial": (state,),
        "x": ("B T F",),
        **weight_axes("weights", options["cell"]),
        "want": ("B T H" if options["output"] == "sequence" else state,),
    }


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Weights],
) -> Nested:
    """Return the answer; None at padding, which the adapter declares.

    >>> weights = {"weights": {"kernel": [[1]], "recurrent_kernel": [[1]],
    ...            "bias": [0], "recurrent_bias": [0]}}
    >>> options = {"cell": "simple", "direction": "forward", "output": "sequence"}
    >>> inputs = {"initial": [[0.25]], "x": [[[0.25], [7]]]}
    >>> answer(options, inputs, [[True, False]], weights)
    [[[0.46211715726000973], [None]]]
    """
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    with mpmath.workdps(50):
        return [
            _row(options, initial, row, keep, weights["weights"])
            for initial, row, keep in zip(
                inputs["initial"], inputs["x"], mask, strict=True
            )
        ]


def _row(
    options: Mapping[str, str],
    initial: Sequence[float],
    row: Sequence[Sequence[float]],
    keep: Sequence[bool],
    weights: Weights,
) -> Nested:
    units = len(weights["recurrent_kernel"])
    begun = [number(value) for value in initial]
    order = [at for at, counts in enumerate(keep) if counts]
    if options["direction"] == "backward":
        order.reverse()
    # c of a cell without one is never asked for, and shown nowhere.
    state = (begun[:units], begun[units:])
    states = list(walk(options["cell"], weights, row, order, state))
    if options["output"] == "final":
        h, c = states[-1] if states else state
        return [float(value) for value in (*h, *c)]
    shown: Nested = [[None] * units for _ in keep]
    for at, (h, _) in zip(order, states, strict=True):
        shown[at] = [float(value) for value in h]
    return shown
