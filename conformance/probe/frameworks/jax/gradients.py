"""Gradients of a model's answer, by reverse mode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from conformance.probe.frameworks.base import Gradients
from conformance.probe.frameworks.jax import evaluate, tree
from conformance.probe.frameworks.jax.calls import quick
from conformance.probe.frameworks.jax.exact import Evaluator
from conformance.probe.frameworks.jax.program import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.base import Mode
    from conformance.probe.frameworks.jax.calls import Calls
    from conformance.probe.frameworks.jax.program import Program, Step

EMBEDDING = "embedding"


def gradients(
    calls: Calls,
    inputs: Mapping[str, Any],
    cotangents: Mapping[str, Array],
    mode: Mode,
) -> Gradients:
    """Return gradients of the sum of cotangent times output.

    They are those of the traced program. A derivative of the model's own that closes
    over a traced value belongs to the trace that made it: such a model is called as it
    is, and then the gradient at an embedding of ids is not known.
    """
    if not calls.closes_over:
        try:
            return _gradients(calls, inputs, cotangents, mode)
        except jax.errors.JAXTypeError:
            calls.closes_over = True
    return _gradients(calls, inputs, cotangents, mode)


def _gradients(
    calls: Calls,
    inputs: Mapping[str, Any],
    cotangents: Mapping[str, Array],
    mode: Mode,
) -> Gradients:
    arrays, constants = tree.split(inputs, calls.own(mode))
    weights = {
        name: each.astype(jnp.dtype(calls.own(mode)))
        for name, each in cotangents.items()
    }
    kind = "gradients closed over" if calls.closes_over else "gradients"
    key = calls.key(kind, arrays, constants, mode)
    run = calls.kept(
        (*key, tuple(weights)), lambda: _made(calls, arrays, constants, weights, mode)
    )
    return _named(run(calls.parameters(mode), arrays, weights))


def _made(
    calls: Calls,
    arrays: dict[str, Array],
    constants: dict[str, Any],
    weights: dict[str, Array],
    mode: Mode,
) -> Callable[..., Any]:
    """Return the gradients as a compiled function."""
    step = _step(calls, arrays, constants, mode)
    if not calls.wide(mode):
        compiled: Callable[..., Any] = jax.jit(step, compiler_options=quick())
        return compiled
    given = (calls.parameters(mode), arrays, weights)
    closed, shape = jax.make_jaxpr(step, return_shape=True)(*given)
    program = flatten(closed)
    structure = jax.tree.structure(shape)

    def run(*given: Any) -> Any:
        outputs, _ = Evaluator(wide=True).run(program, jax.tree.leaves(given))
        return jax.tree.unflatten(structure, outputs)

    return run


def _step(
    calls: Calls, arrays: dict[str, Array], constants: dict[str, Any], mode: Mode
) -> Callable[..., Any]:
    """Return a function that gives gradients of parameters, inputs and embedding."""
    program, labels = calls.program(arrays, constants, mode, inline=False)
    table = None if calls.closes_over else find_embedding(program, arrays)

    def call(own: Any, everything: Any, more: Any) -> dict[str, Any]:
        if calls.closes_over:
            found: dict[str, Any] = calls.function(constants, mode)(own, everything)
            return found

        def add(number: int, value: Any) -> Any:
            here = table is not None and number == table.outputs[0]
            return value + more if here else value

        flat = jax.tree.leaves((own, everything))
        computed = evaluate.run(program, flat, program.constants, add)
        return dict(zip(labels, computed, strict=True))

    def total(leaves: Any, rest: Any, given: Any, weights: Any) -> Any:
        parameters, inputs, more = leaves
        own = jax.tree.map(
            lambda a, b: b if a is None else a, parameters, rest, is_leaf=_no
        )
        outputs = call(own, {**given, **inputs}, more)
        return sum((outputs[name] * each).sum() for name, each in weights.items())

    def step(parameters: Any, given: dict[str, Any], weights: Any) -> Any:
        leaves = jax.tree.map(
            lambda leaf: leaf if tree.floating(leaf) else None, parameters
        )
        inputs = {name: each for name, each in given.items() if tree.floating(each)}
        shape = None if table is None else table.equation.outvars[0].aval
        more = 0.0 if shape is None else jnp.zeros(shape.shape, shape.dtype)
        found = jax.grad(total)((leaves, inputs, more), parameters, given, weights)
        return found if table is not None else (*found[:2], None)

    return step


def _no(value: Any) -> bool:
    return value is None


def _has_features(arrays: Mapping[str, Array]) -> bool:
    return any(
        each.dtype.kind not in "iub" and each.ndim > 1 for each in arrays.values()
    )


def find_embedding(program: Program, arrays: Mapping[str, Array]) -> Step | None:
    """Return the step that looks ids up in a table: floats [B, T, H]; None is none."""
    if _has_features(arrays):
        return None
    shapes = {each.shape for each in arrays.values() if each.dtype.kind in "iu"}
    for step in program.steps:
        if step.name == "gather" and step.equation is not None:
            aval = step.equation.outvars[0].aval
            batched = aval.ndim == len("BTH") and aval.shape[:2] in shapes
            if tree.floating(aval) and batched:
                return step
    return None


def name_leaves(parameters: Any) -> list[str]:
    """Return the name of each parameter, in JAX' order."""
    return [
        # nnx has a variable around each array.
        jax.tree_util.keystr(path, simple=True, separator=".").removesuffix(".value")
        for path, _ in jax.tree_util.tree_leaves_with_path(parameters)
    ]


def _named(found: Any) -> Gradients:
    parameters, inputs, more = found
    arrays = map(tree.array, jax.tree.leaves(parameters))
    named = dict(zip(name_leaves(parameters), arrays, strict=True))
    given = {name: tree.array(each) for name, each in inputs.items()}
    if more is not None:
        given[EMBEDDING] = tree.array(more)
    return Gradients(inputs=given, parameters=named)
