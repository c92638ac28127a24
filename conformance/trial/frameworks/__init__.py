"""The interface to a framework: one module each, the same functions in order.

Nothing here is imported before an adapter that needs it runs; see
:func:`load_framework`. The functions work on one framework's own tensors
and NumPy arrays and know nothing of operations, masks or checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]
    Tensor = Any
    Gradients = tuple[Tensor, Sequence[Tensor]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """The graphs that a compiler captured of a function.

    Attributes:
        graphs: Graphs captured so far.
        operations: Operations in them; 0 means nothing was compiled.
        breaks: Graph breaks, where the framework has them.
    """

    graphs: int
    operations: int
    breaks: int = 0


class Framework(Protocol):
    """The functions of a module in ``conformance/trial/frameworks``.

    ``dtype`` is always one of float16, bfloat16, float32, float64, bool or an integer
    name such as int32; a NumPy bfloat16 array has ``ml_dtypes.bfloat16``.
    """

    NAME: str
    """The framework's name, as adapters write it in their heads."""
    ROUTES: tuple[str, ...]
    """Routes that it offers, the primary one first."""
    GRADIENTS: bool
    """Whether it differentiates."""
    FUNCTIONAL: bool
    """Whether a layer is called as ``layer.apply(parameters, ...)`` when compiled."""

    def versions(self) -> dict[str, str]:
        """Return the versions that matter for a result, by distribution name."""

    def environment(self) -> dict[str, str]:
        """Return device, driver, threads and modes (TF32, determinism) as text."""

    def place(self, device: str = "", *, deterministic: bool = False) -> None:
        """Put new tensors on a device, which adapters' layers then follow.

        Called before the adapter is imported. Without a device nothing changes.

        Args:
            device: As ``--device`` takes it; ``specification.device`` has the names.
            deterministic: Whether the framework's deterministic mode is asked for.

        Raises:
            UsageError: There is no such device.
        """

    def device(self) -> str:
        """Return the device on which new tensors are, such as ``cuda:0``."""

    def find_misplaced(self, tensor: Tensor) -> str:
        """Return the device of a tensor that is not on the one asked for, or nothing.

        Nothing as well where none was asked for.
        """

    def promises_bits(self) -> bool:
        """Tell whether equal calls give equal bits here.

        They do on a CPU, and elsewhere in the framework's deterministic mode.
        """

    def is_lost(self) -> bool:
        """Tell whether the device answers no more until the process ends.

        Such as CUDA after a kernel's failed assertion.
        """

    def scope(self, dtype: str) -> AbstractContextManager[object]:
        """Return the context in which ``dtype`` works (JAX: float64 needs x64)."""

    def tensor(self, array: Array) -> Tensor:
        """Return a tensor with a copy of ``array``, dtype kept."""

    def array(self, tensor: Tensor) -> Array:
        """Return a NumPy copy of ``tensor``, dtype kept."""

    def is_tensor(self, value: object) -> bool:
        """Tell whether ``value`` is this framework's own tensor."""

    def leaves(self, tree: Any) -> list[Tensor]:
        """Return the tensors of a layer's parameters or state (JAX: of a pytree)."""

    def dtype(self, tensor: Tensor) -> str:
        """Return the tensor's dtype by name."""

    def layouts(self, array: Array) -> Mapping[str, Tensor]:
        """Return tensors equal to ``array`` that lie differently in memory.

        Keys say how: transposed, sliced, expanded (only where a dimension repeats
        itself). Empty where the framework has no strides.
        """

    def compile(
        self, function: Callable[..., Tensor], route: str = "compiled", fixed: int = 0
    ) -> Callable[..., Tensor]:
        """Return ``function`` as it is called by a route other than eager.

        Args:
            function: It takes and returns tensors.
            route: One of :data:`ROUTES`, without eager and jvp.
            fixed: How many of its first arguments are no batch (vmap).

        Raises (here or when called):
            RouteUnavailableError: This machine lacks what the route needs.
        """

    def read_capture(self, compiled: Callable[..., Tensor]) -> Capture:
        """Return what ``compiled`` has captured in its calls so far."""

    def gradient(
        self, function: Callable[..., Tensor], wanted: Sequence[int]
    ) -> Callable[[Sequence[Tensor], Tensor], Gradients]:
        """Return the vector-Jacobian product of ``function``.

        What is returned takes the function's positional tensors and a cotangent of the
        answer's shape and dtype, and gives the answer and the gradients for the
        arguments numbered in ``wanted``, dense.

        Raises (when called):
            UnconnectedGradientError: No gradient reaches one of them.
        """

    def tangent(
        self, function: Callable[..., Tensor], wanted: Sequence[int]
    ) -> Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor]:
        """Return the Jacobian-vector product of ``function``, by forward mode.

        What is returned takes the function's positional tensors and a tangent for each
        of the arguments numbered in ``wanted``, and gives the answer's tangent.
        """

    def layer_gradient(
        self, layer: Any, wanted: Sequence[int]
    ) -> Callable[..., Gradients]:
        """Return the vector-Jacobian product through a layer and its parameters.

        What is returned takes the layer's positional tensors (x and mask) and a
        cotangent, and gives the answer, the gradients for the arguments numbered in
        ``wanted``, and then those in the order of ``layer.parameters`` (JAX: of the
        flattened pytree, through ``layer.apply``). One call for both, since a
        compiled derivative is what takes longest. Of a FUNCTIONAL framework it takes
        other ``parameters`` as well, so that layers that differ in them share one.

        Raises (when called):
            UnconnectedGradientError: No gradient reaches one of them.
        """


def load_framework(name: str) -> Framework:
    """Return a framework's module; this imports the framework.

    Raises:
        UsageError: It is not installed, or is broken.
    """
    try:
        return cast("Framework", import_module(f"conformance.trial.frameworks.{name}"))
    except ImportError as error:
        msg = (
            f"framework {name!r} cannot be imported: {error}; install it, or "
            "use a Python that has it"
        )
        raise UsageError(msg) from error
