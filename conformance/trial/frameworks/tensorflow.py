"""TensorFlow: ``tf.function`` and ``tf.GradientTape``, gradients always dense."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from conformance.errors import UnconnectedGradientError
from conformance.trial.frameworks import Capture
from conformance.trial.frameworks.devices import tensorflow as devices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.trial.frameworks import Array, Gradients, Tensor

NAME = "tensorflow"
ROUTES = ("compiled", "eager", "xla", "dynamic", "vmap", "jvp")
GRADIENTS = True
FUNCTIONAL = False

# Ten bits of mantissa would hide every mistake that this suite looks for.
tf.config.experimental.enable_tensor_float_32_execution(False)

_NOT_WORK = frozenset({"Placeholder", "Const", "Identity", "NoOp", "ReadVariableOp"})


def versions() -> dict[str, str]:
    """Return the versions that matter for a result, by distribution name."""
    found = {"tensorflow": tf.__version__, "numpy": version("numpy")}
    try:
        found["keras"] = version("keras")
    except PackageNotFoundError:
        # TensorFlow runs without it; only an adapter may need it.
        return found
    return found


def environment() -> dict[str, str]:
    """Return device, driver, threads and modes as text."""
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    return devices.describe() | {
        "threads": str(threads or "one for each core"),
        "jit": tf.config.optimizer.get_jit() or "off",
    }


place = devices.place
device = devices.device


def find_misplaced(tensor: Tensor) -> str:
    """Return the device of a tensor that is not on the one asked for, or nothing."""
    # Integers and booleans are left where TensorFlow wants them: it keeps those that
    # are shapes and counts in the host's memory.
    if not devices.is_placed() or not tensor.dtype.is_floating:
        return ""
    where = devices.name_of(tensor.device)
    return "" if where == device() else where


promises_bits = devices.promises_bits
is_lost = devices.is_lost


def scope(dtype: str) -> AbstractContextManager[object]:
    """Return the context in which ``dtype`` works: every dtype always does."""
    del dtype
    return nullcontext()


def tensor(array: Array) -> Tensor:
    """Return a tensor with a copy of ``array``, dtype kept."""
    return tf.constant(np.array(array, copy=True, order="C"))


def array(tensor: Tensor) -> Array:
    """Return a NumPy copy of ``tensor``, dtype kept."""
    return np.array(tensor.numpy(), copy=True)


def is_tensor(value: object) -> bool:
    """Tell whether ``value`` is a dense tensor or a variable."""
    return isinstance(value, tf.Tensor | tf.Variable)


def leaves(tree: Any) -> list[Tensor]:
    """Return the tensors of a layer's parameters or state."""
    return list(tree)


def dtype(tensor: Tensor) -> str:
    """Return the tensor's dtype by name."""
    return str(tensor.dtype.name)


def layouts(array: Array) -> Mapping[str, Tensor]:
    """Return nothing: tensors have no strides."""
    del array
    return {}


def compile(  # noqa: A001 - the protocol's word
    function: Callable[..., Tensor], route: str = "compiled", fixed: int = 0
) -> Callable[..., Tensor]:
    """Return ``function`` as it is called by a route other than eager."""
    if route == "vmap":
        mapped: Callable[..., Tensor] = tf.function(_each_row(function, fixed))
        return mapped
    if route == "dynamic":
        return _Dynamic(function)
    return _Compiled(function, xla=route == "xla")


def read_capture(compiled: Callable[..., Tensor]) -> Capture:
    """Return what ``compiled`` has captured in its calls so far."""
    if not isinstance(compiled, _Compiled):
        return Capture(graphs=0, operations=0)
    sizes = [_size(graph) for graph in compiled.graphs]
    return Capture(graphs=len(sizes), operations=sum(sizes))


def gradient(
    function: Callable[..., Tensor], wanted: Sequence[int]
) -> Callable[[Sequence[Tensor], Tensor], Gradients]:
    """Return the vector-Jacobian product of ``function``, compiled.

    Raises (when called):
        UnconnectedGradientError: No gradient reaches one of the wanted arguments.
    """
    names = [f"argument {index}" for index in wanted]

    def step(tensors: Sequence[Tensor], cotangent: Tensor) -> Gradients:
        sources = [tensors[index] for index in wanted]
        return _pull_back(lambda: function(*tensors), sources, cotangent)

    # Not by XLA, on any route: it compiles a derivative anew for each shape, and the
    # laws on gradients are about the formula.
    traced = tf.function(step, jit_compile=False)
    return lambda tensors, cotangent: _need_connected(
        names, *traced(list(tensors), cotangent)
    )


def tangent(
    function: Callable[..., Tensor], wanted: Sequence[int]
) -> Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]:
    """Return the Jacobian-vector product of ``function``, by forward mode."""

    def step(tensors: Sequence[Tensor], tangents: Sequence[Tensor]) -> Tensor:
        sources = [tensors[index] for index in wanted]
        with tf.autodiff.ForwardAccumulator(sources, list(tangents)) as forward:
            answer = function(*tensors)
        # ZERO, since forward mode has no missing tangents: an answer that no input
        # reaches does not move, which is what the law compares.
        return forward.jvp(answer, tf.UnconnectedGradients.ZERO)

    return step


def layer_gradient(
    layer: Any, wanted: Sequence[int]
) -> Callable[[Sequence[Tensor], Tensor], Gradients]:
    """Return the vector-Jacobian product through a layer and its parameters, compiled.

    Raises (when called):
        UnconnectedGradientError: No gradient reaches one of them.
    """

    def step(tensors: Sequence[Tensor], cotangent: Tensor) -> Gradients:
        sources = [*(tensors[index] for index in wanted), *layer.parameters]
        return _pull_back(lambda: layer(*tensors), sources, cotangent)

    traced = tf.function(step, jit_compile=False)

    def call(tensors: Sequence[Tensor], cotangent: Tensor) -> Gradients:
        names = [f"argument {index}" for index in wanted]
        names += [f"parameter {index}" for index in range(len(layer.parameters))]
        return _need_connected(names, *traced(list(tensors), cotangent))

    return call


class _Compiled:
    """A ``tf.function`` that keeps the graphs it traced."""

    def __init__(self, function: Callable[..., Tensor], *, xla: bool = False) -> None:
        self.graphs: list[Any] = []

        def trace(*tensors: Tensor) -> Tensor:
            # Python runs this body only while TensorFlow traces, inside the new graph.
            self.graphs.append(tf.compat.v1.get_default_graph())
            return function(*tensors)

        self._traced = trace
        # None is the default that users have: XLA on TPUs alone.
        self._call = tf.function(trace, jit_compile=xla or None)

    def __call__(self, *tensors: Tensor) -> Tensor:
        return self._call(*tensors)


class _Dynamic(_Compiled):
    """A ``tf.function`` whose graphs know neither the batch's size nor its length."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__(function)
        self._calls: dict[tuple[Any, ...], Callable[..., Tensor]] = {}

    def __call__(self, *tensors: Tensor) -> Tensor:
        specs = tuple(_open_shape(one) for one in tensors)
        if specs not in self._calls:
            self._calls[specs] = tf.function(self._traced, input_signature=specs)
        return self._calls[specs](*tensors)


def _open_shape(tensor: Tensor) -> Any:
    # Feature axes stay known: kernels need their sizes, and users do not vary them.
    known = list(tensor.shape)[2:]
    along = [None] * (len(tensor.shape) - len(known))
    return tf.TensorSpec([*along, *known], tensor.dtype)


def _each_row(function: Callable[..., Tensor], fixed: int) -> Callable[..., Tensor]:
    """Return ``function`` mapped over the batch: each row is a batch of its own."""

    def call(*tensors: Tensor) -> Tensor:
        own, batch = tensors[:fixed], tensors[fixed:]

        def one(rows: Sequence[Tensor]) -> Tensor:
            return function(*own, *(row[None] for row in rows))[0]

        # Without the fallback an operation that cannot be vectorized is an error; with
        # it, it would run in a loop, and the route would test nothing.
        return tf.vectorized_map(one, batch, fallback_to_while_loop=False)

    return call


def _size(graph: Any) -> int:
    return sum(one.type not in _NOT_WORK for one in graph.get_operations())


def _pull_back(
    function: Callable[[], Tensor], sources: list[Tensor], cotangent: Tensor
) -> Gradients:
    # Only the sources: an adapter's own variables would be recorded for nothing.
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for one in sources:
            tape.watch(one)
        answer = function()
    return answer, [_densify(one) for one in tape.gradient(answer, sources, cotangent)]


def _densify(found: Any) -> Tensor:
    """Return a gather's gradient as a tensor; what is missing stays missing."""
    if isinstance(found, tf.IndexedSlices):
        return tf.scatter_nd(found.indices[:, None], found.values, found.dense_shape)
    return found


def _need_connected(
    names: list[str], answer: Tensor, found: Sequence[Tensor]
) -> Gradients:
    # Raised here: inside tf.function an exception loses its class.
    missing = [name for name, one in zip(names, found, strict=True) if one is None]
    if missing:
        msg = (
            f"no gradient reaches {', '.join(missing)}: TensorFlow gives None, "
            "expected a tensor; do not rebuild it outside the adapter's function"
        )
        raise UnconnectedGradientError(msg)
    return answer, list(found)
