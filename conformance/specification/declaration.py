"""What an adapter may offer and must declare."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


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
"""The frameworks that ``conformance/trial/frameworks`` has a module for."""


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


def _first(table: Mapping[str, str], variant: str) -> str | None:
    matches = (text for glob, text in table.items() if fnmatchcase(variant, glob))
    return next(matches, None)
