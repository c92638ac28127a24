"""Evaluate a program with NumPy, in its own dtypes or in float64 throughout.

Float64 is not asked of the model: a recurrent layer whose first state is float32 would
refuse it, a norm would compute in float32 all the same. The model is traced as its user
calls it, and what was traced is computed in float64, whatever narrower dtype it names.
Nothing is compiled for each shape, which is where a probe's time would go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax import lax

from conformance.probe.frameworks.jax import arithmetic, tree
from conformance.probe.frameworks.jax.evaluate import bind
from conformance.probe.trace import draw_outline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.probe.frameworks.jax.program import Program, Step

    See = Callable[[Step, Sequence[Any], Sequence[Any]], Sequence[Any]]

_TURNS = 100_000
"""Turns of a loop after which it is given up."""


class Evaluator:
    """Evaluates programs.

    Args:
        wide: Whether to compute in float64 what names a narrower dtype.

    Attributes:
        less: Whether something had to be computed in less all the same.
    """

    def __init__(self, *, wide: bool) -> None:
        self.wide = wide
        self.less = False

    def run(
        self,
        program: Program,
        inputs: Sequence[Any],
        see: See | None = None,
        *,
        forget: bool = False,
    ) -> tuple[list[Any], list[Any]]:
        """Return a program's outputs, and every value by its number.

        Args:
            program: The program.
            inputs: What goes in.
            see: Called with each step, what it takes and what it gives; returns what
                it is to give.
            forget: Whether a value is let go after the last step that takes it; its
                outline stands for it then.
        """
        last = _last_steps(program) if forget else {}
        values: list[Any] = [None] * program.count
        given = [self._fit(each) for each in (*inputs, *program.constants)]
        values[: len(given)] = given

        def read(atom: Any) -> Any:
            return values[atom] if isinstance(atom, int) else self._fit(atom)

        for at, step in enumerate(program.steps):
            taken = [read(each) for each in step.inputs]
            outputs: Sequence[Any] = [
                self._fit(each) for each in self._step(step, taken)
            ]
            if see is not None:
                outputs = see(step, taken, outputs)
            for number, output in zip(step.outputs, outputs, strict=True):
                values[number] = output
            for number in (*step.inputs, *step.outputs) if forget else ():
                if isinstance(number, int) and last.get(number, at) <= at:
                    values[number] = _outlined(values[number])
        return [read(each) for each in program.outputs], values

    def _fit(self, value: Any) -> Any:
        """Return a NumPy array, wide where that is asked for; keys stay as they are."""
        if not isinstance(value, np.ndarray | np.generic):
            dtype = getattr(value, "dtype", None)
            if dtype is not None and jax.dtypes.issubdtype(dtype, jax.dtypes.extended):
                return value
            value = np.asarray(value)
        narrow = self.wide and value.dtype in tree.NARROW
        return value.astype(np.float64) if narrow else value

    def _step(self, step: Step, given: list[Any]) -> Sequence[Any]:
        if step.function is not None:
            return [step.function(*given)]
        loop = _LOOPS.get(step.name)
        if loop is not None:
            return loop(self, step, given)
        params = step.equation.params
        if self.wide:
            params = {name: _wide_dtype(value) for name, value in params.items()}
        keys = any(not isinstance(each, np.ndarray | np.generic) for each in given)
        found = None if keys else arithmetic.compute(step.name, params, given)
        return self._bound(step, given, params) if found is None else found

    def _bound(self, step: Step, given: list[Any], params: Any) -> Sequence[Any]:
        """Have JAX compute a step."""
        if not self.wide or step.name == "bitcast_convert_type":
            # Bits mean what they mean in the dtype that was traced.
            return bind(
                step.equation, _cast_as_traced(step, given), step.equation.params
            )
        with jax.enable_x64(True):
            try:
                if step.name.startswith("scatter"):
                    return _scatter(step, given, params)
                return bind(step.equation, given, params)
            except (TypeError, ValueError, NotImplementedError):
                self.less = True
        return bind(step.equation, _cast_as_traced(step, given), step.equation.params)


def _last_steps(program: Program) -> dict[int, int]:
    """Return the last step that takes each value; what goes out is taken at the end."""
    last = {
        number: at
        for at, step in enumerate(program.steps)
        for number in step.inputs
        if isinstance(number, int)
    }
    end = len(program.steps)
    return {**last, **{each: end for each in program.outputs if isinstance(each, int)}}


def _outlined(value: Any) -> Any:
    """Return a value's outline; a random key stays as it is."""
    plain = isinstance(value, np.ndarray)
    return draw_outline(value.shape, value.dtype) if plain else value


def _cast_as_traced(step: Step, given: list[Any]) -> list[Any]:
    return [
        value.astype(each.aval.dtype) if tree.floating(value) else value
        for value, each in zip(given, step.equation.invars, strict=True)
    ]


def _wide_dtype(value: Any) -> Any:
    narrow = isinstance(value, np.dtype | type) and value in tree.NARROW
    return np.dtype("float64") if narrow else value


def _scatter(step: Step, given: list[Any], params: Any) -> Sequence[Any]:
    """Scatter anew: the equation holds its update as a program of narrow numbers."""
    function = getattr(lax, step.name.replace("-", "_"))
    kept = ("dimension_numbers", "indices_are_sorted", "unique_indices", "mode")
    return [function(*given, **{name: params[name] for name in kept})]


def _scan(self: Evaluator, step: Step, given: list[Any]) -> Sequence[Any]:
    params = step.equation.params
    held, carried, length = params["num_consts"], params["num_carry"], params["length"]
    body = step.inner["jaxpr"]
    fixed, carry = given[:held], given[held : held + carried]
    sequences = given[held + carried :]
    rows: dict[int, list[Any]] = {}
    for turn in reversed(range(length)) if params["reverse"] else range(length):
        parts = [each[turn] for each in sequences]
        out, _ = self.run(body, [*fixed, *carry, *parts])
        carry, rows[turn] = out[:carried], out[carried:]
    if not rows:
        raise LookupError(step.name)
    columns = zip(*(rows[turn] for turn in range(length)), strict=True)
    return [*carry, *(np.stack(each) for each in columns)]


def _while(self: Evaluator, step: Step, given: list[Any]) -> Sequence[Any]:
    params = step.equation.params
    ask, do = params["cond_nconsts"], params["body_nconsts"]
    for_ask, for_do, state = given[:ask], given[ask : ask + do], given[ask + do :]
    for _ in range(_TURNS):
        (goes_on,), _values = self.run(step.inner["cond_jaxpr"], [*for_ask, *state])
        if not goes_on:
            return state
        state, _values = self.run(step.inner["body_jaxpr"], [*for_do, *state])
    msg = f"a loop did not end within {_TURNS} turns"
    raise RuntimeError(msg)


def _cond(self: Evaluator, step: Step, given: list[Any]) -> Sequence[Any]:
    branches = step.inner["branches"]
    chosen = min(max(int(given[0]), 0), len(branches) - 1)
    return self.run(branches[chosen], given[1:])[0]


_LOOPS: dict[str, Callable[[Evaluator, Step, list[Any]], Sequence[Any]]] = {
    "scan": _scan,
    "while": _while,
    "cond": _cond,
}
