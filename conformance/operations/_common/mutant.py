"""An implementation made wrong on purpose: a formula over an array namespace."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from conformance.operations import load_mutants

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["forward", "gradient", "route", "layer"]
"""What is wrong: the answer, its derivative alone, the compiled answer alone, or what
a layer does beside answering, such as how it is trained."""


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
    function: Callable[..., Any]
    url: str = ""
    variants: tuple[str, ...] = ("*",)
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


@cache
def mutants(operation: str) -> tuple[Mutant, ...]:
    """Return an operation's mutants."""
    found: tuple[Mutant, ...] = load_mutants(operation).MUTANTS
    return found
