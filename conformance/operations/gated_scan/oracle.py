"""The exact ``gated_scan`` in float64: one step after the other, its error with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import select_valid, to_float64
from conformance.trial.draw import GARBAGE, LOGITS, Draw, Table, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 16
FEATURES = 2

DECAYS: Table = (
    (0.5, 1, 0.25, 0.75, 0, 0.875, 1, 0.5, 0.625, 0.75, 1, 0.125, 0.9375, 0.5, 1, 0.75),
    (0.9, 0.7, 0.99, 0.3, 0.95, 0.8, 0.6, 0.999, 0.2, 0.85, 0.55, 0.97, 1, 0.1, 0.75),
)
"""Exact in every dtype, zero and one among them; then those of full mantissas."""

MULTIPLY, LOGARITHM, ADD = 5.0, 4.0, 1.0
"""Roundings of a step: of a product whose decay is an exponential, of that one's
logarithm for each unit of it, and of a sum."""


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs and decays for ``mask``, each ``[B, T, F]``."""
    del options
    shape = (*mask.shape, FEATURES)
    return {
        name: fill_padding(
            draw.rows_of(table, shape), draw.rows_of(GARBAGE, shape), mask
        )
        for name, table in {"x": LOGITS, "decay": DECAYS}.items()
    }


def generate_beside(
    options: Mapping[str, str], draw: Draw, mask: Array
) -> dict[str, Array]:
    """Return initial states ``[B, F]``, none of them zero."""
    del options
    drawn = draw.rows_of(LOGITS, (len(mask), FEATURES))
    return {"initial": np.where(drawn == 0, 2.5, drawn)}


def solve(options: Mapping[str, str], batch: Batch, dtype: str) -> tuple[Array, Array]:
    """Return the exact answer, 0 at padding, and its bound in a dtype.

    Each term of a state is an input times the decays behind it. Whatever the order of
    the steps, it goes through a product for each of them, and through as many sums.
    """
    p = PRECISIONS[dtype]
    states, sizes, errors = map(np.stack, zip(*_steps(batch), strict=True))
    # The initial state stands before the first position.
    counts = np.cumsum(np.pad(batch.mask, ((0, 0), (1, 0))), axis=1).T[..., None]
    error = p.v * errors + (2 * counts + 1) * (1 + sizes[0]) * p.eta
    if p.low:
        error = error + 2 * p.u * np.abs(states) + p.eta
    # Where the answer is NaN it is nothing else.
    error = np.nan_to_num(p.factor * error, nan=0.0, posinf=np.inf)
    if options["output"] == "final":
        return states[-1], error[-1]
    here = batch.mask[..., None]
    found = (np.moveaxis(array[1:], 0, 1) for array in (states, error))
    want, allowed = (np.where(here, array, 0.0) for array in found)
    return want, allowed


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, T, F]`` or ``[B, F]``; 0 at padding."""
    return solve(options, batch, "float64")[0]


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    return solve(options, batch, dtype)[1]


def held(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array, Array]:
    """Return the state that each position leaves behind, padded ones too.

    Returns:
        The states ``[B, T, F]``, their bound, and that every row has them.
    """
    parts = [
        solve({**options, "output": "final"}, batch.cut(slice(0, end)), dtype)
        for end in range(1, batch.time + 1)
    ]
    shape = (batch.rows, batch.time, batch.beside["initial"].shape[1])
    states, error = (
        np.stack([part[which] for part in parts], axis=1) if parts else np.zeros(shape)
        for which in (0, 1)
    )
    return states, error, np.ones((batch.rows, 1, 1), dtype=bool)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through x, decay and the initial state."""
    states = np.stack([state for state, _, _ in _steps(batch)])
    return _pull_back(options, batch, states, cotangent)


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64.

    Magnitudes go back as the derivative does; each of them went through the steps of
    a state and of its derivative, or of a tree of both.
    """
    p = PRECISIONS["float64"]
    sizes = np.stack([size for _, size, _ in _steps(batch)])
    arrays = {**batch.arrays, "decay": np.abs(batch.arrays["decay"])}
    positive = replace(batch, arrays=arrays)  # a shrunk batch may have any decays
    found = _pull_back(options, positive, sizes, np.abs(cotangent))
    roundings = 8 * (batch.time + 2)
    return {
        name: p.factor * roundings * (p.u * size + (size > 0) * p.eta)
        for name, size in found.items()
    }


def _steps(batch: Batch) -> Iterator[tuple[Array, Array, Array]]:
    """Yield, before the first position and behind each one, every row's state.

    Its size is the sum of its terms' magnitudes; its error, in roundings, that of each
    term times the roundings that it went through.

    Raises:
        ValueError: The initial states do not fit the inputs.
    """
    x, decay = (select_valid(batch, name, fill) for name, fill in _NEUTRAL)
    state = to_float64(batch.beside["initial"])
    if state.shape != x[:, :0].sum(axis=1).shape or x.shape != decay.shape:
        msg = (
            f"initial has shape {state.shape}, x {x.shape} and decay {decay.shape}, "
            "expected [B, F], [B, T, F] and [B, T, F]"
        )
        raise ValueError(msg)
    size, error = np.abs(state), np.zeros_like(state)
    yield state, size, error
    for at in range(batch.time):
        here = batch.mask[:, at, None]
        factor = np.abs(decay[:, at])
        through = factor * size
        with np.errstate(divide="ignore", invalid="ignore"):
            # A decay of zero leaves nothing whose logarithm could have been rounded.
            logs = np.where(factor > 0, np.abs(np.log(factor)), 0.0)
        after = decay[:, at] * state + x[:, at]
        larger = through + np.abs(x[:, at])
        rounded = factor * error + (MULTIPLY + LOGARITHM * logs) * through
        rounded = rounded + ADD * larger
        state, size, error = (
            np.where(here, new, old)
            for new, old in ((after, state), (larger, size), (rounded, error))
        )
        yield state, size, error


_NEUTRAL = (("x", 0.0), ("decay", 1.0))


def _pull_back(
    options: Mapping[str, str], batch: Batch, states: Array, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative, or its size where states and cotangent are magnitudes."""
    decay = select_valid(batch, "decay", 1.0)
    found = {name: np.zeros(decay.shape) for name, _ in _NEUTRAL}
    sequence = options["output"] == "sequence"
    pulled = np.zeros_like(states[0]) if sequence else cotangent.astype(np.float64)
    for at in reversed(range(batch.time)):
        here = batch.mask[:, at, None]
        if sequence:
            pulled = pulled + np.where(here, cotangent[:, at], 0.0)
        found["x"][:, at] = np.where(here, pulled, 0.0)
        found["decay"][:, at] = np.where(here, pulled * states[at], 0.0)
        pulled = pulled * decay[:, at]
    return {**found, "initial": pulled}
