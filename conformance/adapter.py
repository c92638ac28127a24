"""What an adapter may offer and must declare; imports no NumPy and no framework."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from conformance.errors import AdapterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What planning must know of a framework without importing it.

    Attributes:
        routes: The routes that it offers, the one that everything runs on first.
        gradient: Whether it differentiates.
        layouts: Whether its tensors have strides.
    """

    routes: tuple[str, ...]
    gradient: bool
    layouts: bool

    @property
    def primary(self) -> str:
        """The route that everything runs on."""
        return self.routes[0]


FRAMEWORKS: Mapping[str, Traits] = {
    "numpy": Traits(routes=("eager",), gradient=False, layouts=True),
    "torch": Traits(
        routes=(
            "eager",
            "compiled",
            "dynamic",
            "inductor",
            "vmap",
            "jvp",
            "autocast",
            "training",
        ),
        gradient=True,
        layouts=True,
    ),
    "tensorflow": Traits(
        routes=("compiled", "eager", "xla", "dynamic", "vmap", "jvp"),
        gradient=True,
        layouts=False,
    ),
    "jax": Traits(
        routes=("compiled", "eager", "vmap", "jvp"), gradient=True, layouts=False
    ),
}
"""The frameworks that ``conformance/frameworks`` has a module for."""


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
class Declaration:
    """An adapter's head: what it runs on and what it says of itself.

    Attributes:
        name: What the command line calls it, ``keras_builtin:torch`` with a variant.
        framework: A key of :data:`FRAMEWORKS`.
        environment: Adapters with equal keys share one environment.
        file: The file, or ``package.module:object``.
        summary: The first line of its docstring.
        functions: The adapter functions that it has.
        requires_python: A version specifier.
        dependencies: What it runs on, pinned.
        dtypes: Dtypes that it takes.
        routes: Routes that it can be called by.
        placements: Where padding may be: right, left, gaps.
        mask_forms: Forms of the mask that it takes beside or instead of bool.
        empty: What an empty row gives, by variant glob.
        padding: What stands at padding of an answer with a time axis, by variant glob.
        zero_time: What T = 0 gives, by variant glob: ``empty-rows`` or ``error``.
        zero_batch: What B = 0 gives, by variant glob: ``empty`` or ``error``.
        subnormals: What becomes of them, by variant glob: ``kept`` or ``flushed``.
        unsupported: Why a variant is not offered, by variant glob.
        variables: Environment variables to set before its framework is imported.
        corpus: The version of cases and laws that it is held to; all by default.
        known: Its file of known differences, where that is not the one beside it.
    """

    name: str
    framework: str
    environment: str = ""
    file: str = ""
    summary: str = ""
    functions: tuple[str, ...] = ()
    requires_python: str = ">=3.11"
    dependencies: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float32",)
    routes: tuple[str, ...] = ("eager",)
    placements: tuple[str, ...] = ("right",)
    mask_forms: tuple[str, ...] = ("bool",)
    empty: Mapping[str, str] = field(default_factory=dict)
    padding: Mapping[str, str] = field(default_factory=dict)
    zero_time: Mapping[str, str] = field(default_factory=dict)
    zero_batch: Mapping[str, str] = field(default_factory=dict)
    subnormals: Mapping[str, str] = field(default_factory=dict)
    unsupported: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    corpus: str = ""
    known: str = ""

    @property
    def traits(self) -> Traits:
        """What planning must know of the framework."""
        return FRAMEWORKS[self.framework]

    @property
    def primary(self) -> str:
        """The route that everything runs on."""
        primary = self.traits.primary
        return primary if primary in self.routes else self.routes[0]

    def why_unsupported(self, function: str, variant: str) -> str:
        """Return why a variant is not offered, or nothing if it is."""
        if function not in self.functions:
            return f"the adapter has no {function}"
        return _first(self.unsupported, variant) or ""

    def empty_row(self, variant: str) -> str | None:
        """Return what the adapter declares for a row without valid positions."""
        return _first(self.empty, variant)

    def at_padding(self, variant: str) -> str | None:
        """Return what the adapter declares to stand at padding of its answers."""
        return _first(self.padding, variant)

    def stated(self, behaviour: str, variant: str) -> str:
        """Return what it declares of zero-time, zero-batch or subnormals, if it does.

        >>> Declaration(name="mine", framework="numpy").stated("zero-time", "birnn")
        ''
        """
        table = {
            "zero-time": self.zero_time,
            "zero-batch": self.zero_batch,
            "subnormals": self.subnormals,
        }[behaviour]
        return _first(table, variant) or ""


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


def _first(table: Mapping[str, str], variant: str) -> str | None:
    matches = (text for glob, text in table.items() if fnmatchcase(variant, glob))
    return next(matches, None)
