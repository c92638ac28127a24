"""The probe on torch: modules and plain functions."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import torch

from conformance.probe.frameworks.base import Facts, Gradients, Mode
from conformance.probe.frameworks.torch import inspect as inspecting
from conformance.probe.frameworks.torch.backward import NodeRecorder, walk_back
from conformance.probe.frameworks.torch.exact import ExactMode, computes_in_less
from conformance.probe.frameworks.torch.graphs import narrow
from conformance.probe.frameworks.torch.prepare import (
    allow_backward,
    fill_constant,
    kept,
    prepared,
)
from conformance.probe.frameworks.torch.steps import step_by_step
from conformance.probe.frameworks.torch.tracing import Recorder
from conformance.probe.frameworks.torch.tree import array, flat, names, tensors
from conformance.trial.frameworks.devices import torch as devices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from conformance.probe.arrangement import Array
    from conformance.probe.interface import Interface
    from conformance.probe.trace import Edit, GradientStep, Instead, Site, Trace


class Torch:
    """Calls, traces and differentiates what takes torch tensors."""

    name = "torch"
    high = "float64"
    routes = ("eager", "compiled")
    traces = True

    def __init__(self) -> None:
        self._compiled: dict[int, Any] = {}

    def inspect(self, model: Any) -> Facts:
        """Return what a model says of itself."""
        return inspecting.facts(model)

    def call(
        self, model: Any, inputs: Mapping[str, Array], mode: Mode
    ) -> dict[str, Array]:
        """Return a model's outputs by name."""
        with ExitStack() as stack:
            stack.enter_context(prepared(model, mode))
            stack.enter_context(torch.no_grad())
            if mode.dtype == self.high and mode.route == "eager":
                stack.enter_context(ExactMode())
            function = self._function(model, mode)
            return flat(function(**tensors(inputs, mode.dtype, model)))

    def exact(self, model: Any, inputs: Mapping[str, Array]) -> bool:
        """Tell whether a call in float64 computes in float64 throughout."""
        mode = Mode(dtype=self.high)
        with prepared(model, mode), torch.no_grad(), ExactMode():
            return not computes_in_less(model, tensors(inputs, mode.dtype, model))

    def gradients(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        cotangents: Mapping[str, Array],
        mode: Mode,
    ) -> Gradients:
        """Return gradients of the sum of cotangent times output."""
        given = tensors(inputs, mode.dtype, model)
        with ExitStack() as stack:
            stack.enter_context(prepared(model, mode))
            stack.enter_context(allow_backward(model))
            stack.enter_context(torch.enable_grad())
            if mode.dtype == self.high and mode.route == "eager":
                stack.enter_context(ExactMode())
            embedded = stack.enter_context(inspecting.Embedded(model))
            leaves = _inputs(given)
            total = _total(names(self._function(model, mode)(**given)), cotangents)
            return _gradients(model, total, {**leaves, **embedded.found})

    def trace(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        mode: Mode,
        edit: Edit | None = None,
        *,
        outline: bool = False,
    ) -> Trace:
        """Return every site that a call goes through."""
        with ExitStack() as stack:
            stack.enter_context(prepared(model, mode))
            stack.enter_context(torch.no_grad())
            recorder = Recorder(model, edit, outline=outline)
            stack.enter_context(recorder)
            if mode.dtype == self.high:
                stack.enter_context(ExactMode())
            given = tensors(inputs, mode.dtype, model)
            recorder.trace.outputs = flat(model(**given))
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
        given = tensors(inputs, mode.dtype, model)
        with ExitStack() as stack:
            stack.enter_context(prepared(model, mode))
            stack.enter_context(allow_backward(model))
            stack.enter_context(torch.enable_grad())
            embedded = stack.enter_context(inspecting.Embedded(model))
            leaves = {**_inputs(given), **_parameters(model)}

            def call() -> Any:
                total = _total(names(model(**given)), cotangents)
                leaves.update(embedded.found)
                return total

            nodes = NodeRecorder(lambda note: Recorder(model, note, outline=True))
            return walk_back(call, nodes, leaves, instead)

    def narrow(
        self, model: Any, mode: Mode, leaks: Callable[[], bool]
    ) -> tuple[Site, bool] | None:
        """Return the innermost module that leaks when it alone is compiled."""
        self._compiled.clear()
        with prepared(model, mode):
            return narrow(model, leaks)

    def steps(
        self,
        model: Any,
        inputs: Mapping[str, Any],
        interface: Interface,
        mode: Mode,
    ) -> dict[str, Array]:
        """Return a model's outputs taken one position after the other, with a cache."""
        given = {**tensors(inputs, mode.dtype, model), "use_cache": True}
        with prepared(model, mode), torch.no_grad():
            name, found = step_by_step(model, given, interface)
        return {name: array(found)}

    def kept(self, model: Any) -> AbstractContextManager[None]:
        """Return a context after which a module is as it was."""
        return kept(model)

    def move(self, model: Any) -> None:
        """Move a module to the device that was asked for."""
        if isinstance(model, torch.nn.Module):
            model.to(devices.current())

    def fill_constant(self, model: Any) -> int:
        """Give parameters that are all zero or all one random numbers."""
        return fill_constant(model) if isinstance(model, torch.nn.Module) else 0

    def dtype_of(self, model: Any) -> str:
        """Return the dtype of a module's parameters."""
        if isinstance(model, torch.nn.Module):
            for each in model.parameters():
                if each.is_floating_point():
                    return str(each.dtype).removeprefix("torch.")
        return "float32"

    def versions(self) -> dict[str, str]:
        """Return the versions that matter."""
        return {"torch": torch.__version__.partition("+")[0]}

    def _function(self, model: Any, mode: Mode) -> Any:
        if mode.route == "eager":
            return model
        if id(model) not in self._compiled:
            torch.compiler.reset()
            self._compiled[id(model)] = torch.compile(model, backend="aot_eager")
        return self._compiled[id(model)]


def _inputs(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the floating arguments, which want a gradient from here on."""
    return {
        name: value.requires_grad_()
        for name, value in given.items()
        if isinstance(value, torch.Tensor) and value.is_floating_point()
    }


def _parameters(model: Any) -> dict[str, Any]:
    if not isinstance(model, torch.nn.Module):
        return {}
    return {name: each for name, each in model.named_parameters() if each.requires_grad}


def _total(outputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> Any:
    """Return the sum of cotangent times output."""
    return sum(
        (outputs[name] * torch.from_numpy(each).to(outputs[name])).sum()
        for name, each in cotangents.items()
    )


def _gradients(model: Any, total: Any, leaves: Mapping[str, Any]) -> Gradients:
    """Differentiate; what is not connected has no gradient."""
    parameters = _parameters(model)
    if not isinstance(total, torch.Tensor) or not total.requires_grad:
        return Gradients(inputs={}, parameters={})
    wanted = [*leaves.values(), *parameters.values()]
    found = list(torch.autograd.grad(total, wanted, allow_unused=True))
    # One after the other, so that no second set of them is held.
    arrays = []
    while found:
        each = found.pop(0)
        arrays.append(None if each is None else each.cpu().double().numpy())
    pairs = list(zip([*leaves, *parameters], arrays, strict=True))
    cut = len(leaves)
    return Gradients(
        inputs={name: each for name, each in pairs[:cut] if each is not None},
        parameters={name: each for name, each in pairs[cut:] if each is not None},
    )
