"""Compare an answer with the exact one: a verdict, never an assertion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from conformance.errors import UnboundedError
from conformance.trial.exact import find_judged

if TYPE_CHECKING:
    from conformance.trial.batch import Array, Batch
    from conformance.trial.exact import Clauses


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of one comparison, with its evidence.

    Attributes:
        passed: Whether every element is within its bound.
        message: What is wrong; empty when it passed.
        share: Largest share of the bound that an element used.
        varies: Largest share of the bound by which two answers to one question
            differed, where the framework does not promise the same bits.
        batch: What the adapter was given.
        got: Its answer, in float64.
        want: The exact answer.
        allowed: The error bound of each element.
        open_by: The elements that are not judged, by the clause that leaves them open.
        mismatched: How many elements are outside.
        worst: Index of the element that is furthest outside.
    """

    passed: bool
    message: str = ""
    share: float = 0.0
    varies: float = 0.0
    batch: Batch | None = None
    got: Array | None = None
    want: Array | None = None
    allowed: Array | None = None
    open_by: Clauses = field(default_factory=dict)
    mismatched: int = 0
    worst: tuple[int, ...] = ()

    @property
    def judged(self) -> Array | None:
        """Where elements were judged; None if no elements were compared."""
        return None if self.want is None else find_judged(self.open_by, self.want.shape)


def compare(
    got: Array,
    want: Array,
    allowed: Array,
    *,
    open_by: Clauses | None = None,
    batch: Batch | None = None,
    label: str = "out",
    note: str = "",
) -> Verdict:
    """Judge an answer element by element.

    NaN and infinities are values: a wanted NaN is met by NaN alone, a wanted infinity
    by that infinity alone, whatever the bound says.

    Args:
        got: The answer, of ``want``'s shape.
        want: The exact answer in float64.
        allowed: How far each element may be from it.
        open_by: The elements that are not judged, by the clause that leaves them open.
        batch: What the adapter was given, for the report.
        label: What the answer is called in messages.
        note: What was done to get it, said at the message's end.

    Raises:
        UnboundedError: An element is judged and has no finite bound.
    """
    wide, exact = (np.asarray(each, dtype=np.float64) for each in (got, want))
    limit = np.broadcast_to(np.asarray(allowed, dtype=np.float64), exact.shape)
    clauses = dict(open_by or {})
    asked = find_judged(clauses, exact.shape)
    _check_bounds(exact, limit, asked, label)
    error = errors(wide, exact)
    outside = asked & _exceeds(error, exact, limit)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        used = np.where(np.isinf(error), np.inf, error / limit)
    shares = np.where(asked & (error > 0), used, 0.0)
    share = float(shares.max(initial=0.0))
    count = int(outside.sum())
    message, worst = "", tuple[int, ...]()
    if count:
        # Infinite errors tie; the first of the largest is named.
        worst = _index(np.where(outside, error, -1.0))
        text = _message(label, worst, wide, exact, limit)
        message = _count_message(text, count, asked, clauses, note)
    return Verdict(
        passed=not count,
        message=message,
        share=share,
        batch=batch,
        got=wide,
        want=exact,
        allowed=limit,
        open_by=clauses,
        mismatched=count,
        worst=worst,
    )


def find_outside(got: Array, want: Array, allowed: Array) -> Array:
    """Return which elements are further off than they may be."""
    return _exceeds(errors(got, want), want, allowed)


def _exceeds(error: Array, want: Array, allowed: Array) -> Array:
    return np.asarray(error > np.where(np.isfinite(want), allowed, 0.0), dtype=bool)


def errors(got: Array, want: Array) -> Array:
    """Return how far each element is off: infinitely where one alone is special."""
    same = (got == want) | (np.isnan(got) & np.isnan(want))
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(got - want)
    return np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))


def _check_bounds(want: Array, limit: Array, asked: Array, label: str) -> None:
    """Raise where a number is judged and nothing says how far off it may be."""
    unbounded = asked & np.isfinite(want) & ~np.isfinite(limit)
    if unbounded.any():
        at = _index(unbounded)
        msg = (
            f"{label}{_place(at)} is judged, expected {number(want[at])}, but its "
            f"bound is {number(limit[at])}; name the clause that leaves it open, or "
            "derive a finite bound: this is a mistake of the suite"
        )
        raise UnboundedError(msg)


def compare_exactly(
    got: Array,
    first: Array,
    *,
    batch: Batch,
    note: str,
    label: str = "out",
    open_by: Clauses | None = None,
) -> Verdict:
    """Judge whether two answers are the same, NaN equal to NaN and -0.0 to 0.0."""
    want = np.asarray(first, dtype=np.float64)
    return compare(
        got,
        want,
        np.zeros_like(want),
        open_by=open_by,
        batch=batch,
        note=note,
        label=label,
    )


def fail(message: str, *, batch: Batch, got: Array | None = None) -> Verdict:
    """Return a failure that no comparison of elements found."""
    wide = None if got is None else np.asarray(got, dtype=np.float64)
    return Verdict(passed=False, message=message, share=np.inf, batch=batch, got=wide)


def number(value: float) -> str:
    """Return a number as short as it can be told apart.

    >>> number(2.0), number(float("nan")), number(2.6)
    ('2', 'nan', '2.6')
    """
    return f"{float(value):.9g}"


def _index(ranked: Array) -> tuple[int, ...]:
    flat = int(np.argmax(ranked))
    return tuple(int(i) for i in np.unravel_index(flat, ranked.shape))


def _place(index: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, index))}]" if index else ""


def _message(
    label: str, worst: tuple[int, ...], got: Array, want: Array, allowed: Array
) -> str:
    exact, margin = float(want[worst]), float(allowed[worst])
    limit = f" within {margin:.2g}" if margin and np.isfinite(exact) else ""
    answered = f"{label}{_place(worst)} = {number(got[worst])}"
    return f"{answered}, expected {number(exact)}{limit}"


def _count_message(
    text: str, mismatched: int, asked: Array, clauses: Clauses, note: str
) -> str:
    """Return a message with how many elements are wrong, of how many judged."""
    if asked.size > 1:
        total = int(asked.sum())
        text += f"; {mismatched} of {total} elements are outside their bound"
        if left := asked.size - total:
            text += f", {left} left open ({', '.join(sorted(clauses))})"
    return f"{text} ({note})" if note else text
