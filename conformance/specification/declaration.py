"""Describe what an adapter offers and declares."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from conformance.errors import AdapterError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """Facts about a framework that planning needs without importing it.

    Attributes:
        routes: Its routes; the first is the primary one, which every check uses.
        gradient: Whether it computes gradients.
        layouts: Whether its tensors have strides.
        device: The only device that it has; empty where there are others.
    """

    routes: tuple[str, ...]
    gradient: bool
    layouts: bool
    device: str = ""

    @property
    def primary(self) -> str:
        """The primary route, which every check uses."""
        return self.routes[0]


FRAMEWORKS: Mapping[str, Traits] = {
    "numpy": Traits(routes=("eager",), gradient=False, layouts=True, device="cpu"),
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
"""The frameworks with a module in ``conformance/trial/frameworks``."""


NAME = 100
"""Characters of an adapter's name."""

UNFIT = set('/\\<>"|?*')
"""Characters that a file's name cannot have, somewhere or everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """An adapter's head: what it runs on and what it declares.

    Attributes:
        name: Its name on the command line; with a variant ``keras_builtin:torch``.
        framework: A key of :data:`FRAMEWORKS`.
        environment: Adapters with the same key share one environment.
        file: The file, or ``package.module:object``.
        summary: The first line of its docstring.
        functions: The names of its functions.
        requires_python: A version specifier.
        dependencies: What it runs on, pinned.
        releases: Earlier releases that it runs on too, the oldest first: requirements
            in place of those of the same name, several apart by a space.
        dtypes: Supported dtypes.
        routes: Supported routes.
        placements: Where padding may be: right, left, gaps.
        mask_forms: Supported forms of the mask.
        empty: What an empty row gives, by variant glob.
        padding: What its answers hold at padding, by variant glob.
        zero_time: What T = 0 gives, by variant glob: ``empty-rows`` or ``error``.
        zero_batch: What B = 0 gives, by variant glob: ``empty`` or ``error``.
        subnormals: What happens to them, by variant glob: ``kept`` or ``flushed``.
        unsupported: Why a variant is not offered, by variant glob.
        requires: What it asks of its input, by variant glob: names of
            ``specification.requirements``.
        variables: Environment variables to set before its framework is imported.
        system: The system that it drives, as people call it; adapters that share it
            are one row of the report.
        library: The distribution whose version is the system's.
        family: What the system is built on; the report's rows stand under it.
        role: ``system``, ``reference`` for the suite's own ruler, ``variant`` for
            another way to call a system that has an adapter already.
        corpus: The version of cases and laws to check against.
        known: Its file of known differences, if not the one next to it.
        device: The device that it puts everything on, whatever the run asks for.
    """

    name: str
    framework: str
    environment: str = ""
    file: str = ""
    summary: str = ""
    functions: tuple[str, ...] = ()
    requires_python: str = ">=3.11"
    dependencies: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
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
    requires: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    system: str = ""
    library: str = ""
    family: str = ""
    role: str = ""
    corpus: str = ""
    known: str = ""
    device: str = ""

    def __post_init__(self) -> None:
        """Refuse a name that is no file's: a record is named after it.

        Raises:
            AdapterError: It is empty, too long, hidden, or has a separator in it.
        """
        name = self.name
        bad = not isinstance(name, str) or not name.isprintable()
        if bad or not 0 < len(name) <= NAME or name[0] in ".-" or set(name) & UNFIT:
            msg = (
                f"{self.file or 'an adapter'}: name is {name!r:.100}, expected up to "
                f"{NAME} characters without {' '.join(sorted(UNFIT))}, the first "
                "neither a dot nor a hyphen; rename it"
            )
            raise AdapterError(msg)

    @property
    def traits(self) -> Traits:
        """Facts about its framework."""
        return FRAMEWORKS[self.framework]

    @property
    def usual_form(self) -> str:
        """The form in which masks are given unless a law asks for another."""
        forms = [form for form in self.mask_forms if form != "none"]
        return "bool" if "bool" in forms or not forms else forms[0]

    @property
    def primary(self) -> str:
        """The primary route, which every check uses."""
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
        """Return what the adapter declares for its answers at padding."""
        return _first(self.padding, variant)

    def required(self, variant: str) -> tuple[str, ...]:
        """Return what the adapter asks of a variant's input, by all its globs."""
        names = (
            name
            for glob, names in self.requires.items()
            if fnmatchcase(variant, glob)
            for name in names
        )
        return tuple(dict.fromkeys(names))

    def stated(self, behaviour: str, variant: str) -> str:
        """Return its declaration on zero-time, zero-batch or subnormals, or nothing.

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
