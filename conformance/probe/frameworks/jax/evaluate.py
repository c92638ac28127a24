"""Evaluate a program with JAX, in the dtypes that it was traced with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.probe.frameworks.jax.program import Program


def run(
    program: Program,
    inputs: Sequence[Any],
    constants: Sequence[Any],
    replace: Callable[[int, Any], Any] | None = None,
) -> list[Any]:
    """Return a program's outputs.

    Args:
        program: The program.
        inputs: What goes in.
        constants: What stands for the arrays that the program holds.
        replace: May put another value in the place of a step's result.
    """
    values: list[Any] = [None] * program.count
    values[: len(inputs) + len(constants)] = [*inputs, *constants]

    def read(atom: Any) -> Any:
        return values[atom] if isinstance(atom, int) else atom

    for step in program.steps:
        given = [read(each) for each in step.inputs]
        if step.function is not None:
            outputs: Sequence[Any] = [step.function(*given)]
        else:
            outputs = bind(step.equation, given, step.equation.params)
        for number, output in zip(step.outputs, outputs, strict=True):
            values[number] = replace(number, output) if replace else output
    return [read(each) for each in program.outputs]


def bind(equation: Any, given: Sequence[Any], params: dict[str, Any]) -> Sequence[Any]:
    """Apply an equation's primitive."""
    primitive = equation.primitive
    out = primitive.bind(*given, **primitive.get_bind_params(params))
    return list(out) if primitive.multiple_results else [out]
