"""Evaluate a program step by step, in its own dtypes or in float64 throughout.

Float64 is not asked of the model: a recurrent layer whose first state is float32 would
refuse it, a norm would compute in float32 all the same. The model is traced as its user
calls it, and what was traced is computed in float64, whatever narrower dtype it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from conformance.probe.frameworks.jax.tree import NARROW, floating

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.probe.frameworks.jax.program import Program, Step


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
        constants: Sequence[Any],
        replace: Callable[[int, Any], Any] | None = None,
    ) -> tuple[list[Any], list[Any]]:
        """Return a program's outputs, and every value by its number.

        Args:
            program: The program.
            inputs: What goes in.
            constants: What stands for the arrays that the program holds.
            replace: May put another value in the place of a step's result.
        """
        values: list[Any] = [None] * program.count
        given = [self._widened(each) for each in (*inputs, *constants)]
        values[: len(given)] = given

        def read(atom: Any) -> Any:
            return values[atom] if isinstance(atom, int) else self._widened(atom)

        for step in program.steps:
            outputs = self._step(step, [read(each) for each in step.inputs])
            for number, output in zip(step.outputs, outputs, strict=True):
                value = self._widened(output)
                values[number] = replace(number, value) if replace else value
        return [read(each) for each in program.outputs], values

    def _widened(self, value: Any) -> Any:
        if self.wide and floating(value) and value.dtype in NARROW:
            return value.astype(jnp.float64)
        return value

    def _step(self, step: Step, given: list[Any]) -> Sequence[Any]:
        if step.function is not None:
            return [step.function(*given)]
        if not self.wide:
            return _bind(step.equation, given)
        special = _WIDE.get(step.name)
        if special is not None:
            return special(self, step, given)
        try:
            return _bind(step.equation, given, wide=True)
        except (TypeError, ValueError, NotImplementedError):
            return self.narrow(step, given)

    def narrow(self, step: Step, given: list[Any]) -> Sequence[Any]:
        """Compute a step in the dtypes that it was traced with."""
        self.less = True
        return _bind(step.equation, _as_traced(step, given))

    def body(self, program: Program) -> Callable[..., list[Any]]:
        """Return an inner program as a function."""

        def call(*inputs: Any) -> list[Any]:
            return self.run(program, inputs, program.constants)[0]

        return call


def _as_traced(step: Step, given: list[Any]) -> list[Any]:
    return [
        value.astype(each.aval.dtype) if floating(value) else value
        for value, each in zip(given, step.equation.invars, strict=True)
    ]


def _bind(equation: Any, given: list[Any], *, wide: bool = False) -> Sequence[Any]:
    """Apply an equation's primitive."""
    primitive = equation.primitive
    params = dict(equation.params)
    if wide:
        params = {name: _wide_dtype(value) for name, value in params.items()}
    bound = primitive.get_bind_params(params)
    out = primitive.bind(*given, **bound)
    return list(out) if primitive.multiple_results else [out]


def _wide_dtype(value: Any) -> Any:
    narrow = isinstance(value, np.dtype | type) and value in NARROW
    return np.dtype("float64") if narrow else value


def _cast_bits(self: Evaluator, step: Step, given: list[Any]) -> Sequence[Any]:
    """Bits mean what they mean in the dtype that was traced."""
    del self
    return _bind(step.equation, _as_traced(step, given))


def _same(self: Evaluator, step: Step, given: list[Any]) -> Sequence[Any]:
    del self, step
    return given


def _scan(self: Evaluator, step: Step, given: list[Any]) -> Sequence[Any]:
    params = step.equation.params
    held, carried = params["num_consts"], params["num_carry"]
    fixed, first = given[:held], given[held : held + carried]
    body = self.body(step.inner["jaxpr"])

    def turn(carry: Any, parts: Any) -> Any:
        out = body(*fixed, *carry, *parts)
        return tuple(out[:carried]), tuple(out[carried:])

    carry, rows = lax.scan(
        turn,
        tuple(first),
        tuple(given[held + carried :]),
        length=params["length"],
        reverse=params["reverse"],
    )
    return [*carry, *rows]


def _while(self: Evaluator, step: Step, given: list[Any]) -> Sequence[Any]:
    params = step.equation.params
    ask, do = params["cond_nconsts"], params["body_nconsts"]
    for_ask, for_do, first = given[:ask], given[ask : ask + do], given[ask + do :]
    test, body = self.body(step.inner["cond_jaxpr"]), self.body(step.inner["body_jaxpr"])
    return list(
        lax.while_loop(
            lambda state: test(*for_ask, *state)[0],
            lambda state: tuple(body(*for_do, *state)),
            tuple(first),
        )
    )


def _cond(self: Evaluator, step: Step, given: list[Any]) -> Sequence[Any]:
    branches = [self.body(each) for each in step.inner["branches"]]
    return list(lax.switch(given[0], branches, *given[1:]))


def _scatter(self: Evaluator, step: Step, given: list[Any]) -> Sequence[Any]:
    """Scatter anew: the equation holds its update as a program of narrow numbers."""
    del self
    function = getattr(lax, step.name.replace("-", "_"))
    params = step.equation.params
    kept = ("dimension_numbers", "indices_are_sorted", "unique_indices", "mode")
    return [function(*given, **{name: params[name] for name in kept})]


_WIDE: dict[str, Callable[[Evaluator, Step, list[Any]], Sequence[Any]]] = {
    "bitcast_convert_type": _cast_bits,
    "reduce_precision": _same,
    "scan": _scan,
    "while": _while,
    "cond": _cond,
    "scatter": _scatter,
    "scatter-add": _scatter,
    "scatter-mul": _scatter,
    "scatter-min": _scatter,
    "scatter-max": _scatter,
}
