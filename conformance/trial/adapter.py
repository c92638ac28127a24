"""A loaded adapter, and the weights that it is handed; imports no NumPy."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from conformance.errors import AdapterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.specification.declaration import Declaration


@dataclass(frozen=True, slots=True)
class RnnWeights:
    """One direction's weights, as tensors of the framework in the check's dtype.

    Attributes:
        kernel: ``[F, G * H]``.
        recurrent_kernel: ``[H, G * H]``.
        bias: ``[G * H]``.
        recurrent_bias: ``[G * H]``; gates in the order i f g o (lstm), r z n (gru).
    """

    kernel: Any
    recurrent_kernel: Any
    bias: Any
    recurrent_bias: Any


@dataclass(frozen=True, slots=True)
class LayerWeights:
    """A dense layer's or a convolution's weights, likewise.

    Attributes:
        kernel: ``[F, H]`` of a dense layer, ``[K, F, C]`` of a convolution.
        bias: ``[H]`` or ``[C]``.
    """

    kernel: Any
    bias: Any


@dataclass(frozen=True, slots=True)
class NormWeights:
    """A batch-norm layer's weights and state, likewise.

    Attributes:
        scale: ``[H]``, trained.
        offset: ``[H]``, trained.
        mean: ``[H]``, the moving mean: state.
        variance: ``[H]``, the moving variance: state.
    """

    scale: Any
    offset: Any
    mean: Any
    variance: Any


_WEIGHTS: tuple[type[Any], ...] = (RnnWeights, LayerWeights, NormWeights)


def weights(parts: Mapping[str, Any]) -> Any:
    """Return the tensors of one part of a layer as what an adapter is given.

    >>> weights({"kernel": 1, "bias": 2})
    LayerWeights(kernel=1, bias=2)
    """
    kind = next(
        each
        for each in _WEIGHTS
        if {field.name for field in fields(each)} == parts.keys()
    )
    return kind(**parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A loaded adapter: its declaration and its functions."""

    declaration: Declaration
    functions: Mapping[str, Callable[..., Any]]

    def function(self, name: str) -> Callable[..., Any]:
        """Return one of its functions.

        Raises:
            AdapterError: It is declared but not there, or cannot be called.
        """
        found = self.functions.get(name)
        if not callable(found):
            what = "missing" if found is None else f"of type {type(found).__name__}"
            msg = (
                f"{self.declaration.file}: {name} is {what}, expected a function; "
                f"define `def {name}(...)` and do not assign or delete that name"
            )
            raise AdapterError(msg)
        return found
