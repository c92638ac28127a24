"""The second oracle of recurrent cells: 50 digits, one position after the other.

It shares nothing with ``cells``, so that the two can be held against each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Nested = Any
    Weights = Mapping[str, Nested]
    Vector = list[Any]  # of mpmath.mpf, which has no types
    State = tuple[Vector, Vector]  # h, and the lstm's c

GATES = {"simple": 1, "lstm": 4, "gru": 3}


def weight_axes(
    owner: str, cell: str, features: str = "F", units: str = "H"
) -> dict[str, tuple[str, ...]]:
    """Return the axes of one direction's weights, by ``owner.kernel`` and the like."""
    gates = f"{GATES[cell]}{units}"
    return {
        f"{owner}.bias": (gates,),
        f"{owner}.recurrent_bias": (gates,),
        f"{owner}.recurrent_kernel": (f"{units} {gates}",),
        f"{owner}.kernel": (f"{features} {gates}",),
    }


def walk(
    cell: str,
    weights: Weights,
    row: Sequence[Sequence[float]],
    positions: Iterable[int],
    state: State | None = None,
) -> Iterator[State]:
    """Yield the state behind each of ``positions``, read in their order.

    Args:
        cell: ``simple``, ``lstm`` or ``gru``.
        weights: Its weights, by part.
        row: The row, ``[T, F]``.
        positions: The valid ones, in the order in which they are read.
        state: The state before them; zeros if None.
    """
    units = weights["recurrent_kernel"]
    if state is None:
        state = ([number(0) for _ in units], [number(0) for _ in units])
    for position in positions:
        x = [number(value) for value in row[position]]
        from_input = _affine(x, weights["kernel"], weights["bias"])
        from_state = _affine(state[0], units, weights["recurrent_bias"])
        state = _CELLS[cell](from_input, from_state, state)
        yield state


def _affine(
    x: Vector, matrix: Sequence[Sequence[float]], bias: Sequence[float]
) -> Vector:
    return [
        number(shift)
        + sum(
            number(line[column]) * value for line, value in zip(matrix, x, strict=True)
        )
        for column, shift in enumerate(bias)
    ]


def number(value: float) -> Any:
    """Return a number with as many digits as are worked with."""
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


_CELLS = {"simple": _simple, "lstm": _lstm, "gru": _gru}
