"""An adapter's function with its keywords bound, or the layer that it builds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.errors import ContractViolation
from conformance.trial.adapter import weights as given_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.specification import Operation, Variant
    from conformance.trial.adapter import Adapter
    from conformance.trial.batch import Array
    from conformance.trial.frameworks import Framework


class Layers:
    """The functions of one variant, built once for each set of weights.

    Args:
        adapter: The loaded adapter.
        framework: Its framework's module.
        operation: The operation.
        variant: The variant, whose keywords are fixed here.
        route: How it is called.
    """

    def __init__(
        self,
        adapter: Adapter,
        framework: Framework,
        operation: Operation,
        variant: Variant,
        *,
        route: str,
    ) -> None:
        self._adapter = adapter
        self._framework = framework
        self._operation = operation
        self._variant = variant
        # Under autocast the framework picks the dtype: it is given float32.
        self._single = route == "autocast"
        self._built: dict[tuple[bytes, ...], Callable[..., Any]] = {}

    def eager_function(self, weights: Mapping[str, Array]) -> Callable[..., Any]:
        """Return the function for some weights, the same object at every call.

        Frameworks compile by the object: a layer that is built anew for each batch
        would be compiled anew for each batch.
        """
        key = tuple(weight.tobytes() for weight in weights.values())
        if key not in self._built:
            self._built[key] = self.build(weights)
        return self._built[key]

    def build(self, weights: Mapping[str, Array]) -> Callable[..., Any]:
        """Return a function or layer of these weights that nobody else has seen.

        Raises:
            ContractViolation: What should be a layer cannot be called.
        """
        function = self._adapter.function(self._operation.function)
        if not self._operation.builds:
            plain = partial(function, **self._variant.arguments)
            # Bound here, so that every route calls it as it calls any other.
            given = self.weights(weights)
            if self._variant.makes_mask:
                return _drop_mask(plain)
            return _bind_weights(plain, given) if given else plain
        parts: dict[str, dict[str, Any]] = {}
        for name, array in weights.items():
            owner, _, part = name.partition(".")
            parts.setdefault(owner, {})[part] = self._framework.tensor(
                self._given(array)
            )
        owners = {name: given_weights(own) for name, own in parts.items()}
        layer: Any = function(**owners, **self._variant.arguments)
        if not callable(layer):
            file = self._adapter.declaration.file
            msg = (
                f"{file}: {self._operation.function} returned "
                f"{name_type(layer)}, expected a layer that is called as layer(x, mask)"
            )
            raise ContractViolation(msg)
        built: Callable[..., Any] = layer
        return built

    def weights(self, weights: Mapping[str, Array]) -> list[Any]:
        """Return an operation's own weights as tensors, in its order."""
        return [
            self._framework.tensor(self._given(weights[name]))
            for name in self._operation.weights
            if name in weights
        ]

    def _given(self, array: Array) -> Array:
        return to_single(array) if self._single else array


def to_single(array: Array) -> Array:
    """Return a floating array in float32, any other as it is."""
    return array if array.dtype.kind in "biu" else array.astype(np.float32)


def name_type(value: object) -> str:
    """Return a value's type with its article, such as ``a list``."""
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _drop_mask(function: Callable[..., Any]) -> Callable[..., Any]:
    # What must be found out from the inputs alone is not handed over with them.
    return lambda *tensors: function(*tensors[:-1])


def _bind_weights(
    function: Callable[..., Any], weights: list[Any]
) -> Callable[..., Any]:
    return lambda *tensors: function(*tensors, *weights)
