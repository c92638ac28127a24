"""A reduction over time, declared once: both of its oracles and its mutants.

This module and the declarations import no NumPy: reading case files asks a reduction
for the axes of its arrays, and has to be quick.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.exact import Rows
from conformance.operations._common.family import (
    add_empty,
    add_skipping,
    add_usual,
    call_formula,
)
from conformance.operations._common.mutant import Mutants

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.exact import Reduce
    from conformance.operations._common.mutant import Formula
    from conformance.operations._common.reduced import Reduced, Valid
    from conformance.trial.batch import Array
    from conformance.trial.precision import Precision


@dataclass(frozen=True, kw_only=True)
class Reduction:
    """A reduction over time.

    The first oracle calls ``value``, ``error``, ``slope`` and ``slope_error`` with the
    valid values in float64, the second one ``row`` with one row's valid values as
    Python floats. Nothing but the operation's keywords is shared between the two.

    Attributes:
        name: The operation.
        row: Return the value of one row's valid numbers, with the variant's keywords;
            None where each adapter declares what comes out.
        value: Return the exact answer ``[B, ...]``; 0 for a row without any.
        slope: Return the derivative ``[B, T, ...]``, times the cotangent; not called
            where ``places`` come out.
        formula: The right formula ``(xp, x, keep, **keywords)`` over an array
            namespace, which the mutants change; ``keep`` is boolean ``[B, T]``.
        error: Return how far a right implementation may be from the value, without
            the last rounding; None where nothing rounds.
        slope_error: Return the same of the derivative in float64. A number says how
            many units of rounding it is off; None says that nothing rounds.
        neutral: What stands at padding for ``value``.
        values: Tiers of valid values to draw from, in place of the usual ones.
        unrounded: Values of keywords, such as ``lower``, for which nothing rounds.
        stores: Whether a rounding into a storage dtype comes on top of ``error``.
        features: Whether x may have features behind its time.
        shares: Return what is wrong with the shares that tied values have of a
            cotangent, or nothing; only where ties may share it in many ways.
        smooth: Whether it has one derivative everywhere: ties and roots of zero have
            none that is right alone, and their bounds are as wide as the cotangent.
        without: Names of the usual mutants that would be right here.
        skips: What leaves NaN at valid positions out, such as ``nanmean``; nothing
            where that is the same as taking NaN for 0, as ``nansum`` does.
        zero_time: Whether the right formula answers rows without any positions, T = 0.
        places: Whether the answer is a position, which has no derivative. ``row`` then
            returns a place among the row's valid values, counted from 0.
    """

    name: str
    row: Reduce
    value: Callable[[Valid], Array]
    slope: Callable[[Valid, Array], Array] = lambda v, g: v.only(0.0 * g[:, None])
    formula: Formula
    error: Callable[[Valid, Precision], Array] | None = None
    slope_error: float | Callable[[Valid, Array, Precision], Array] | None = None
    neutral: float = 0.0
    values: tuple[tuple[float, ...], ...] = ()
    unrounded: tuple[str, ...] = ()
    stores: bool = True
    features: bool = True
    shares: Callable[[Valid, Array, Array], str] | None = None
    smooth: bool = True
    without: tuple[str, ...] = ()
    skips: str = ""
    zero_time: bool = False
    places: bool = False
    mutants: Mutants = field(init=False)

    def __post_init__(self) -> None:
        """Begin the list of mutants with the usual ones."""
        correct = partial(call_formula, self.formula)
        mutants = Mutants(
            self.name, correct, zero_time=self.zero_time, around=call_formula
        )
        add_usual(mutants, self.formula, without=self.without)
        if self.skips:
            add_skipping(mutants, self.formula, self.skips)
        object.__setattr__(self, "mutants", mutants)

    def give_empty_rows(self, other: float, declared: str, **how: Any) -> None:
        """Add the mutant that gives zero or NaN for a row without valid positions.

        Args:
            other: What it gives.
            declared: What is right, such as ``zero``.
            how: Whatever else :class:`Mutant` takes, such as ``url``.
        """
        add_empty(self.mutants, self.formula, other, declared, **how)

    @cached_property
    def oracle(self) -> Reduced:
        """The first oracle, in float64; this imports NumPy."""
        from conformance.operations._common.reduced import Reduced

        return Reduced(self)

    @cached_property
    def exact(self) -> Rows:
        """The second oracle, in plain Python."""
        return Rows(self.row, features=self.features, places=self.places)
