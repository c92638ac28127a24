"""The probe on JAX: functions, Flax linen and nnx, Equinox, Haiku.

A model is traced once for each shape. Float64 and locations come from the traced
program, evaluated equation by equation; docs/probe.md says what that means.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import jax

from conformance.probe.frameworks.base import Facts, Gradients, Mode
from conformance.probe.frameworks.jax.backward import walk_back
from conformance.probe.frameworks.jax.calls import Calls
from conformance.probe.frameworks.jax.forms import FLAGS, Form, form_of
from conformance.probe.frameworks.jax.gradients import gradients
from conformance.probe.frameworks.jax.tracing import trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.probe.arrangement import Array
    from conformance.probe.trace import Edit, GradientStep, Instead, Trace

_LAYOUTS = ("BTF", "BFT", "BT")


class JAX:
    """Calls, traces and differentiates what takes JAX arrays."""

    name = "jax"
    high = "float64"
    routes = ("eager", "compiled")
    traces = True

    def __init__(self) -> None:
        self._calls: dict[int, Calls] = {}

    def inspect(self, model: Any) -> Facts:
        """Return what a model says of itself."""
        form = self._of(model).form
        return Facts(
            arguments=form.arguments(),
            keywords=form.keywords(),
            sizes=form.sizes(),
            vocabularies=form.vocabularies(),
            features=form.widths() or (6,),
            layouts=_LAYOUTS,
            arguments_fixed=form.flags(),
        )

    def call(
        self, model: Any, inputs: Mapping[str, Array], mode: Mode
    ) -> dict[str, Array]:
        """Return a model's outputs by name."""
        return self._of(model).answer(_moded(inputs, mode), mode)

    def exact(self, model: Any, inputs: Mapping[str, Array]) -> bool:
        """Tell whether a call in float64 computes in float64 throughout."""
        mode = Mode(dtype=self.high)
        return not self._of(model).computes_in_less(inputs, mode)

    def gradients(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        cotangents: Mapping[str, Array],
        mode: Mode,
    ) -> Gradients:
        """Return gradients of the sum of cotangent times output."""
        return gradients(self._of(model), _moded(inputs, mode), cotangents, mode)

    def backward(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        cotangents: Mapping[str, Array],
        mode: Mode,
        instead: Instead,
    ) -> list[GradientStep]:
        """Return every equation on the way back, with the gradients there."""
        given = _moded(inputs, mode)
        return walk_back(self._of(model), given, cotangents, mode, instead)

    def trace(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        mode: Mode,
        edit: Edit | None = None,
        *,
        outline: bool = False,
    ) -> Trace:
        """Return every equation that a call goes through."""
        calls, given = self._of(model), _moded(inputs, mode)
        return trace(calls, given, mode, edit, outline=outline)

    def fill_constant(self, model: Any) -> int:
        """Give parameters that are all zero or all one random numbers.

        The model itself stays as it is: its parameters are handed over at each call.
        """
        return self._of(model).form.fill()

    def dtype_of(self, model: Any) -> str:
        """Return the dtype of a model's parameters."""
        return self._of(model).form.dtype

    def versions(self) -> dict[str, str]:
        """Return the versions that matter."""
        found = {"jax": jax.__version__}
        kinds = {each.form.package for each in self._calls.values()}
        for package in sorted(kinds - {""}):
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                continue
        return found

    def script(self, model: Any) -> tuple[str, ...]:
        """Return the lines that call the model in a script."""
        return self._of(model).form.script()

    def _of(self, model: Any) -> Calls:
        if id(model) not in self._calls:
            form: Form = form_of(model)
            self._calls[id(model)] = Calls(form)
        return self._calls[id(model)]


def _moded(inputs: Mapping[str, Any], mode: Mode) -> dict[str, Any]:
    """Return arguments with those that choose the mode as the mode wants them."""
    if not mode.training:
        return dict(inputs)
    return {
        name: not FLAGS[name] if name in FLAGS and isinstance(value, bool) else value
        for name, value in inputs.items()
    }
