"""Compare an answer with the exact one: a verdict, never an assertion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from conformance.trial.batch import Array, Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of one comparison, with its evidence.

    Attributes:
        passed: Whether every element is within its bound.
        message: What is wrong; empty when it passed.
        share: Largest share of the bound that an element used.
        batch: What the adapter was given.
        got: Its answer, in float64.
        want: The exact answer.
        allowed: The error bound of each element; infinite where nothing is asked.
        mismatched: How many elements are outside.
        worst: Index of the element that is furthest outside.
    """

    passed: bool
    message: str = ""
    share: float = 0.0
    batch: Batch | None = None
    got: Array | None = None
    want: Array | None = None
    allowed: Array | None = None
    mismatched: int = 0
    worst: tuple[int, ...] = ()


def compare(
    got: Array,
    want: Array,
    allowed: Array,
    *,
    batch: Batch | None = None,
    label: str = "out",
    note: str = "",
) -> Verdict:
    """Judge an answer element by element.

    Args:
        got: The answer, of ``want``'s shape.
        want: The exact answer in float64.
        allowed: How far each element may be from it.
        batch: What the adapter was given, for the report.
        label: What the answer is called in messages.
        note: What was done to get it, said at the message's end.
    """
    wide = np.asarray(got, dtype=np.float64)
    same = (wide == want) | (np.isnan(wide) & np.isnan(want))
    if same.all():
        return Verdict(passed=True)
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(wide - want)
    error = np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))
    outside = ~same & ~(error <= allowed) & (allowed < np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = np.where(error == 0, 0.0, error / allowed)
    shares = np.where(allowed < np.inf, shares, 0.0)
    share = float(shares.max(initial=0.0))
    if not outside.any():
        return Verdict(passed=True, share=share)
    # The largest share first; infinite ones tie, then the largest error decides.
    ranked = np.where(outside, np.where(np.isinf(error), np.inf, error), -1.0)
    worst = _index(ranked)
    count = int(outside.sum())
    return Verdict(
        passed=False,
        message=_message(
            label, worst, wide, want, allowed, mismatched=count, note=note
        ),
        share=share,
        batch=batch,
        got=wide,
        want=np.asarray(want),
        allowed=np.asarray(allowed),
        mismatched=count,
        worst=worst,
    )


def identical(
    got: Array, first: Array, *, batch: Batch, note: str, label: str = "out"
) -> Verdict:
    """Judge whether two answers are the same, NaN equal to NaN and -0.0 to 0.0."""
    want = np.asarray(first, dtype=np.float64)
    return compare(got, want, np.zeros_like(want), batch=batch, note=note, label=label)


def failed(message: str, *, batch: Batch, got: Array | None = None) -> Verdict:
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


def _message(
    label: str,
    worst: tuple[int, ...],
    got: Array,
    want: Array,
    allowed: Array,
    *,
    mismatched: int,
    note: str,
) -> str:
    where = f"[{', '.join(map(str, worst))}]" if worst else ""
    margin = float(allowed[worst])
    limit = f" within {margin:.2g}" if margin else ""
    text = (
        f"{label}{where} = {number(got[worst])}, expected {number(want[worst])}{limit}"
    )
    if want.size > 1:
        text += f"; {mismatched} of {want.size} elements are outside their bound"
    return f"{text} ({note})" if note else text
