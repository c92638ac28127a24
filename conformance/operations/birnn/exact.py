"""The second oracle of ``birnn``: 50 digits, one position after the other.

It shares nothing with ``oracle``, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Weights = Mapping[str, Nested]
    Vector = list[Any]  # of mpmath.mpf, which has no types
    State = tuple[Vector, Vector]  # h, and the lstm's c

GATES = {"simple": 1, "lstm": 4, "gru": 3}


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    gates = GATES[options["cell"]]
    width = "2H" if options["merge"] == "concat" else "H"
    want = f"B T {width}" if options["output"] == "sequence" else f"B {width}"
    arrays: dict[str, tuple[str, ...]] = {"x": ("B T F",)}
    for direction in ("forward", "backward"):
        arrays[f"{direction}.bias"] = (f"{gates}H",)
        arrays[f"{direction}.recurrent_bias"] = (f"{gates}H",)
        arrays[f"{direction}.recurrent_kernel"] = (f"H {gates}H",)
        arrays[f"{direction}.kernel"] = (f"F {gates}H",)
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
    valid = [position for position, counts in enumerate(keep) if counts]
    step = CELLS[options["cell"]]
    ahead = states(step, weights["forward"], row, valid)
    back = states(step, weights["backward"], row, reversed(valid))
    merge = _MERGES[options["merge"]]
    units = [_number(0) for _ in weights["forward"]["recurrent_kernel"]]
    zero = _floats(merge(units, units))
    if options["output"] == "final":
        return _floats(merge(ahead[valid[-1]], back[valid[0]])) if valid else zero
    return [
        _floats(merge(ahead[t], back[t])) if counts else list(zero)
        for t, counts in enumerate(keep)
    ]


def states(
    step: Callable[[Vector, Vector, State], State],
    weights: Weights,
    row: Sequence[Sequence[float]],
    positions: Iterable[int],
) -> dict[int, Vector]:
    """Return the hidden state at each of ``positions``, read in their order."""
    units = weights["recurrent_kernel"]
    state = ([_number(0) for _ in units], [_number(0) for _ in units])
    states = {}
    for position in positions:
        x = [_number(value) for value in row[position]]
        from_input = _affine(x, weights["kernel"], weights["bias"])
        from_state = _affine(state[0], units, weights["recurrent_bias"])
        state = step(from_input, from_state, state)
        states[position] = state[0]
    return states


def _affine(
    x: Vector, matrix: Sequence[Sequence[float]], bias: Sequence[float]
) -> Vector:
    return [
        _number(shift)
        + sum(
            _number(line[column]) * value for line, value in zip(matrix, x, strict=True)
        )
        for column, shift in enumerate(bias)
    ]


def _number(value: float) -> Any:
    import mpmath

    return mpmath.mpf(value)


def _tanh(x: Any) -> Any:
    import mpmath

    return mpmath.tanh(x)


def _logistic(x: Any) -> Any:
    import mpmath

    return 1 / (1 + mpmath.exp(-x))


def _simple(from_input: Vector, from_state: Vector, state: State) -> State:
    pairs = zip(from_input, from_state, strict=True)
    return [_tanh(a + b) for a, b in pairs], state[1]


def _lstm(from_input: Vector, from_state: Vector, state: State) -> State:
    both = [a + b for a, b in zip(from_input, from_state, strict=True)]
    units = len(both) // 4
    h, c = [], []
    for unit in range(units):
        i, f, g, o = both[unit::units]
        cell = _logistic(f) * state[1][unit] + _logistic(i) * _tanh(g)
        c.append(cell)
        h.append(_logistic(o) * _tanh(cell))
    return h, c


def _gru(from_input: Vector, from_state: Vector, state: State) -> State:
    units = len(from_input) // 3
    h = []
    for unit in range(units):
        (r, z, n), (r_state, z_state, n_state) = (
            from_input[unit::units],
            from_state[unit::units],
        )
        reset, update = _logistic(r + r_state), _logistic(z + z_state)
        new = _tanh(n + reset * n_state)
        h.append((1 - update) * new + update * state[0][unit])
    return h, state[1]


def _floats(values: Vector) -> list[float]:
    return [float(value) for value in values]


CELLS = {"simple": _simple, "lstm": _lstm, "gru": _gru}
_MERGES: Mapping[str, Callable[[Vector, Vector], Vector]] = {
    "concat": lambda ahead, back: [*ahead, *back],
    "sum": lambda ahead, back: [a + b for a, b in zip(ahead, back, strict=True)],
}
