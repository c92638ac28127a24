"""Keras on TensorFlow."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from conformance.probe.frameworks.keras.eager import Eager
from conformance.probe.frameworks.tensorflow import computes_in_less, tree
from conformance.probe.frameworks.tensorflow.backward import StepRecorder, walk_back
from conformance.probe.frameworks.tensorflow.recorder import OpRecorder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.keras.eager import EmbeddedIds
    from conformance.probe.frameworks.keras.inspect import Call
    from conformance.probe.trace import Edit, GradientStep, Instead, Trace

ROUTES = ("eager", "compiled")


class TensorFlowBackend:
    """TensorFlow's tensors, tape and operations."""

    def tensors(self, inputs: Mapping[str, Any], dtype: str) -> dict[str, Any]:
        """Return arguments as tensors, floating ones in a dtype."""
        return tree.tensors(inputs, dtype)

    def flat(self, value: Any) -> dict[str, Array]:
        """Return an answer as arrays by name."""
        return tree.flat(value)

    def leaf(self, tensor: Any, dtype: str) -> Any:
        """Return a tensor of its own in a dtype."""
        return tf.identity(tf.cast(tensor, dtype))

    def quiet(self, *, high: bool) -> AbstractContextManager[object]:
        """Return a context for a call without gradients."""
        del high
        return nullcontext()

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function compiled."""
        made: Callable[..., Any] = tf.function(function)
        return made

    def gradients(
        self,
        function: Callable[[], Any],
        leaves: Sequence[Any],
        cotangents: Mapping[str, Array],
        embedded: EmbeddedIds,
        *,
        high: bool,
    ) -> tuple[list[Array | None], list[Array | None]]:
        """Return gradients of leaves, and of what the embedding gave."""
        del high
        with tf.GradientTape() as tape:
            for each in leaves:
                tape.watch(each)
            embedded.watch = tape.watch
            total = tree.weigh(tree.names(function()), cotangents)
        inner = list(embedded.found.values())
        found = tree.differentiate(tape, total, [*leaves, *inner])
        return found[: len(leaves)], found[len(leaves) :]

    def walk_back(  # noqa: PLR0917 - what a way back needs
        self,
        call: Callable[[], Any],
        kind: str,
        follow: Callable[[Any], AbstractContextManager[None]],
        leaves: Mapping[str, Any],
        embedded: EmbeddedIds,
        cotangents: Mapping[str, Array],
        instead: Instead,
        *,
        high: bool,
    ) -> list[GradientStep]:
        """Return every operation on the way back, with the gradients there."""
        del high
        recorder = StepRecorder(kind, list(leaves.values()))
        with follow(recorder):
            return walk_back(
                call,
                recorder,
                lambda: {**leaves, **embedded.found},
                cotangents,
                instead,
            )

    def recorder(self, kind: str, edit: Edit | None, *, outline: bool) -> OpRecorder:
        """Return what records a call."""
        return OpRecorder(kind, edit, outline=outline)

    def computes_in_less(self, trace: Trace) -> bool:
        """Tell whether any operation of a float64 call computed in less."""
        return computes_in_less(trace)


def runner(model: Any, call: Call) -> Eager:
    """Return what calls a model."""
    return Eager(model, call, TensorFlowBackend())


def versions() -> dict[str, str]:
    """Return the backend's version."""
    return {"tensorflow": tf.__version__}
