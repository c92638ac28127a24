"""Keras on JAX: a pure function of its variables, traced as every JAX model is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jax
import keras
import numpy as np

from conformance.probe.frameworks.base import Mode
from conformance.probe.frameworks.jax import marks
from conformance.probe.frameworks.jax.backward import walk_back
from conformance.probe.frameworks.jax.calls import Calls
from conformance.probe.frameworks.jax.forms import Form
from conformance.probe.frameworks.jax.gradients import gradients
from conformance.probe.frameworks.jax.tracing import trace
from conformance.probe.frameworks.keras.inspect import arguments
from conformance.probe.frameworks.keras.prepare import (
    built,
    dtype_of,
    layers,
    prepared,
    scope_of,
)
from conformance.probe.frameworks.keras.watch import WHOLE, watched
from conformance.probe.frameworks.stack import call_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.base import Argument, Gradients
    from conformance.probe.frameworks.keras.inspect import Call
    from conformance.probe.trace import Edit, GradientStep, Instead, Trace

ROUTES = ("eager", "compiled")


class KerasForm(Form):
    """A Keras model: its trainable variables are its parameters.

    Args:
        model: A layer, a model or a function.
        call: The model as a function of named tensors.
    """

    package = "keras"

    def __init__(self, model: Any, call: Call) -> None:
        super().__init__(model)
        self._call = call
        self._variables: dict[str, Any] = {}
        self.settle()

    def arguments(self) -> tuple[Argument, ...]:
        """Return the arguments that a caller has to think of."""
        return arguments(self.model)

    @property
    def dtype(self) -> str:
        """The dtype that the model computes in."""
        return dtype_of(self.model)

    @property
    def trains(self) -> bool:
        """Whether training may be another mode."""
        return True

    def prepare(self, inputs: Mapping[str, Any]) -> None:
        """Build the model where it is not built."""
        if layers(self.model) and not built(self.model):
            given = {
                name: keras.ops.convert_to_tensor(each)
                if isinstance(each, np.ndarray)
                else each
                for name, each in inputs.items()
            }
            self._call.function(training=False)(**given)
            self.settle()

    def settle(self) -> None:
        """Take the variables as they are now."""
        found = getattr(self.model, "trainable_variables", ())
        self._variables = {each.path: each for each in found}
        self.parameters = {
            path: np.asarray(each.value) for path, each in self._variables.items()
        }

    def apply(self, parameters: Any, inputs: dict[str, Any], *, training: bool) -> Any:
        """Return the model's answer; what a call writes is dropped."""
        pairs = [(self._variables[path], each) for path, each in parameters.items()]
        with scope_of(pairs), watched(self.model, Marker()):
            return call_model(self._call.function(training=training), inputs)

    def modules(self) -> list[tuple[str, Any]]:
        """Return the layers."""
        return [(each.path, each) for each in layers(self.model)]


class Marker:
    """Writes a layer's path into the traced program.

    What stands in a layer that counts as one operation is not named: both directions
    of a Bidirectional are one traced loop, which would have the name of the first.
    """

    def __init__(self) -> None:
        self._whole = False

    def layer(
        self, path: str, layer: Any, given: Any, function: Callable[[], Any]
    ) -> Any:
        """Call a layer in its named scope."""
        del given
        if self._whole:
            return function()
        self._whole = isinstance(layer, WHOLE)
        try:
            return self._call(path, layer, function)
        finally:
            self._whole = False

    @staticmethod
    def _call(path: str, layer: Any, function: Callable[[], Any]) -> Any:
        with marks.scope(path, type(layer).__name__):
            return function()


class ModelRunner:
    """Calls, traces and differentiates one model."""

    def __init__(self, model: Any, call: Call) -> None:
        self._model = model
        self._calls = Calls(KerasForm(model, call))

    def answer(self, inputs: Mapping[str, Any], mode: Mode) -> dict[str, Array]:
        """Return the model's outputs by name."""
        with prepared(self._model, self._own(mode)):
            return self._calls.answer(inputs, mode)

    def trace(
        self,
        inputs: Mapping[str, Any],
        mode: Mode,
        edit: Edit | None = None,
        *,
        outline: bool = False,
    ) -> Trace:
        """Return every equation of a call, with its layer."""
        with prepared(self._model, self._own(mode)):
            return trace(self._calls, inputs, mode, edit, outline=outline)

    def computes_in_less(self, inputs: Mapping[str, Any]) -> bool:
        """Tell whether the float64 program computes anything in less."""
        mode = Mode(dtype="float64")
        with prepared(self._model, self._own(mode)):
            return self._calls.computes_in_less(inputs, mode)

    def gradients(
        self, inputs: Mapping[str, Any], cotangents: Mapping[str, Array], mode: Mode
    ) -> Gradients:
        """Return gradients of the sum of cotangent times output."""
        with prepared(self._model, self._own(mode)):
            return gradients(self._calls, inputs, cotangents, mode)

    def backward(
        self,
        inputs: Mapping[str, Any],
        cotangents: Mapping[str, Array],
        mode: Mode,
        instead: Instead,
    ) -> list[GradientStep]:
        """Return every equation on the way back, with the gradients there."""
        with prepared(self._model, self._own(mode)):
            return walk_back(self._calls, inputs, cotangents, mode, instead)

    def _own(self, mode: Mode) -> Mode:
        """Return the mode in which the model is traced: JAX computes float64 later."""
        return replace(mode, dtype=self._calls.own(mode))


def runner(model: Any, call: Call) -> ModelRunner:
    """Return what calls a model."""
    return ModelRunner(model, call)


def versions() -> dict[str, str]:
    """Return the backend's version."""
    return {"jax": jax.__version__}
