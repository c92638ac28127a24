"""Batches that mislead, and what the NumPy reference makes of them.

Each framework's tests run in its own environment and hold its reference adapter to
the NumPy one, which plain loops hold in ``tests/adapters``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.adapters.load import load_adapter
from conformance.trial.precision import PRECISIONS, numpy_dtype

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from conformance.trial.batch import Array
    from conformance.trial.frameworks import Framework

# A full row, right padding, left padding, gaps, nothing, a single position.
MASK = np.array(
    [
        [1, 1, 1, 1, 1],
        [1, 1, 1, 0, 0],
        [0, 0, 1, 1, 1],
        [0, 1, 0, 0, 1],
        [0] * 5,
        [1] + [0] * 4,
    ],
    dtype=bool,
)
GARBAGE = (np.nan, np.inf, -np.inf, 1e4)
GATES = {"simple": 1, "lstm": 4, "gru": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of an adapter's function; weights make it a layer."""

    function: str
    arrays: tuple[Array, ...]
    options: Mapping[str, str] = field(default_factory=dict)
    weights: tuple[Mapping[str, Array], ...] = ()

    def bound(
        self,
        functions: Mapping[str, Callable[..., Any]],
        tensor: Callable[[Array], Any],
    ) -> Callable[..., Any]:
        """Return what takes the arrays' tensors and a mask."""
        function = functions[self.function]
        if not self.weights:
            return lambda *given: function(*given, **self.options)
        made = [
            SimpleNamespace(**{name: tensor(array) for name, array in each.items()})
            for each in self.weights
        ]
        layer: Callable[..., Any] = function(*made, **self.options)
        return layer


def calls(dtype: str) -> Iterator[Call]:
    """Yield calls of every operation with garbage at padding."""
    rng = np.random.default_rng(7)
    wanted = numpy_dtype(dtype)

    def numbers(*shape: int) -> Array:
        valid = MASK.reshape(*MASK.shape, *(1,) * (len(shape) - 2))
        garbage = rng.choice(GARBAGE, size=shape)
        return np.where(valid, rng.normal(size=shape), garbage).astype(wanted)

    rows, time = MASK.shape
    yield Call(function="masked_mean", arrays=(numbers(rows, time, 2),))
    yield Call(function="masked_max", arrays=(numbers(rows, time, 2),))
    yield Call(function="masked_softmax", arrays=(numbers(rows, time),))
    soft = np.where(MASK, rng.random(MASK.shape), np.nan).astype(wanted)
    pairs = {
        "mse": (numbers(rows, time, 3), numbers(rows, time, 3)),
        "cross_entropy": (
            numbers(rows, time, 3),
            np.where(MASK, rng.integers(0, 3, MASK.shape), -100),
        ),
        "binary_cross_entropy": (numbers(rows, time), soft),
    }
    for kind, arrays in pairs.items():
        for reduction in ("mean", "sum", "none", "sequence_mean"):
            options = {"kind": kind, "reduction": reduction}
            yield Call(function="masked_loss", arrays=arrays, options=options)
    for cell, merge, output in (
        ("simple", "concat", "sequence"),
        ("lstm", "sum", "final"),
        ("gru", "concat", "final"),
    ):
        options = {"cell": cell, "merge": merge, "output": output}
        yield Call(
            function="build_birnn",
            arrays=(numbers(rows, time, 2),),
            options=options,
            weights=tuple(_weights(rng, GATES[cell], wanted) for _ in range(2)),
        )


def _weights(rng: np.random.Generator, gates: int, dtype: Any) -> dict[str, Array]:
    shapes = {
        "kernel": (2, gates * 3),
        "recurrent_kernel": (3, gates * 3),
        "bias": (gates * 3,),
        "recurrent_bias": (gates * 3,),
    }
    return {
        name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()
    }


def answers(
    framework: Framework,
    functions: Mapping[str, Callable[..., Any]],
    call: Call,
    form: Array,
) -> Array:
    """Return an adapter's answer as an array."""
    bound = call.bound(functions, framework.tensor)
    given = [framework.tensor(array) for array in call.arrays]
    return framework.array(bound(*given, framework.tensor(form)))


@pytest.fixture(scope="session")
def disagreements() -> Callable[[Framework, str, str], list[str]]:
    """Return where an adapter's answers are not those of the NumPy reference."""
    reference = load_adapter("numpy_reference").functions

    def find(framework: Framework, name: str, dtype: str) -> list[str]:
        functions, found = load_adapter(name).functions, []
        close = 16 * PRECISIONS[dtype].u
        # A form is turned to booleans first: one dtype shows it.
        forms = 2 if dtype == "float32" else 1
        for call in calls(dtype):
            bound = call.bound(reference, np.asarray)
            want = bound(*call.arrays, MASK)
            with framework.scope(dtype):
                for form in (MASK, MASK.astype(np.float32)[..., None])[:forms]:
                    got = answers(framework, functions, call, form)
                    if got.dtype != want.dtype or not _near(got, want, close):
                        found.append(f"{call.function} {call.options}: {got} != {want}")
        return found

    return find


def _near(got: Array, want: Array, close: float) -> bool:
    one, two = np.asarray(got, np.float64), np.asarray(want, np.float64)
    return bool(np.allclose(one, two, rtol=close, atol=close))


@pytest.fixture(scope="session")
def wrong_slopes() -> Callable[[Framework, str], list[str]]:
    """Return where gradients are not the reference's finite differences."""
    reference = load_adapter("numpy_reference").functions

    def find(framework: Framework, name: str) -> list[str]:
        functions, found = load_adapter(name).functions, []
        for call in calls("float64"):
            bound = call.bound(reference, np.asarray)
            answer = bound(*call.arrays, MASK)
            cotangent = np.random.default_rng(3).normal(size=answer.shape)
            with framework.scope("float64"):
                step = framework.gradient(call.bound(functions, framework.tensor), [0])
                given = [framework.tensor(one) for one in (*call.arrays, MASK)]
                pulled = step(given, framework.tensor(cotangent))[1][0]
                got = framework.array(pulled)
            want = _slopes(bound, call.arrays, cotangent)
            if not np.allclose(got, want, rtol=1e-6, atol=1e-7) or got[~MASK].any():
                found.append(f"{call.function} {call.options}: {got} != {want}")
        return found

    return find


def _slopes(
    bound: Callable[..., Array], arrays: tuple[Array, ...], cotangent: Array
) -> Array:
    """Return central differences by the first array, zero at padding."""
    slopes = np.zeros(arrays[0].shape)
    for place in zip(*np.nonzero(MASK), strict=True):
        for rest in np.ndindex(slopes.shape[2:]):
            ends = []
            for move in (1e-6, -1e-6):
                moved = arrays[0].copy()
                moved[(*place, *rest)] += move
                ends.append(_weighed(bound(moved, *arrays[1:], MASK), cotangent))
            slopes[(*place, *rest)] = (ends[0] - ends[1]) / 2e-6
    return slopes


def _weighed(answer: Array, cotangent: Array) -> float:
    finite = np.where(np.isfinite(answer), answer, 0.0)
    return float((finite * cotangent).sum())
