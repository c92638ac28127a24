"""Keras on a backend that computes at once: TensorFlow and torch."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import keras

from conformance.probe.frameworks.base import Gradients, Mode
from conformance.probe.frameworks.keras.prepare import built, prepared, scope_of
from conformance.probe.frameworks.keras.watch import WHOLE, watched
from conformance.probe.frameworks.stack import call_model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.keras.inspect import Call
    from conformance.probe.trace import Edit, GradientStep, Instead, Trace

HIGH = "float64"
_TABLE_AXES = 3


class Eager:
    """Calls, traces and differentiates one model.

    Args:
        model: A layer, a model or a function.
        call: The model as a function of named tensors.
        backend: ``Backend`` of the module beside this one.
    """

    def __init__(self, model: Any, call: Call, backend: Any) -> None:
        self.model = model
        self._call = call
        self._backend = backend
        self._compiled: dict[Mode, Any] = {}

    def answer(self, inputs: Mapping[str, Any], mode: Mode) -> dict[str, Array]:
        """Return the model's outputs by name."""
        with prepared(self.model, mode), self._backend.quiet(high=mode.dtype == HIGH):
            given = self._backend.tensors(inputs, mode.dtype)
            found: dict[str, Array] = self._backend.flat(
                call_model(self._function(mode), given)
            )
            return found

    def _function(self, mode: Mode) -> Callable[..., Any]:
        plain = self._call.function(training=mode.training)
        if mode.route == "eager":
            return plain
        if mode not in self._compiled:
            self._compiled[mode] = self._backend.compiled(plain)
        function: Callable[..., Any] = self._compiled[mode]
        return function

    def computes_in_less(self, inputs: Mapping[str, Any]) -> bool:
        """Tell whether a call in float64 computes anything in less."""
        found = self.trace(inputs, Mode(dtype=HIGH), outline=True)
        less: bool = self._backend.computes_in_less(found)
        return less

    def trace(
        self,
        inputs: Mapping[str, Any],
        mode: Mode,
        edit: Edit | None = None,
        *,
        outline: bool = False,
    ) -> Trace:
        """Return every operation of a call, with its layer."""
        with ExitStack() as stack:
            stack.enter_context(prepared(self.model, mode))
            stack.enter_context(self._backend.quiet(high=mode.dtype == HIGH))
            given = self._backend.tensors(inputs, mode.dtype)
            kind = type(self.model).__name__
            recorder = self._backend.recorder(kind, edit, outline=outline)
            stack.enter_context(watched(self.model, Follower(recorder)))
            with recorder:
                found = call_model(self._function(mode), given)
            recorder.trace.outputs = self._backend.flat(found)
        trace: Trace = recorder.trace
        return trace

    def gradients(
        self, inputs: Mapping[str, Any], cotangents: Mapping[str, Array], mode: Mode
    ) -> Gradients:
        """Return gradients of the sum of cotangent times output."""
        with ExitStack() as stack:
            given, features, weights, embedded = self._leaves(stack, inputs, mode)
            function = self._function(mode)
            found, inner = self._backend.gradients(
                lambda: function(**{**given, **features}),
                [*features.values(), *weights.values()],
                cotangents,
                embedded,
                high=mode.dtype == HIGH,
            )
        cut = len(features)
        rows = dict(zip(embedded.found, inner, strict=True))
        own = {**dict(zip(features, found[:cut], strict=True)), **rows}
        parameters = zip(weights, found[cut:], strict=True)
        return Gradients(
            inputs={k: v for k, v in own.items() if v is not None},
            parameters={k: v for k, v in parameters if v is not None},
        )

    def backward(
        self,
        inputs: Mapping[str, Any],
        cotangents: Mapping[str, Array],
        mode: Mode,
        instead: Instead,
    ) -> list[GradientStep]:
        """Return every operation on the way back, with the gradients there."""
        with ExitStack() as stack:
            given, features, weights, embedded = self._leaves(stack, inputs, mode)
            function = self._function(mode)
            found: list[GradientStep] = self._backend.walk_back(
                lambda: call_model(function, {**given, **features}),
                type(self.model).__name__,
                lambda recorder: watched(self.model, Follower(recorder)),
                {**features, **weights},
                embedded,
                cotangents,
                instead,
                high=mode.dtype == HIGH,
            )
        return found

    def _leaves(
        self, stack: ExitStack, inputs: Mapping[str, Any], mode: Mode
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], EmbeddedIds]:
        """Return arguments, floating ones and variables that gradients are taken of.

        Args:
            stack: In whose context the model may be called with them.
            inputs: By argument.
            mode: How it is called.
        """
        stack.enter_context(prepared(self.model, mode))
        given = self._backend.tensors(inputs, mode.dtype)
        variables = [
            each
            for each in getattr(self.model, "trainable_variables", ())
            if "float" in str(each.dtype)
        ]
        # Leaves in the dtype that is computed in, so that no cast rounds.
        leaves = [self._backend.leaf(each.value, mode.dtype) for each in variables]
        if built(self.model):
            pairs = list(zip(variables, leaves, strict=True))
            stack.enter_context(scope_of(pairs))
        features = {
            name: self._backend.leaf(each, mode.dtype)
            for name, each in given.items()
            if keras.ops.is_tensor(each) and "float" in str(each.dtype)
        }
        embedded = EmbeddedIds()
        if not features:
            stack.enter_context(watched(self.model, embedded))
        paths = [each.path for each in variables]
        return given, features, dict(zip(paths, leaves, strict=True)), embedded


class Follower:
    """Tells a recorder which layer an operation belongs to."""

    def __init__(self, recorder: Any) -> None:
        self._recorder = recorder

    def layer(
        self, path: str, layer: Any, given: Any, function: Callable[[], Any]
    ) -> Any:
        """Call a layer; one that loops over positions counts as one operation."""
        kind = type(layer).__name__
        self._recorder.enter(path, kind)
        try:
            if isinstance(layer, WHOLE):
                name = f"keras.layers.{kind}"
                return self._recorder.whole(given, name, function, carry_mask)
            return function()
        finally:
            self._recorder.leave()


class EmbeddedIds:
    """Keeps what the first embedding gives, ``[B, T, H]``."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}
        self.watch: Callable[[Any], object] = lambda _: None

    def layer(
        self, path: str, layer: Any, given: Any, function: Callable[[], Any]
    ) -> Any:
        """Call a layer, and keep the first table's rows."""
        del path, given
        found = function()
        table = isinstance(layer, keras.layers.Embedding)
        if table and not self.found and len(found.shape) == _TABLE_AXES:
            self.watch(found)
            self.found["embedding"] = found
        return found


def carry_mask(old: Any, new: Any) -> None:
    """Give a tensor that stands in for another one its mask."""
    from keras.src.backend import get_keras_mask
    from keras.src.backend.common.masking import set_keras_mask

    mask = get_keras_mask(old)
    if mask is not None:
        set_keras_mask(new, mask)
