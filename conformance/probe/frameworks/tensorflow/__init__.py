"""The probe on TensorFlow: tf.Module and plain functions of tensors."""

from __future__ import annotations

import inspect
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from conformance.probe.frameworks.base import (
    Argument,
    Facts,
    Gradients,
    Mode,
    takes_keywords,
)
from conformance.probe.frameworks.stack import call_model
from conformance.probe.frameworks.tensorflow import modules
from conformance.probe.frameworks.tensorflow.backward import StepRecorder, walk_back
from conformance.probe.frameworks.tensorflow.recorder import OpRecorder
from conformance.probe.frameworks.tensorflow.tree import (
    array,
    differentiate,
    flat,
    names,
    tensors,
    weigh,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.probe.arrangement import Array
    from conformance.probe.trace import Edit, GradientStep, Instead, Trace

_FLAGS = {"training": False, "is_training": False}
"""Arguments that choose the mode."""

MOVES = {
    *("ReadVariableOp", "Identity", "Reshape", "ExpandDims", "Squeeze", "Transpose"),
    *("StridedSlice", "Slice", "GatherV2", "ResourceGather", "Pack", "ConcatV2"),
    *("Fill", "ZerosLike", "OnesLike", "BroadcastTo", "Const", "Split", "SplitV"),
    *("Range", "Tile", "Unpack"),
}
"""Operations that only move numbers: in which dtype makes no difference."""


class TensorFlow:
    """Calls, traces and differentiates what takes TensorFlow's tensors."""

    name = "tensorflow"
    high = "float64"
    routes = ("eager", "compiled")
    traces = True

    def __init__(self) -> None:
        self._compiled: dict[tuple[int, str, bool], Any] = {}
        self._changed: list[tuple[Any, Array]] = []
        self._filled = False

    def inspect(self, model: Any) -> Facts:
        """Return what a module or a function says of itself."""
        arguments = _arguments(model)
        weights = modules.variables(model).values()
        shapes = [tuple(each.shape) for each in weights]
        last = [shape[at] for shape in shapes for at in (-2, 0) if len(shape) > 1]
        given = {each.name for each in arguments}
        return Facts(
            arguments=arguments,
            keywords=takes_keywords(_plain(model)),
            sizes=frozenset(size for shape in shapes for size in shape),
            vocabularies=tuple(_tables(model)),
            features=tuple(dict.fromkeys([*last, 6])),
            layouts=("BTF", "BT", "BFT"),
            arguments_fixed={k: v for k, v in _FLAGS.items() if k in given},
        )

    def call(
        self, model: Any, inputs: Mapping[str, Array], mode: Mode
    ) -> dict[str, Array]:
        """Return a model's outputs by name."""
        with modules.widened(model, mode.dtype):
            given = tensors(_moded(inputs, mode), mode.dtype)
            return flat(call_model(self._function(model, mode), given))

    def exact(self, model: Any, inputs: Mapping[str, Array]) -> bool:
        """Tell whether a call in float64 computes in float64 throughout."""
        mode = Mode(dtype=self.high)
        return not computes_in_less(self.trace(model, inputs, mode, outline=True))

    def gradients(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        cotangents: Mapping[str, Array],
        mode: Mode,
    ) -> Gradients:
        """Return gradients of the sum of cotangent times output."""
        with modules.widened(model, mode.dtype), tf.GradientTape() as tape:
            given = tensors(_moded(inputs, mode), mode.dtype)
            leaves = {
                name: each
                for name, each in given.items()
                if tf.is_tensor(each) and each.dtype.is_floating
            }
            for each in leaves.values():
                tape.watch(each)
            parameters = modules.variables(model)
            outputs = names(self._function(model, mode)(**given))
            total = weigh(outputs, cotangents)
        found = differentiate(tape, total, [*leaves.values(), *parameters.values()])
        return sorted_gradients(found, list(leaves), list(parameters))

    def trace(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        mode: Mode,
        edit: Edit | None = None,
        *,
        outline: bool = False,
    ) -> Trace:
        """Return every operation that a call goes through."""
        with ExitStack() as stack:
            stack.enter_context(modules.widened(model, mode.dtype))
            given = tensors(_moded(inputs, mode), mode.dtype)
            recorder = OpRecorder(type(model).__name__, edit, outline=outline)
            stack.enter_context(modules.followed(model, recorder))
            with recorder:
                found = call_model(model, given)
        recorder.trace.outputs = flat(found)
        return recorder.trace

    def backward(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        cotangents: Mapping[str, Array],
        mode: Mode,
        instead: Instead,
    ) -> list[GradientStep]:
        """Return every operation on the way back, with the gradients there."""
        with modules.widened(model, mode.dtype):
            given = tensors(_moded(inputs, mode), mode.dtype)
            named = {k: v for k, v in given.items() if tf.is_tensor(v)}
            recorder = StepRecorder(type(model).__name__)
            with modules.followed(model, recorder):
                return walk_back(
                    lambda: call_model(model, given),
                    recorder,
                    lambda: named,
                    cotangents,
                    instead,
                    modules.variables(model),
                )

    def fill_constant(self, model: Any) -> int:
        """Give variables that are all zero or all one random numbers."""
        changed = modules.fill_constant(modules.variables(model).values())
        self._changed += changed
        self._filled = bool(changed) and hasattr(model, "trainable_variables")
        return len(changed)

    @contextmanager
    def kept(self, model: Any) -> Iterator[None]:
        """Have a module's variables as they were afterwards."""
        del model
        try:
            yield
        finally:
            for variable, value in self._changed:
                variable.assign(value)
            self._changed.clear()

    def dtype_of(self, model: Any) -> str:
        """Return the dtype of a module's variables."""
        found = modules.variables(model).values()
        kinds = (each.dtype.name for each in found if each.dtype.is_floating)
        return next(kinds, "float32")

    def script(self, model: Any) -> tuple[str, ...]:
        """Return the lines that call the model in a script."""
        del model
        loop = "for each in model.trainable_variables: each.assign(each + 0.1)"
        return (
            *([f"{loop}  # zeros hide it"] if self._filled else []),
            "tensor = lambda x: tf.constant(x) if hasattr(x, 'shape') else x",
            "call = lambda each: model(**{k: tensor(v) for k, v in each.items()})",
        )

    def versions(self) -> dict[str, str]:
        """Return the versions that matter."""
        return {"tensorflow": tf.__version__}

    def _function(self, model: Any, mode: Mode) -> Any:
        if mode.route == "eager":
            return model
        key = (id(model), mode.dtype, mode.training)
        if key not in self._compiled:
            self._compiled[key] = tf.function(model)
        return self._compiled[key]


def computes_in_less(trace: Trace) -> bool:
    """Tell whether any operation of a float64 call computed in less."""
    values = trace.values
    for site in trace.sites:
        floats = [values[n].dtype for n in site.inputs if values[n].dtype.kind == "f"]
        for number in site.outputs:
            kind = values[number].dtype
            narrow = kind.kind == "f" and kind.itemsize < 8  # noqa: PLR2004 - float64
            cut = any(each.itemsize > kind.itemsize for each in floats)
            if narrow and (cut or (floats and site.op not in MOVES)):
                return True
    return False


def sorted_gradients(
    found: list[Array | None], inputs: list[str], parameters: list[str]
) -> Gradients:
    """Return gradients by name; what is not connected has none."""
    pairs = list(zip([*inputs, *parameters], found, strict=True))
    cut = len(inputs)
    return Gradients(
        inputs={name: each for name, each in pairs[:cut] if each is not None},
        parameters={name: each for name, each in pairs[cut:] if each is not None},
    )


def _arguments(model: Any) -> tuple[Argument, ...]:
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return tuple(
        Argument(name=each.name, required=each.default is inspect.Parameter.empty)
        for each in inspect.signature(_plain(model)).parameters.values()
        if each.kind not in kinds
    )


def _plain(model: Any) -> Any:
    """Return the function that a tf.function was made of."""
    return getattr(model, "python_function", model)


def _tables(model: Any) -> list[int]:
    """Return the lengths of what is called a table of embeddings."""
    return [
        int(each.shape[0])
        for name, each in modules.variables(model).items()
        if "embed" in f"{name} {each.name}".lower() and len(each.shape) == 2  # noqa: PLR2004
    ]


def _moded(inputs: Mapping[str, Any], mode: Mode) -> dict[str, Any]:
    """Return arguments with those that choose the mode as the mode wants them."""
    return {
        name: mode.training if name in _FLAGS and isinstance(value, bool) else value
        for name, value in inputs.items()
    }


__all__ = ["TensorFlow", "array", "computes_in_less", "sorted_gradients"]
