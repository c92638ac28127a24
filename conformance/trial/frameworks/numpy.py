"""NumPy: arrays as they are; it neither compiles nor differentiates."""

from __future__ import annotations

import platform
from contextlib import AbstractContextManager, nullcontext
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.errors import (
    NothingCapturedError,
    UnconnectedGradientError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.trial.frameworks import Array, Capture, Gradients, Tensor

NAME = "numpy"
ROUTES = ("eager",)
GRADIENTS = False
FUNCTIONAL = False


def versions() -> dict[str, str]:
    """Return the versions that matter for a result, by distribution name."""
    return {name: version(name) for name in ("numpy", "ml_dtypes")}


def environment() -> dict[str, str]:
    """Return device, threads and modes as text."""
    return {"device": f"cpu {platform.machine()}", "threads": "library default"}


def place(device: str = "", *, deterministic: bool = False) -> None:
    """Refuse any device but the CPU.

    Raises:
        UsageError: Another one is asked for.
    """
    del deterministic  # it always is
    if device not in {"", "cpu"}:
        msg = f"--device {device}: NumPy computes on the CPU alone; leave --device out"
        raise UsageError(msg)


def device() -> str:
    """Return the device of all arrays."""
    return "cpu"


def find_misplaced(tensor: Tensor) -> str:
    """Return nothing: there is no other place."""
    del tensor
    return ""


def promises_bits() -> bool:
    """Tell that equal calls give equal bits."""
    return True


def is_lost() -> bool:
    """Tell that a CPU goes on answering."""
    return False


def scope(dtype: str) -> AbstractContextManager[object]:
    """Return the context in which ``dtype`` works: every dtype always does."""
    del dtype
    return nullcontext()


def tensor(array: Array) -> Tensor:
    """Return a copy of ``array``."""
    # A copy, so that an adapter that writes to its input spoils no other check.
    return np.array(array, copy=True, order="C")


def array(tensor: Tensor) -> Array:
    """Return a copy of ``tensor``."""
    return np.array(tensor, copy=True, order="C")


def is_tensor(value: object) -> bool:
    """Tell whether ``value`` is an array or a NumPy scalar, which reductions give."""
    return isinstance(value, np.ndarray | np.generic)


def leaves(tree: Any) -> list[Tensor]:
    """Return the tensors of a layer's parameters or state."""
    return list(tree)


def dtype(tensor: Tensor) -> str:
    """Return the array's dtype by name."""
    return str(tensor.dtype.name)


def layouts(array: Array) -> Mapping[str, Tensor]:
    """Return arrays equal to ``array`` that lie differently in memory."""
    if array.ndim == 0:
        return {}
    found = {"sliced": _slice(array), "reversed": tensor(array[::-1])[::-1]}
    if array.ndim > 1:
        found["transposed"] = tensor(array.swapaxes(0, 1)).swapaxes(0, 1)
    if len(array) > 1 and len({row.tobytes() for row in array}) == 1:
        found["expanded"] = np.broadcast_to(tensor(array[:1]), array.shape)
    return found


def compile(  # noqa: A001 - the protocol's word
    function: Callable[..., Tensor], route: str = "compiled", fixed: int = 0
) -> Callable[..., Tensor]:
    """Refuse: NumPy has one route.

    Raises:
        NothingCapturedError: Always.
    """
    del fixed
    msg = f"numpy has no {route} route for {function!r}; plan the eager route only"
    raise NothingCapturedError(msg)


def read_capture(compiled: Callable[..., Tensor]) -> Capture:
    """Refuse: NumPy has no compiler.

    Raises:
        NothingCapturedError: Always.
    """
    msg = f"numpy captured nothing of {compiled!r}; plan the eager route only"
    raise NothingCapturedError(msg)


def gradient(
    function: Callable[..., Tensor], wanted: Sequence[int]
) -> Callable[[Sequence[Tensor], Tensor], Gradients]:
    """Refuse: NumPy does not differentiate.

    Raises:
        UnconnectedGradientError: Always.
    """
    msg = (
        f"numpy cannot differentiate {function!r} by arguments {list(wanted)}; "
        "plan no gradient checks"
    )
    raise UnconnectedGradientError(msg)


def tangent(
    function: Callable[..., Tensor], wanted: Sequence[int]
) -> Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]:
    """Refuse: NumPy does not differentiate.

    Raises:
        UnconnectedGradientError: Always.
    """
    msg = (
        f"numpy cannot differentiate {function!r} by arguments {list(wanted)}; "
        "plan no gradient checks"
    )
    raise UnconnectedGradientError(msg)


def layer_gradient(
    layer: Any, wanted: Sequence[int]
) -> Callable[[Sequence[Tensor], Tensor], Gradients]:
    """Refuse: NumPy does not differentiate.

    Raises:
        UnconnectedGradientError: Always.
    """
    msg = (
        f"numpy cannot differentiate {layer!r} by {list(wanted)}; "
        "plan no gradient checks"
    )
    raise UnconnectedGradientError(msg)


def _slice(array: Array) -> Array:
    # NaN between the elements: code that ignores strides reads it and shows it.
    buffer = np.full((*array.shape[:-1], 2 * array.shape[-1]), 1, array.dtype)
    if array.dtype.kind not in "biu":
        buffer[...] = np.nan
    buffer[..., ::2] = array
    return np.asarray(buffer[..., ::2])
