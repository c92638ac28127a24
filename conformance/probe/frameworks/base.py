"""What the probe needs of a framework. Arrays go in and come out as NumPy's."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.probe.arrangement import Array
    from conformance.probe.trace import Edit, Trace


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How a model is called.

    Attributes:
        dtype: What it computes in: ``float32``, ``float64`` ...
        route: ``eager`` or ``compiled``.
        training: Whether it is in training mode, its dropout off.
    """

    dtype: str = "float32"
    route: str = "eager"
    training: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of a model."""

    name: str
    required: bool = True


def takes_keywords(function: Callable[..., Any]) -> bool:
    """Tell whether a function takes arguments of any name, through ``**``.

    >>> takes_keywords(lambda x, **more: x)
    True
    """
    kinds = [each.kind for each in inspect.signature(function).parameters.values()]
    return inspect.Parameter.VAR_KEYWORD in kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a model says of itself without being called.

    Attributes:
        arguments: What it takes, in order.
        keywords: Whether it takes others by name too, through ``**``.
        sizes: Dimensions that occur in it; B and T are none of them.
        vocabularies: Sizes of its embeddings, the first one first.
        features: Numbers at a position that it may want, the likeliest first.
        layouts: Layouts of features to try, in order.
        propagates: What stands at padding where the model finds its mask by itself.
        avoid: Ids with a meaning of their own.
        largest: Positions it can take; 0 is not known.
        causal: Whether it claims that no position sees a later one.
        arguments_fixed: Arguments that are given a constant.
        notes: What was changed in it, a sentence each.
    """

    arguments: tuple[Argument, ...]
    keywords: bool = False
    sizes: frozenset[int] = frozenset()
    vocabularies: tuple[int, ...] = ()
    features: tuple[int, ...] = ()
    layouts: tuple[str, ...] = ("BTF", "BFT")
    propagates: float | None = None
    avoid: tuple[int, ...] = ()
    largest: int = 0
    causal: bool = False
    arguments_fixed: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradients:
    """Gradients of the sum of cotangent times output.

    Attributes:
        inputs: By argument, where it is features; ids: by ``embedding``, ``[B, T, H]``.
        parameters: By name.
    """

    inputs: dict[str, Array]
    parameters: dict[str, Array]


class ProbeFramework(Protocol):
    """One framework's way to call, to trace and to differentiate a model.

    A model that raises lets its exception through: the core turns it into an answer.
    """

    name: str
    high: str
    """The dtype in which rounding is negligible; empty where there is none."""

    routes: tuple[str, ...]
    traces: bool
    """Whether ``trace`` is offered."""

    def inspect(self, model: Any) -> Facts:
        """Return what a model says of itself."""

    def call(
        self, model: Any, inputs: Mapping[str, Array], mode: Mode
    ) -> dict[str, Array]:
        """Return a model's outputs by name: numbers and truths only."""

    def exact(self, model: Any, inputs: Mapping[str, Array]) -> bool:
        """Tell whether a call in ``high`` computes nothing in less."""

    def gradients(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        cotangents: Mapping[str, Array],
        mode: Mode,
    ) -> Gradients:
        """Return gradients of the sum of cotangent times output."""

    def trace(
        self,
        model: Any,
        inputs: Mapping[str, Array],
        mode: Mode,
        edit: Edit | None = None,
        *,
        outline: bool = False,
    ) -> Trace:
        """Return every site that a call goes through, in the order of their ends.

        Args:
            model: The model.
            inputs: By argument.
            mode: How it is called; the route is eager.
            edit: Called at each operation; what it returns stands in for the results.
            outline: Whether shapes alone are kept of the values, so that a trace takes
                no more memory than the call.
        """

    def versions(self) -> dict[str, str]:
        """Return the versions that matter, by distribution."""
