"""Tell rounding noise from a leak, without a guessed tolerance.

Evidence, in this order: rounding shrinks by nine orders from float32 to float64 and a
leak keeps its size; a leak grows with what stands at padding; what changes when rows
are only permuted or regrouped is the noise floor. docs/noise.md has the reasons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from conformance.probe.compare import ArrayDifference

Class = Literal["same", "noise", "leak", "nan", "unclear"]

UNIT = {
    "float64": 2.0**-53,
    "float32": 2.0**-24,
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
}
"""Unit roundoff by dtype."""

SHRINKS = 1e-4
"""Rounding shrinks by 2^-29 from float32 to float64; a leak does not shrink at all.
The middle of the two, on a logarithmic scale, tells them apart with room for both."""

KEEPS = 0.03
"""A leak has at least this share of its float32 size in float64."""

FAINT = 2.0
"""Roundoffs of the model's own dtype below which nobody can see a leak. Constants that
were rounded to float32 once, such as a table of sines, reach half of one in float64."""

ROUNDING = 2.0**12
"""Units in the last place of the signal that rounding may reach."""

FLOOR = 64.0
"""A leak is this much larger than what permuting and regrouping rows changes."""

GROWS = 10.0
"""By how much a leak grows, at least, where padding is a hundred times larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known about one difference.

    Attributes:
        low: The difference in the model's own dtype.
        high: The same in float64, where that could be computed.
        larger: The same with padding a hundred times larger, where that can be asked.
        floor: What changes when rows are permuted or regrouped; None is not measured.
        dtype: The model's own dtype.
        exact: Whether no part of the float64 call computes in less.
    """

    low: ArrayDifference
    high: ArrayDifference | None = None
    larger: ArrayDifference | None = None
    floor: float | None = None
    dtype: str = "float32"
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """What a difference is, and by which evidence.

    Attributes:
        kind: Same bits, noise, leak, NaN only, or unclear.
        size: The difference that counts.
        ulp: The difference in units in the last place of the signal.
        times: How many times larger than rounding noise a leak is.
        why: The evidence, in a sentence.
    """

    kind: Class
    size: float = 0.0
    ulp: float = 0.0
    times: float = 0.0
    why: str = ""


def count_times(times: float) -> str:
    """Return a number of times, a power of ten where it is large.

    >>> count_times(250), count_times(3e14)
    ('250 times', '10^14 times')
    """
    if times < 1e4:  # noqa: PLR2004 - readable up to here
        return f"{times:.0f} times"
    return f"10^{len(str(int(times))) - 1} times"


def classify(evidence: Evidence) -> Classification:
    """Return what a difference is.

    >>> classify(Evidence(low=Difference())).kind
    'same'
    """
    low, high = evidence.low, evidence.high
    unit = UNIT.get(evidence.dtype, UNIT["float32"])
    ulp = low.size / (2 * unit * low.signal) if low.signal else 0.0
    if low.nan:
        return Classification(kind="nan", size=low.size, why="NaN or infinity came in")
    if high is not None and high.nan:
        return Classification(
            kind="nan", size=low.size, why="NaN or infinity in float64"
        )
    if high is not None and evidence.dtype != "float64":
        found = _by_precision(evidence, low, high, ulp)
        if found is not None:
            return found
    if low.size == 0:
        return Classification(kind="same", why="same bits" if low.bits else "equal")
    return _by_growth(evidence, ulp) or _by_floor(evidence, ulp)


def _by_precision(  # noqa: PLR0911 - one answer after the other
    evidence: Evidence, low: ArrayDifference, high: ArrayDifference, ulp: float
) -> Classification | None:
    """Judge by what float64 makes of it; None where that does not tell."""
    noise = ROUNDING * UNIT["float64"] * max(high.signal, low.signal)
    if high.size <= noise:
        if low.size == 0:
            return Classification(kind="same", why="same bits")
        if ulp > ROUNDING and _grows(evidence):
            why = "gone in float64, but it grows with padding: precision is lost to it"
            return _leak(evidence, low.size, ulp, why)
        why = f"{low.size:.1e} shrinks to {high.size:.1e} in float64"
        return Classification(kind="noise", size=low.size, ulp=ulp, why=why)
    unit = UNIT.get(evidence.dtype, UNIT["float32"]) * max(low.signal, high.signal)
    sure = evidence.exact or high.size > unit * ROUNDING
    if sure and high.size >= max(KEEPS * low.size, FAINT * unit):
        times = high.size / (UNIT["float64"] * high.signal or 1)
        why = f"{high.size:.2g} in float64, {times:.0e} times its rounding"
        return Classification(
            kind="leak", size=high.size, ulp=ulp, times=times, why=why
        )
    if evidence.exact and high.size < FAINT * unit:
        why = f"{high.size:.1e} in float64, below what {evidence.dtype} resolves"
        return Classification(kind="noise", size=low.size, ulp=ulp, why=why)
    if low.size and high.size <= SHRINKS * low.size:
        why = f"{low.size:.1e} shrinks to {high.size:.1e} in float64"
        return Classification(kind="noise", size=low.size, ulp=ulp, why=why)
    return None


def _grows(evidence: Evidence) -> bool:
    larger = evidence.larger
    return larger is not None and (
        larger.nan or larger.size > GROWS * max(evidence.low.size, 1e-300)
    )


def _by_growth(evidence: Evidence, ulp: float) -> Classification | None:
    """Judge by what a hundred times larger padding does to it."""
    if not _grows(evidence) or evidence.larger is None:
        return None
    size = evidence.larger.size
    if size <= (evidence.floor or 0) * FLOOR:
        return None
    why = f"grows to {size:.2g} where padding is 100 times larger"
    return _leak(evidence, evidence.low.size, ulp, why)


def _by_floor(evidence: Evidence, ulp: float) -> Classification:
    """Judge by what permuting and regrouping rows changes."""
    low, floor = evidence.low, evidence.floor
    unit = UNIT.get(evidence.dtype, UNIT["float32"]) * low.signal
    if floor is not None and low.size > FLOOR * max(floor, unit):
        why = f"{low.size / max(floor, unit):.0f} times what permuting rows changes"
        return _leak(evidence, low.size, ulp, why)
    if floor is not None:
        why = f"{low.size:.1e}; permuting rows changes {floor:.1e}"
        return Classification(kind="noise", size=low.size, ulp=ulp, why=why)
    if ulp > ROUNDING:
        return _leak(evidence, low.size, ulp, "larger than any rounding")
    why = (
        "float64 is not offered, padding cannot be made larger, and nothing gives a "
        "noise floor: not enough evidence"
    )
    return Classification(kind="unclear", size=low.size, ulp=ulp, why=why)


def _leak(evidence: Evidence, size: float, ulp: float, why: str) -> Classification:
    unit = UNIT.get(evidence.dtype, UNIT["float32"]) * evidence.low.signal
    times = size / max(evidence.floor or 0, unit, 1e-300)
    return Classification(kind="leak", size=size, ulp=ulp, times=times, why=why)
