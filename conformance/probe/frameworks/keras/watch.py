"""Follow the calls of a model's layers and operations, on any backend."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import keras
from keras.src.ops.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WHOLE = (
    keras.layers.RNN,
    keras.layers.Bidirectional,
    keras.layers.TimeDistributed,
)
"""Layers that count as one operation: inside they take a step for each position, or
turn the positions round and back."""


class Watcher(Protocol):
    """What is told of each call of a layer inside the model."""

    def layer(
        self, path: str, layer: Any, given: Any, function: Callable[[], Any]
    ) -> Any:
        """Call a layer through ``function``; return what it gives, or something else.

        Args:
            path: Names of the layers from the model down, with slashes.
            layer: The layer, or the operation of a functional model.
            given: Its arguments.
            function: Calls it.
        """


@contextmanager
def watched(model: Any, watcher: Watcher) -> Iterator[None]:
    """Tell a watcher of every call of a layer inside a model while this lasts."""
    names: list[str] = []
    layer_call, operation_call = keras.Layer.__call__, Operation.__call__

    def follow(self: Any, original: Any, args: Any, kwargs: Any) -> Any:
        if self is model:
            return original(self, *args, **kwargs)
        names.append(self.name)
        try:
            return watcher.layer(
                "/".join(names),
                self,
                (args, kwargs),
                lambda: original(self, *args, **kwargs),
            )
        finally:
            names.pop()

    def call_layer(self: Any, *args: Any, **kwargs: Any) -> Any:
        return follow(self, layer_call, args, kwargs)

    def call_operation(self: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(self, keras.Layer):  # its own call has been followed
            return operation_call(self, *args, **kwargs)
        return follow(self, operation_call, args, kwargs)

    try:
        keras.Layer.__call__ = call_layer
        Operation.__call__ = call_operation
        yield
    finally:
        keras.Layer.__call__ = layer_call
        Operation.__call__ = operation_call
