"""The exact ``rnn`` in float64, its running error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.cells import (
    GATES,
    PARTS,
    State,
    Uncertain,
    affine,
    read_weights,
    select_state,
    split_state,
    step,
    without_error,
)
from conformance.operations._common.cells_gradient import direction_gradient
from conformance.operations._common.oracle import select_valid, to_float64
from conformance.operations.birnn import oracle as birnn
from conformance.trial.draw import SIGNALS, Draw
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = birnn.ROWS
FEATURES = birnn.FEATURES
UNITS = 2


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, ``x [B, T, F]``."""
    return birnn.generate(options, draw, mask)


def generate_beside(
    options: Mapping[str, str], draw: Draw, mask: Array
) -> dict[str, Array]:
    """Return initial states ``[B, H]``, of an lstm ``[B, 2H]``, none of them zero."""
    width = UNITS * (1 + (options["cell"] == "lstm"))
    drawn = draw.rows_of(SIGNALS, (len(mask), width))
    return {"initial": np.where(drawn == 0, 0.8, drawn)}


def generate_weights(options: Mapping[str, str], draw: Draw) -> dict[str, Array]:
    """Return the weights, by ``weights.kernel`` and the like."""
    width = GATES[options["cell"]] * UNITS
    shapes = ((FEATURES, width), (UNITS, width), (width,), (width,))
    return {
        f"weights.{part}": draw.of(SIGNALS[1], shape)
        for part, shape in zip(PARTS, shapes, strict=True)
    }


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, T, H]``, 0 at padding, or the final state."""
    return solve(options, batch, "float64")[0]


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    return solve(options, batch, dtype)[1]


def solve(
    options: Mapping[str, str],
    batch: Batch,
    dtype: str,
    begun: Array | float = 0.0,
) -> tuple[Array, Array]:
    """Return the answer and its bound out of one pass over the steps.

    Args:
        options: The variant's keywords.
        batch: The batch.
        dtype: The dtype that an implementation computes in.
        begun: How far its initial states may be from the batch's, where they are
            answers themselves.

    Raises:
        ValueError: The initial states do not fit the rows and the units.
    """
    steps, last = _walk(options, batch, dtype, begun)
    if options["output"] == "final":
        value, error = (
            np.concatenate([last.h.value, last.c.value], axis=1),
            _round(last.h, last.c, dtype=dtype),
        )
        width = batch.beside["initial"].shape[1]
        # A row without a step gives its initial state back, which nobody rounds.
        rounded = np.where((batch.counts > 0)[:, None], error[:, :width], begun)
        return value[:, :width], np.asarray(rounded)
    here = batch.mask[..., None]
    error = np.where(here, _round(steps, dtype=dtype), 0.0)
    return np.where(here, steps.value, 0.0), error


def held(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array, Array]:
    """Return h behind each position ``[B, T, H]``, padded ones too.

    Returns:
        The states, their bound, and that every row has them.
    """
    steps, _ = _walk(options, batch, dtype, 0.0)
    every = np.ones((batch.rows, 1, 1), dtype=bool)
    return steps.value, _round(steps, dtype=dtype), every


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through x, the initial state and every weight."""
    return _pull_back(options, batch, cotangent, majorant=False)


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64, as that of ``birnn``."""
    p = PRECISIONS["float64"]
    size = _pull_back(options, batch, np.abs(cotangent), majorant=True)
    units = batch.weights["weights.recurrent_kernel"].shape[0]
    count = (batch.time + 1) * (16 + batch.arrays["x"].shape[2] + 2 * units)
    error = {
        name: p.factor * (count * p.u * each + p.eta) for name, each in size.items()
    }
    return {**error, "x": np.where(batch.mask[..., None], error["x"], 0.0)}


def order(options: Mapping[str, str], time: int) -> range:
    """Return the positions in the order in which a direction reads them."""
    return range(time) if options["direction"] == "forward" else range(time)[::-1]


def _walk(
    options: Mapping[str, str], batch: Batch, dtype: str, begun: Array | float
) -> tuple[Uncertain, State]:
    """Return h behind each position ``[B, T, H]``, and the state behind the last."""
    cell, u = options["cell"], PRECISIONS[dtype].u
    kernel, recurrent, bias, recurrent_bias = read_weights(
        batch.weights, "weights"
    ).values()
    initial = _initial(batch, cell, recurrent.shape[0])
    error = np.broadcast_to(begun, initial.shape)
    state = State(
        *map(
            Uncertain,
            split_state(initial, recurrent.shape[0]),
            split_state(error, recurrent.shape[0]),
        )
    )
    given = without_error(select_valid(batch, "x", 0.0))
    left = affine(given, kernel, bias, u)
    values = np.zeros((batch.rows, batch.time, recurrent.shape[0]))
    errors = np.zeros_like(values)
    for at in order(options, batch.time):
        now = Uncertain(left.value[:, at], left.error[:, at])
        after = step(cell, now, state, (recurrent, recurrent_bias), u)
        state = select_state(batch.mask[:, at, None], after, state)
        values[:, at], errors[:, at] = state.h.value, state.h.error
    return Uncertain(values, errors), state


def _initial(batch: Batch, cell: str, units: int) -> Array:
    initial = to_float64(batch.beside["initial"])
    expected = (batch.rows, units * (1 + (cell == "lstm")))
    if initial.shape != expected:
        msg = (
            f"initial has shape {initial.shape}, expected {expected}: [B, H], or "
            "[B, 2H] for an lstm, with H as many rows as the recurrent kernel has"
        )
        raise ValueError(msg)
    return initial


def _round(*parts: Uncertain, dtype: str) -> Array:
    """Return the bound of states side by side: what they err by, and are stored by."""
    p = PRECISIONS[dtype]
    value, error = (
        np.concatenate(each, axis=-1)
        for each in zip(*((part.value, part.error) for part in parts), strict=True)
    )
    found = p.factor * (error + p.u * np.abs(value) + 2 * p.eta)
    # Where the answer is NaN it is nothing else.
    return np.asarray(np.where(np.isnan(value), 0.0, found))


def _pull_back(
    options: Mapping[str, str], batch: Batch, cotangent: Array, *, majorant: bool
) -> dict[str, Array]:
    own = read_weights(batch.weights, "weights")
    found = direction_gradient(
        options,
        select_valid(batch, "x", 0.0),
        batch.mask,
        own,
        to_float64(cotangent),
        order=order(options, batch.time),
        majorant=majorant,
        initial=_initial(batch, options["cell"], own["recurrent_kernel"].shape[0]),
    )
    rest = {name: found.pop(name) for name in ("x", "initial")}
    return rest | {f"weights.{part}": array for part, array in found.items()}
