"""The probe on plain functions of NumPy arrays: no gradients and no tracing."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.probe.frameworks.base import (
    Argument,
    Facts,
    Gradients,
    Mode,
    takes_keywords,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.probe.arrangement import Array
    from conformance.probe.trace import Edit, Trace


class NumPy:
    """Calls functions that take NumPy arrays."""

    name = "numpy"
    high = "float64"
    routes = ("eager",)
    traces = False

    def inspect(self, model: Any) -> Facts:
        """Return a function's arguments."""
        kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        arguments = tuple(
            Argument(name=each.name, required=each.default is inspect.Parameter.empty)
            for each in inspect.signature(model).parameters.values()
            if each.kind not in kinds
        )
        return Facts(
            arguments=arguments,
            keywords=takes_keywords(model),
            features=(6,),
            layouts=("BTF", "BT", "BFT"),
        )

    def call(
        self, model: Any, inputs: Mapping[str, Array], mode: Mode
    ) -> dict[str, Array]:
        """Return a function's outputs by name."""
        given = {name: _cast(each, mode.dtype) for name, each in inputs.items()}
        found = model(**given)
        if isinstance(found, tuple | list):
            return {str(at): np.array(each) for at, each in enumerate(found)}
        if isinstance(found, dict):
            return {str(name): np.array(each) for name, each in found.items()}
        return {"out": np.array(found)}

    def exact(self, model: Any, inputs: Mapping[str, Array]) -> bool:
        """Tell whether a call in float64 computes in float64: not known here."""
        del model, inputs
        return False

    def gradients(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        cotangents: Mapping[str, Array],
        mode: Mode,
    ) -> Gradients:
        """Return no gradients: NumPy has none."""
        del model, inputs, cotangents, mode
        return Gradients(inputs={}, parameters={})

    def trace(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        mode: Mode,
        edit: Edit | None = None,
        *,
        outline: bool = False,
    ) -> Trace:
        """Refuse: a function's operations are not seen here."""
        msg = "NumPy functions are not traced"
        raise NotImplementedError(msg)

    def script(self, model: Any) -> tuple[str, ...]:
        """Return the lines that call a function in a script."""
        del model
        return ("call = lambda each: model(**each)",)

    def versions(self) -> dict[str, str]:
        """Return NumPy's version."""
        return {"numpy": np.__version__}


def _cast(value: Any, dtype: str) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value.astype(dtype)
    return value.copy() if isinstance(value, np.ndarray) else value
