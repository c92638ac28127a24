"""JAX: ``jax.jit`` and ``jax.vjp``; a structurally missing gradient is zeros here."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from conformance.trial.draw import BASE_TIME
from conformance.trial.frameworks import Capture
from conformance.trial.frameworks.devices import jax as devices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from conformance.trial.frameworks import Array, Gradients, Tensor

NAME = "jax"
ROUTES = ("compiled", "eager", "vmap", "jvp")
GRADIENTS = True
FUNCTIONAL = True

# The default multiplies float32 in bfloat16 on TPUs and in TF32 on NVIDIA GPUs, which
# would hide every mistake that this suite looks for:
# https://docs.jax.dev/en/latest/_autosummary/jax.default_matmul_precision.html
jax.config.update("jax_default_matmul_precision", "highest")


def versions() -> dict[str, str]:
    """Return the versions that matter for a result, by distribution name."""
    return {name: version(name) for name in ("jax", "jaxlib", "numpy")}


def environment() -> dict[str, str]:
    """Return device, driver, threads and modes as text."""
    return devices.describe() | {
        "threads": str(os.cpu_count()),
        "x64": "for float64 only",
    }


place = devices.place
device = devices.device


def find_misplaced(tensor: Tensor) -> str:
    """Return the device of a tensor that is not on the one asked for, or nothing."""
    if not devices.is_placed():
        return ""
    where = sorted(map(devices.name_of, tensor.devices()))
    return "" if where == [device()] else ", ".join(where)


promises_bits = devices.promises_bits
is_lost = devices.is_lost


def scope(dtype: str) -> AbstractContextManager[object]:
    """Return the context in which ``dtype`` works: float64 needs x64, others do not."""
    # Not for every dtype: x64 changes the default dtypes as well, and most users run
    # without it.
    context: AbstractContextManager[object] = jax.enable_x64(dtype == "float64")
    return context


def tensor(array: Array) -> Tensor:
    """Return an array with a copy of ``array``, dtype kept.

    Without x64 there are no 64-bit integers: they become as wide as there are.
    """
    whole = array.dtype.kind in "iu"
    kept = jax.dtypes.canonicalize_dtype(array.dtype) if whole else array.dtype
    # device_put copies bytes; jnp.asarray with a dtype would compile a conversion for
    # each new shape. What is put on a named device stays there: JAX refuses to compute
    # on it together with what is on another.
    return jax.device_put(array.astype(kept, copy=True), *devices.PLACED)


def array(tensor: Tensor) -> Array:
    """Return a NumPy copy of ``tensor``, dtype kept."""
    return np.array(tensor, copy=True)


def is_tensor(value: object) -> bool:
    """Tell whether ``value`` is an array."""
    return isinstance(value, jax.Array)


def leaves(tree: Any) -> list[Tensor]:
    """Return the arrays of a pytree, a layer's parameters or state."""
    return list(jax.tree.leaves(tree))


def dtype(tensor: Tensor) -> str:
    """Return the array's dtype by name."""
    return str(tensor.dtype.name)


def layouts(array: Array) -> Mapping[str, Tensor]:
    """Return nothing: arrays have no strides."""
    del array
    return {}


def compile(  # noqa: A001 - the protocol's word
    function: Callable[..., Tensor], route: str = "compiled", fixed: int = 0
) -> Callable[..., Tensor]:
    """Return ``function`` as it is called by a route other than eager."""
    if route == "vmap":
        return _Compiled(_each_row(function, fixed), fixed)
    return _Compiled(function, fixed)


def read_capture(compiled: Callable[..., Tensor]) -> Capture:
    """Return what ``compiled`` has captured in its calls so far."""
    if not isinstance(compiled, _Compiled):
        return Capture(graphs=0, operations=0)
    return Capture(graphs=len(compiled.sizes), operations=sum(compiled.sizes))


def gradient(
    function: Callable[..., Tensor], wanted: Sequence[int]
) -> Callable[[Sequence[Tensor], Tensor], Gradients]:
    """Return the vector-Jacobian product of ``function``, compiled.

    An argument that the answer does not depend on has a gradient of zeros: JAX does
    not tell it from one that is connected.
    """

    def step(tensors: Sequence[Tensor], cotangent: Tensor) -> Gradients:
        def of(*chosen: Tensor) -> Tensor:
            given = list(tensors)
            for index, one in zip(wanted, chosen, strict=True):
                given[index] = one
            return function(*given)

        answer, pull = jax.vjp(of, *(tensors[index] for index in wanted))
        return answer, list(pull(cotangent))

    return _step(step)


def tangent(
    function: Callable[..., Tensor], wanted: Sequence[int]
) -> Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]:
    """Return the Jacobian-vector product of ``function``, by forward mode."""

    def step(tensors: Sequence[Tensor], tangents: Sequence[Tensor]) -> Tensor:
        def of(*chosen: Tensor) -> Tensor:
            given = list(tensors)
            for index, one in zip(wanted, chosen, strict=True):
                given[index] = one
            return function(*given)

        sources = tuple(tensors[index] for index in wanted)
        return jax.jvp(of, sources, tuple(tangents))[1]

    # Tuples: a list is another tree to jit, which would trace the function again.
    compiled = jax.jit(step)
    return lambda tensors, tangents: compiled(tuple(tensors), tuple(tangents))


def layer_gradient(layer: Any, wanted: Sequence[int]) -> Callable[..., Gradients]:
    """Return the vector-Jacobian product through a layer and its parameters, compiled.

    Those of parameters come in the order of the flattened pytree. One program serves
    layers that differ in their parameters only: another's are the third argument.
    """

    def step(
        tensors: Sequence[Tensor], cotangent: Tensor, parameters: Any
    ) -> Gradients:
        def of(parameters: Any, *chosen: Tensor) -> Tensor:
            given = list(tensors)
            for index, one in zip(wanted, chosen, strict=True):
                given[index] = one
            return layer.apply(parameters, *given)

        chosen = (tensors[index] for index in wanted)
        answer, pull = jax.vjp(of, parameters, *chosen)
        own, *found = pull(cotangent)
        return answer, [*found, *jax.tree.leaves(own)]

    compiled = _step(step)

    def call(
        tensors: Sequence[Tensor], cotangent: Tensor, parameters: Any = None
    ) -> Gradients:
        own = layer.parameters if parameters is None else parameters
        return compiled(tensors, cotangent, own)

    return call


class _Compiled:
    """A jitted function that knows what was traced.

    Batches of the usual length are compiled with the options that users have. Trimmed
    and longer batches, which laws and cases make of them, run the same program for
    another shape once or twice: it is compiled in a sixth of the time.
    """

    def __init__(self, function: Callable[..., Tensor], fixed: int = 0) -> None:
        self.sizes: list[int] = []
        self._fixed = fixed
        self._traces = 0

        def trace(*tensors: Tensor) -> Tensor:
            # A side effect on purpose: Python runs this body only while JAX traces.
            self._traces += 1
            return function(*tensors)

        self._usual = jax.jit(trace)
        self._other = jax.jit(trace, compiler_options=_fast_options())

    def compile_fully(self) -> None:
        """Compile every length with the options that users have: bits depend on it."""
        self._other = self._usual

    def __call__(self, *tensors: Tensor) -> Tensor:
        before = self._traces
        usual = tensors[self._fixed].shape[1:2] == (BASE_TIME,)
        call = self._usual if usual else self._other
        answer = call(*tensors)
        if self._traces > before:
            # The trace is still in JAX's cache: this does not run the function again.
            self.sizes.append(_equations(call.trace(*tensors).jaxpr.jaxpr))
        return answer


def _each_row(function: Callable[..., Tensor], fixed: int) -> Callable[..., Tensor]:
    """Return ``function`` mapped over the batch: each row is a batch of its own."""

    def call(*tensors: Tensor) -> Tensor:
        own, batch = tensors[:fixed], tensors[fixed:]

        def one(*rows: Tensor) -> Tensor:
            return function(*own, *(row[None] for row in rows))[0]

        return jax.vmap(one)(*batch)

    return call


def _step(step: Callable[..., Gradients]) -> Callable[..., Gradients]:
    compiled = jax.jit(step, compiler_options=_fast_options())
    return lambda tensors, *rest: compiled(tuple(tensors), *rest)


@cache
def _fast_options() -> dict[str, bool | int]:
    """Return the options under which XLA spends the least time on machine code.

    XLA's passes over the program itself stay as they are. A derivative compiles in 0.2
    of the time; jax_reference at core took 0.78 of the CPU time.
    """
    options: dict[str, bool | int] = {
        "xla_backend_optimization_level": 0,
        "xla_cpu_use_fusion_emitters": False,
        "xla_cpu_parallel_codegen_split_count": 1,
        "xla_llvm_disable_expensive_passes": True,
    }
    try:
        jax.jit(lambda x: x, compiler_options=options)(0.0)
    except jax.errors.JaxRuntimeError:  # another XLA knows other options
        return {"xla_backend_optimization_level": 0}
    return options


def _equations(jaxpr: Any) -> int:
    """Return the number of equations, those of inner programs included."""
    inner = 0
    for equation in jaxpr.eqns:
        for parameter in jax.tree.leaves(equation.params, is_leaf=_is_program):
            if _is_program(parameter):
                inner += _equations(getattr(parameter, "jaxpr", parameter))
    return len(jaxpr.eqns) + inner


def _is_program(value: object) -> bool:
    return hasattr(value, "eqns")
