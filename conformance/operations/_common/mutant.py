"""An implementation made wrong on purpose, and an operation's list of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from conformance.operations import load_mutants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Formula = Callable[..., Any]
    Row = tuple[str, str, tuple[str, ...], str, str]

    F = TypeVar("F", bound=Callable[..., Any])

Kind = Literal["forward", "gradient", "route", "layer"]
"""What is wrong: the answer, its derivative alone, the compiled answer alone, or what
a layer does beside answering, such as how it is trained."""

ANY = ("*",)
"""The variants of a fault that every variant shows."""

FLOATS = ("float32", "float64")
"""The dtypes that derivatives are taken in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """An operation's formula with one fault.

    Attributes:
        name: Its slug inside the operation.
        operation: The operation.
        text: What is wrong, as one line that ends a sentence.
        clause: The law or clause that it should break first, inside the operation.
        function: ``(xp, x, mask)``, ``(xp, predictions, targets, mask, *, kind,
            reduction)`` or, of what builds a layer, ``(xp, forward, backward, *, cell,
            merge, output)``.
        url: A thread where people met it, if there is one.
        variants: Globs over the variants that show it.
        kind: What is wrong.
        framework: Where it runs: forward faults on NumPy, others where they show.
        dtypes: The dtypes that show it.
    """

    name: str
    operation: str
    text: str
    clause: str
    function: Formula
    url: str = ""
    variants: tuple[str, ...] = ANY
    kind: Kind = "forward"
    framework: str = "numpy"
    dtypes: tuple[str, ...] = ("float32",)

    @property
    def id(self) -> str:
        """The mutant among all, such as ``masked_mean.divides-by-time``."""
        return f"{self.operation}.{self.name}"

    def shows(self, variant: str) -> bool:
        """Tell whether a variant shows the fault."""
        return any(fnmatchcase(variant, glob) for glob in self.variants)


@dataclass(frozen=True, slots=True)
class Mutants:
    """The mutants of one operation, in the order of docs/mutants.md.

    Attributes:
        operation: The operation.
        correct: The right formula that they change, as a mutant is called.
        zero_time: Whether it answers rows without any positions, T = 0.
        around: Called with a decorated formula and then as a mutant is, where formulas
            take something else than a mutant does; nothing by default.
        found: The mutants so far.
    """

    operation: str
    correct: Formula
    zero_time: bool = False
    around: Formula | None = None
    found: list[Mutant] = field(default_factory=list)

    def __iter__(self) -> Iterator[Mutant]:
        """Iterate over the mutants."""
        return iter(self.found)

    def extend(self, mutants: Iterable[Mutant]) -> None:
        """Add mutants that were made elsewhere."""
        self.found.extend(mutants)

    def add(
        self, name: str, clause: str, text: str, function: Formula, **how: Any
    ) -> None:
        """Add a mutant; ``how`` is whatever else :class:`Mutant` takes."""
        mutant = Mutant(
            name=name,
            operation=self.operation,
            clause=clause,
            text=text,
            function=function,
            **how,
        )
        self.found.append(mutant)

    def faults(
        self, make: Callable[[str], Formula], rows: Iterable[Row], **how: Any
    ) -> None:
        """Add a mutant for each row of a table.

        Args:
            make: Return the wrong formula of a fault's name.
            rows: A fault's name, its clause, the variants that show it, a thread or
                "", and its text.
            how: Whatever else :class:`Mutant` takes.
        """
        for name, clause, variants, url, text in rows:
            function = make(name)
            self.add(name, clause, text, function, url=url, variants=variants, **how)

    def wrong(
        self,
        clause: str,
        *,
        raw: bool = False,
        around: Formula | None = None,
        **how: Any,
    ) -> Callable[[F], F]:
        """Return a decorator that adds a wrong formula.

        The function's name becomes the mutant's, its docstring the text: it says what
        the formula does wrong, in the third person.

        Args:
            clause: The law or clause that it should break first.
            raw: Whether the formula takes what a mutant takes, whatever the others do.
            around: Called with the formula and then as a mutant is; by default what
                the others have.
            how: Whatever else :class:`Mutant` takes.
        """
        call = None if raw else around or self.around

        def add(formula: F) -> F:
            told = " ".join((formula.__doc__ or "").split()).removesuffix(".")
            self.add(
                formula.__name__.replace("_", "-"),
                clause,
                told[:1].lower() + told[1:],
                partial(call, formula) if call else formula,
                **how,
            )
            return formula

        return add

    def gradient(self, clause: str = "gradient", **how: Any) -> Callable[[F], F]:
        """Return :meth:`wrong` for a formula whose derivative alone is wrong."""
        return self.wrong(clause, **(derivative() | how))


def derivative() -> dict[str, Any]:
    """Return what all mutants have whose derivative alone is wrong."""
    return {"kind": "gradient", "framework": "torch", "dtypes": FLOATS}


def compiled(framework: str = "jax") -> dict[str, Any]:
    """Return what all mutants have that go wrong once they are compiled."""
    return {"kind": "route", "framework": framework}


def mutants(operation: str) -> tuple[Mutant, ...]:
    """Return an operation's mutants."""
    return tuple(load_mutants(operation))
