"""The probe on Keras: layers, models and functions, on any of its three backends."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import keras

from conformance.probe.frameworks.keras.inspect import Call, facts, input_names
from conformance.probe.frameworks.keras.masks import MaskEnds
from conformance.probe.frameworks.keras.prepare import (
    built,
    called,
    dtype_of,
    fill_constant,
    prepared,
)
from conformance.probe.frameworks.keras.watch import watched
from conformance.probe.infer import TargetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.base import Facts, Gradients, Mode
    from conformance.probe.trace import Edit, GradientStep, Instead, Trace

_BACKENDS = ("tensorflow", "torch", "jax")


class Keras:
    """Calls, traces and differentiates Keras layers, models and functions.

    Raises:
        TargetError: Keras runs on a backend that is not known here.
    """

    name = "keras"
    high = "float64"
    traces = True

    def __init__(self) -> None:
        name = keras.config.backend()
        if name not in _BACKENDS:
            msg = (
                f"Keras runs on {name}, which cannot be probed; set KERAS_BACKEND to "
                f"{', '.join(_BACKENDS)}"
            )
            raise TargetError(msg)
        self._backend = _backend(name)
        self.routes: tuple[str, ...] = self._backend.ROUTES
        self._runners: dict[int, Any] = {}
        self._unfilled: set[int] = set()
        self._filled: dict[int, int] = {}
        self._changed: list[tuple[Any, Array]] = []

    def inspect(self, model: Any) -> Facts:
        """Return what a model says of itself."""
        return facts(model)

    def call(
        self, model: Any, inputs: Mapping[str, Array], mode: Mode
    ) -> dict[str, Array]:
        """Return a model's outputs by name."""
        if id(model) in self._unfilled and not built(model):
            # The first call makes the variables; what they are must not change after.
            keras.utils.set_random_seed(0)
            self._runner(model).answer(inputs, mode)
            called(model)
            self._filled[id(model)] = self._fill(model)
            self._unfilled.discard(id(model))
        found: dict[str, Array] = self._runner(model).answer(inputs, mode)
        called(model)
        return found

    def exact(self, model: Any, inputs: Mapping[str, Array]) -> bool:
        """Tell whether a call in float64 computes in float64 throughout."""
        return not self._runner(model).computes_in_less(inputs)

    def gradients(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        cotangents: Mapping[str, Array],
        mode: Mode,
    ) -> Gradients:
        """Return gradients of the sum of cotangent times output."""
        found: Gradients = self._runner(model).gradients(inputs, cotangents, mode)
        return found

    def backward(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        cotangents: Mapping[str, Array],
        mode: Mode,
        instead: Instead,
    ) -> list[GradientStep]:
        """Return every operation on the way back, with the gradients there."""
        run = self._runner(model)
        found: list[GradientStep] = run.backward(inputs, cotangents, mode, instead)
        return found

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
        run = self._runner(model)
        found: Trace = run.trace(inputs, mode, edit, outline=outline)
        return found

    def fill_constant(self, model: Any) -> int:
        """Give variables that are all zero or all one random numbers.

        A model that is built by its first call gets them after it.
        """
        if isinstance(model, keras.Layer) and not built(model):
            self._unfilled.add(id(model))
            return 0
        return self._fill(model)

    def _fill(self, model: Any) -> int:
        changed = fill_constant(model)
        self._changed += changed
        return len(changed)

    @contextmanager
    def kept(self, model: Any) -> Iterator[None]:
        """Have a model's variables as they were afterwards; it stays built."""
        try:
            yield
        finally:
            for variable, value in self._changed:
                variable.assign(value)
            self._changed.clear()
            self._unfilled.discard(id(model))

    def notes(
        self, model: Any, inputs: Mapping[str, Array], mode: Mode
    ) -> tuple[str, ...]:
        """Return where the mask ends, and what was done when the model was built."""
        found = []
        count = self._filled.get(id(model), 0)
        if count:
            some = "1 variable" if count == 1 else f"{count} variables"
            were = "was" if count == 1 else "were"
            text = f"random numbers were added to {some} that {were} constant"
            found.append(f"{text} when the model was built (--as-is leaves them)")
        ends = MaskEnds()
        with ExitStack() as stack:
            stack.enter_context(prepared(model, mode))
            stack.enter_context(watched(model, ends))
            tensors = {
                name: keras.ops.convert_to_tensor(each)
                if hasattr(each, "ndim")
                else each
                for name, each in inputs.items()
            }
            Call(model).function(training=False)(**tensors)
        return (*found, *([ends.text] if ends.text else []))

    def input_names(self, model: Any) -> list[str]:
        """Return the names of a model's inputs, where it takes several in one nest."""
        return input_names(model)

    def dtype_of(self, model: Any) -> str:
        """Return the dtype that a model computes in."""
        return dtype_of(model)

    def versions(self) -> dict[str, str]:
        """Return the versions that matter."""
        return {"keras": keras.__version__, **self._backend.versions()}

    def _runner(self, model: Any) -> Any:
        if id(model) not in self._runners:
            self._runners[id(model)] = self._backend.runner(model, Call(model))
        return self._runners[id(model)]


def _backend(name: str) -> Any:
    """Return what a backend has of its own."""
    if name == "tensorflow":
        from conformance.probe.frameworks.keras import tensorflow

        return tensorflow
    if name == "torch":
        from conformance.probe.frameworks.keras import torch

        return torch
    from conformance.probe.frameworks.keras import jax

    return jax
