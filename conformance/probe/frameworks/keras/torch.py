"""Keras on torch."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import torch

from conformance.probe.frameworks.keras.eager import Eager
from conformance.probe.frameworks.nest import leaves as leaves_in
from conformance.probe.frameworks.nest import replace_leaves
from conformance.probe.frameworks.stack import user_line
from conformance.probe.frameworks.torch import tracing, tree
from conformance.probe.frameworks.torch.backward import NodeRecorder, walk_back
from conformance.probe.frameworks.torch.exact import ExactMode
from conformance.probe.trace import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.keras.eager import EmbeddedIds
    from conformance.probe.frameworks.keras.inspect import Call
    from conformance.probe.trace import Edit, GradientStep, Instead, Trace

ROUTES = ("eager",)

_MOVES = {
    f"aten.{name}"
    for name in (
        *("view", "expand", "slice", "unsqueeze", "select", "transpose", "permute"),
        *("clone", "detach", "lift_fresh", "alias", "_to_copy", "t", "squeeze"),
        *("_unsafe_view", "full", "zeros", "ones", "empty", "cat", "stack"),
        *("embedding", "index", "index_select", "gather", "arange", "lift_fresh_copy"),
    )
}


class LayerRecorder(tracing.Recorder):
    """Torch's recorder, told of Keras' layers: torch's own hooks do not see them."""

    def __init__(
        self, kind: str, edit: Edit | None = None, *, outline: bool = False
    ) -> None:
        super().__init__(None, edit, outline=outline)
        self._stack = [("", kind, 0)]

    def enter(self, path: str, kind: str) -> None:
        """Say that a layer is entered."""
        self._stack.append((path, kind, self.counts.call(path)))

    def leave(self) -> None:
        """Say that the layer is left."""
        self._stack.pop()

    def whole(
        self,
        given: Any,
        op: str,
        function: Callable[[], Any],
        carry: Callable[[Any, Any], object],
    ) -> Any:
        """Call a layer that counts as one operation; return what it gives."""
        path, kind, call = self._stack[-1]
        taken = self.take(leaves_in(given, torch.is_tensor))
        self._mode.pause(+1)
        try:
            found = function()
        finally:
            self._mode.pause(-1)
        site = Site(path=path, kind=kind, op=op, inputs=taken.numbers, call=call)
        before = leaves_in(found, torch.is_tensor)
        after = self._finish(site, taken, before, written=False)
        for old, new in zip(before, after, strict=True):
            if old is not new:
                carry(old, new)
        return replace_leaves(found, torch.is_tensor, iter(after))

    def line(self) -> tuple[str, int]:
        """Return the user's own line: neither torch's nor Keras'."""
        return user_line()


class TorchBackend:
    """Torch's tensors, gradients and operations."""

    def tensors(self, inputs: Mapping[str, Any], dtype: str) -> dict[str, Any]:
        """Return arguments as tensors, floating ones in a dtype."""
        return tree.tensors(inputs, dtype)

    def flat(self, value: Any) -> dict[str, Array]:
        """Return an answer as arrays by name."""
        return tree.flat(value)

    def leaf(self, tensor: Any, dtype: str) -> Any:
        """Return a tensor of its own in a dtype, which gradients are taken of."""
        kind = getattr(torch, dtype)
        return tensor.detach().clone().to(kind).requires_grad_()

    def quiet(self, *, high: bool) -> AbstractContextManager[object]:
        """Return a context for a call without gradients.

        Keras multiplies float64 matrices in float32 here, unless it is kept from it.
        """
        return _quiet(high=high)

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
        with ExitStack() as stack:
            stack.enter_context(torch.enable_grad())
            if high:
                stack.enter_context(ExactMode())
            total = _weigh(tree.names(function()), cotangents)
            inner = list(embedded.found.values())
            wanted = [*leaves, *inner]
            if not isinstance(total, torch.Tensor) or not total.requires_grad:
                return [None] * len(leaves), [None] * len(inner)
            found = torch.autograd.grad(total, wanted, allow_unused=True)
        arrays = [
            None if each is None else each.cpu().double().numpy() for each in found
        ]
        return arrays[: len(leaves)], arrays[len(leaves) :]

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
        nodes = NodeRecorder(lambda note: LayerRecorder(kind, note, outline=True))
        named = dict(leaves)

        def total() -> Any:
            outputs = tree.names(call())
            named.update(embedded.found)
            return _weigh(outputs, cotangents)

        with ExitStack() as stack:
            stack.enter_context(torch.enable_grad())
            stack.enter_context(follow(nodes.recorder))
            if high:
                stack.enter_context(ExactMode())
            return walk_back(total, nodes, named, instead)

    def recorder(self, kind: str, edit: Edit | None, *, outline: bool) -> LayerRecorder:
        """Return what records a call."""
        return LayerRecorder(kind, edit, outline=outline)

    def computes_in_less(self, trace: Trace) -> bool:
        """Tell whether any operation of a float64 call computed in less."""
        for site in trace.sites:
            kinds = [trace.values[number].dtype for number in site.outputs]
            narrow = any(kind.kind == "f" and kind.itemsize < 8 for kind in kinds)  # noqa: PLR2004
            if narrow and site.op not in _MOVES:
                return True
        return False


def _weigh(outputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> Any:
    """Return the sum of cotangent times output."""
    return sum(
        (outputs[name] * torch.from_numpy(each).to(outputs[name])).sum()
        for name, each in cotangents.items()
        if name in outputs
    )


@contextmanager
def _quiet(*, high: bool) -> Iterator[None]:
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        if high:
            stack.enter_context(ExactMode())
        yield


def runner(model: Any, call: Call) -> Eager:
    """Return what calls a model."""
    return Eager(model, call, TorchBackend())


def versions() -> dict[str, str]:
    """Return the backend's version."""
    return {"torch": torch.__version__.partition("+")[0]}
