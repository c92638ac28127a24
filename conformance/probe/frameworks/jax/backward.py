"""Every equation on the way back from a model's answer, with the gradients there.

The traced program is differentiated equation by equation, as JAX does it, so that what
each one hands on is seen by itself; functions with derivatives of their own are one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from conformance.probe.frameworks.jax import tree
from conformance.probe.frameworks.jax.calls import quick
from conformance.probe.frameworks.jax.evaluate import bind
from conformance.probe.frameworks.jax.gradients import (
    EMBEDDING,
    find_embedding,
    name_leaves,
)
from conformance.probe.frameworks.jax.tracing import site_of
from conformance.probe.trace import Counts, GradientStep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.base import Mode
    from conformance.probe.frameworks.jax.calls import Calls
    from conformance.probe.frameworks.jax.program import Program, Step
    from conformance.probe.trace import Instead


def walk_back(
    calls: Calls,
    inputs: Mapping[str, Any],
    cotangents: Mapping[str, Array],
    mode: Mode,
    instead: Instead,
) -> list[GradientStep]:
    """Return the steps of the way back, in the order of the call.

    Args:
        calls: The model's calls.
        inputs: By argument.
        cotangents: By output.
        mode: How it is called.
        instead: What is handed on in the place of something else.
    """
    arrays, constants = tree.split(inputs, calls.own(mode))
    program, labels = calls.program(arrays, constants, mode, inline=False)
    parameters = calls.parameters(mode)
    leaves = jax.tree.leaves((parameters, arrays))
    weights = [cotangents.get(label) for label in labels]

    def run(leaves: Any, held: Any) -> Any:
        return _walk(program, [*leaves, *held], weights, instead)

    found = jax.jit(run, compiler_options=quick())(leaves, program.constants)
    names: dict[int, int | str] = {
        number: at for at, step in enumerate(program.steps) for number in step.outputs
    }
    names.update(enumerate((*name_leaves(parameters), *sorted(arrays))))
    table = find_embedding(program, arrays)
    if table is not None:
        names[table.outputs[0]] = EMBEDDING
    counts = Counts()
    return [
        _gradient_step(step, counts, names, *each)
        for step, each in zip(program.steps, found, strict=True)
    ]


def _gradient_step(
    step: Step,
    counts: Counts,
    names: Mapping[int, int | str],
    taken: Mapping[int, Any],
    handed: Mapping[int, Any],
) -> GradientStep:
    """Return a step as one of the way back; edges are numbered as its inputs are."""
    edges = range(len(step.inputs))
    atoms = step.inputs
    return GradientStep(
        site=site_of(step, counts),
        taken=tuple(tree.array(each) for each in taken.values()),
        handed=tuple(
            tree.array(handed[edge]) if edge in handed else None for edge in edges
        ),
        targets=tuple(
            names.get(atom) if isinstance(atom, int) else None for atom in atoms
        ),
    )


def _walk(
    program: Program,
    given: Sequence[Any],
    weights: Sequence[Array | None],
    instead: Instead,
) -> list[tuple[dict[int, Any], dict[int, Any]]]:
    """Return what each step takes and hands on, by number of result and of input."""
    values: list[Any] = [None] * program.count
    values[: len(given)] = [jnp.asarray(each) for each in given]
    pulls = [_forward(step, values) for step in program.steps]
    sums: dict[int, Any] = {}
    for atom, weight in zip(program.outputs, weights, strict=True):
        if isinstance(atom, int) and weight is not None:
            _add(sums, atom, weight.astype(values[atom].dtype))
    found: list[tuple[dict[int, Any], dict[int, Any]]] = []
    for number in reversed(range(len(program.steps))):
        step, (pull, edges, floats) = program.steps[number], pulls[number]
        numbers = [step.outputs[at] for at in floats]
        taken = {at: sums[n] for at, n in enumerate(numbers) if n in sums}
        handed: dict[int, Any] = {}
        if taken and edges:
            given_back = [sums.get(n, jnp.zeros_like(values[n])) for n in numbers]
            for edge, each in zip(edges, pull(given_back), strict=True):
                other = instead.get((number, edge))
                fresh = each if other is None else jnp.asarray(other, each.dtype)
                handed[edge] = fresh
                if isinstance(step.inputs[edge], int):
                    _add(sums, step.inputs[edge], handed[edge])
        found.append((taken, handed))
    return found[::-1]


def _add(sums: dict[int, Any], number: int, value: Any) -> None:
    sums[number] = sums[number] + value if number in sums else value


def _forward(
    step: Step, values: list[Any]
) -> tuple[Callable[[Any], Any], list[int], list[int]]:
    """Compute a step; return its way back, and its floating inputs and results."""
    given = [
        values[atom] if isinstance(atom, int) else jnp.asarray(atom)
        for atom in step.inputs
    ]
    edges = [at for at, each in enumerate(given) if tree.floating(each)]

    def apply(*some: Any) -> Any:
        every = list(given)
        for at, each in zip(edges, some, strict=True):
            every[at] = each
        if step.function is not None:
            outputs: Sequence[Any] = [step.function(*every)]
        else:
            outputs = bind(step.equation, every, step.equation.params)
        return [each for each in outputs if tree.floating(each)], outputs

    _, pull, outputs = jax.vjp(apply, *[given[at] for at in edges], has_aux=True)
    for number, output in zip(step.outputs, outputs, strict=True):
        values[number] = output
    return pull, edges, [at for at, each in enumerate(outputs) if tree.floating(each)]
