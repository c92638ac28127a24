"""Torch's operations, handed to a recorder one by one, and tensors as arrays."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from conformance.probe.frameworks.torch.tree import array
from conformance.probe.trace import draw_outline

if TYPE_CHECKING:
    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.torch.tracing import Recorder

_PLAIN = {torch.float32, torch.float64}


class Dispatch(TorchDispatchMode):  # type: ignore[misc]
    """Hands every operation to a recorder."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder: Recorder | None = recorder
        self._busy = 0

    def leave(self) -> None:
        """Let the recorder go."""
        self._recorder = None

    def pause(self, more: int) -> None:
        """Record nothing until the same is taken back."""
        self._busy += more

    def quietly(self, tensor: Any, *, share: bool = False) -> Array:
        """Return a tensor as an array; what that takes is not recorded."""
        self._busy += 1
        try:
            parameter = isinstance(tensor, torch.nn.Parameter)
            if share or (parameter and tensor.dtype in _PLAIN):
                shared: Array = tensor.detach().cpu().numpy()  # nobody writes to it
                return shared
            return array(tensor)
        finally:
            self._busy -= 1

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Record an operation."""
        del types
        if self._busy or self._recorder is None:
            return func(*args, **(kwargs or {}))
        self._busy += 1
        try:
            return self._recorder.record(func, args, kwargs or {})
        finally:
            self._busy -= 1


@cache
def _kind(dtype: Any) -> Any:
    """Return the dtype that an array of a tensor has."""
    return array(torch.empty((), dtype=dtype, device="cpu")).dtype


def outlined(tensor: Any) -> Array:
    """Return a tensor's outline."""
    return draw_outline(tensor.shape, _kind(tensor.dtype))


def is_plain(tensor: Any) -> bool:
    """Tell whether NumPy can look at a tensor's own memory."""
    return (
        tensor.dtype in _PLAIN
        and tensor.layout == torch.strided
        and tensor.device.type == "cpu"
        and not (tensor.is_nested or tensor.is_neg())
    )
