"""An exact answer, how far a right one may be from it, and what is not asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from conformance.trial.batch import Array

OVERFLOW = "overflow"
UNDECLARED_PADDING = "undeclared-padding"
UNDECLARED_EMPTY = "undeclared-empty-row"
EMPTY_RAISES = "empty-row-raises"
STRANGE_PADDING = "strange-padding"
NEAR_TIE = "near-tie"
ROW_WITH_NAN = "row-with-nan"
ELSEWHERE = "judged-by-another-law"
IN_RANGE = "in-its-range"
VALUE_IN_FLOAT64 = "derivative-in-float64"

CLAUSES: Mapping[str, str] = {
    OVERFLOW: "the dtype cannot hold the answer, or a number that it is made of",
    UNDECLARED_PADDING: "the adapter declares nothing of padding in its answer",
    UNDECLARED_EMPTY: "the adapter declares nothing of a row without valid positions",
    EMPTY_RAISES: "the adapter declares that it raises, or skips such rows",
    STRANGE_PADDING: "the answer shows padding: an infinity, NaN or a number too large",
    NEAR_TIE: "two answers differ by less than rounding: either is right",
    ROW_WITH_NAN: "the row holds a NaN that this element does not depend on",
    ELSEWHERE: "this law looks at the other elements; value judges this one",
    IN_RANGE: "this law asks for a range, which it is in; value judges it",
    VALUE_IN_FLOAT64: "a derivative's value is judged in float64; here that it is "
    "finite, and zero at padding",
}
"""Each clause that may leave an element open, and what it says."""

Clauses = Mapping[str, "Array"]
"""Elements left open, true in an array of the answer's shape, by the clause's name."""


@dataclass(frozen=True, slots=True)
class Exact:
    """An answer as it must be.

    Attributes:
        want: The exact answer in float64; NaN and infinities are values like others.
        allowed: The error bound of each element, finite wherever it is judged.
        open_by: The elements that are not judged, by the name of the clause.
    """

    want: Array
    allowed: Array
    open_by: Clauses = field(default_factory=dict)

    @classmethod
    def open(cls, shape: tuple[int, ...], clause: str) -> Exact:
        """Return an answer that may be anything, and the clause that says so."""
        return cls(np.zeros(shape), np.zeros(shape), {clause: np.ones(shape, bool)})

    def where(self, keep: Array, other: Exact) -> Exact:
        """Return this answer where ``keep`` holds, and ``other`` elsewhere."""
        shape = self.want.shape
        no = np.zeros((), dtype=bool)
        names = dict.fromkeys([*self.open_by, *other.open_by])
        chosen = {
            name: np.broadcast_to(
                np.where(keep, self.open_by.get(name, no), other.open_by.get(name, no)),
                shape,
            )
            for name in names
        }
        return Exact(
            np.where(keep, self.want, other.want),
            np.where(keep, self.allowed, other.allowed),
            {name: array for name, array in chosen.items() if array.any()},
        )

    def leave(self, clause: str, where: Array) -> Exact:
        """Return the answer with further elements left open."""
        if not where.any():
            return self
        place = np.broadcast_to(where, self.want.shape)
        others = {name: own & ~place for name, own in self.open_by.items()}
        return Exact(self.want, self.allowed, {**others, clause: place})

    def part(self, index: Any) -> Exact:
        """Return some rows of the answer, or all rows and some positions."""
        open_by = {name: array[index] for name, array in self.open_by.items()}
        return Exact(self.want[index], self.allowed[index], open_by)


def at_the_edge(exact: Exact, got: Array, dtype: str) -> tuple[Array, Clauses]:
    """Return an answer, and what is open, where the dtype holds the exact one barely.

    A number within the bound is right there, and so is an overflow: its infinity is
    taken for the exact number, and nothing else is.
    """
    overflow = exact.open_by.get(OVERFLOW)
    if overflow is None:
        return got, exact.open_by
    known = np.isfinite(exact.allowed)
    edge = overflow & known & (np.abs(exact.want) <= PRECISIONS[dtype].largest)
    near = edge & (got == np.copysign(np.inf, exact.want))
    open_by = {**exact.open_by, OVERFLOW: overflow & ~edge}
    return np.where(near, exact.want, got), open_by


def find_judged(open_by: Clauses, shape: tuple[int, ...]) -> Array:
    """Return where no clause leaves an element open."""
    found = np.ones(shape, dtype=bool)
    for array in open_by.values():
        found &= ~array
    return found


def both(*several: Clauses) -> dict[str, Array]:
    """Return what is open where any of several answers is."""
    found: dict[str, Array] = {}
    for clauses in several:
        for name, array in clauses.items():
            found[name] = found[name] | array if name in found else array
    return found


def over(open_by: Clauses, axis: int | None) -> dict[str, Array]:
    """Return what is open of sums along an axis: all that an open element is part of.

    A sum over everything keeps one axis of one element.
    """
    found = {name: np.asarray(own.any(axis=axis)) for name, own in open_by.items()}
    return {name: np.atleast_1d(own) for name, own in found.items()}


def elsewhere(keep: Array, shape: tuple[int, ...]) -> dict[str, Array]:
    """Leave open what a law about a part of the answer does not look at.

    Args:
        keep: Where the law looks, in a shape that broadcasts to the answer's.
        shape: The answer's shape.
    """
    rest = ~np.broadcast_to(keep, shape)
    return {ELSEWHERE: rest} if rest.any() else {}
