"""Row norms made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean
from conformance.operations._common.family import add_usual, call_formula
from conformance.operations._common.mutant import ANY, Mutants, derivative

if TYPE_CHECKING:
    from conformance.operations._common.mutant import Formula, Row

_AXES = {
    "over-features": (2,),
    "over-the-batch": (0, 1),
    "over-everything": (0, 1, 2),
}
_EPSILONS = {"small-epsilon": 1e-5, "no-epsilon": 0.0, "large-epsilon": 1e-2}


def row_norm(
    xp: Any,
    x: Any,
    keep: Any,
    *,
    over: str,
    ddof: int,
    epsilon: str,
    fault: str = "",
) -> Any:
    """Return x normed by each row's own statistics; zero at padding."""
    if fault in {"time-for-group", "group-for-time"}:
        over = fault.partition("-")[0]
    axes = _AXES.get(fault, (1, 2) if over == "group" else (1,))
    wide, there = clean(xp, x, keep), keep[..., None]
    add = partial(xp.sum, axis=axes, keepdims=True)
    number = add(xp.astype(there, wide.dtype) + 0 * wide)
    if fault == "counts-padding":
        number = add(1 + 0 * wide)
    number = xp.where(number > 0, number, 1.0)
    mean = add(wide) / number
    away = wide - mean
    if fault != "centres-padding":
        away = xp.where(there, away, 0.0)
    variance = _vary(xp, (add, wide, away), number, ddof, fault)
    if fault == "constant-statistics":
        mean, variance = mean.detach(), variance.detach()
        away = xp.where(there, wide - mean, 0.0)
    if fault == "divides-alone":
        away = wide
    if fault == "centres-alone":
        return xp.astype(xp.where(there, away, 0.0), x.dtype)
    found = away / _divisor(xp, variance, epsilon, fault)
    if fault == "padding-is-centred":
        found = (wide - mean) / _divisor(xp, variance, epsilon, fault)
        return xp.astype(found, x.dtype)
    return xp.astype(xp.where(there, found, 0.0), x.dtype)


def _vary(xp: Any, sums: Any, number: Any, ddof: int, fault: str) -> Any:
    """Return the variance, of how to add, the numbers and their distances."""
    add, wide, away = sums
    if fault == "other-ddof":
        ddof = 1 - ddof
    left = number - ddof
    if fault != "one-token-is-nan":
        left = xp.where(left > 0, left, 1.0)
    if fault == "one-pass":
        squares = add(wide * wide) - add(wide) ** 2 / number
        return xp.where(squares > 0, squares, 0.0) / left
    return add(away * away) / left


def _divisor(xp: Any, variance: Any, epsilon: str, fault: str) -> Any:
    """Return what the distances are divided by."""
    small = _EPSILONS.get(fault, 1e-3)
    if fault == "epsilon-on-the-other-side":
        epsilon = "outside" if epsilon == "inside" else "inside"
    if fault == "divides-by-the-variance":
        return variance + small
    if epsilon == "inside":
        return xp.sqrt(variance + small)
    # A root of zero has no derivative, and NaN spreads from it.
    there = variance > 0
    root = xp.sqrt(xp.where(there, variance, 1.0 + 0 * variance))
    if fault == "root-at-zero":
        root, there = xp.sqrt(variance), xp.ones_like(there)
    root = xp.where(there, root, 0 * variance)
    if fault == "at-least-epsilon":
        return xp.where(root > small, root, small)
    return root + small


MUTANTS = Mutants("row_norm", partial(call_formula, row_norm), around=call_formula)
add_usual(MUTANTS, row_norm)

_TIME, _GROUP, _OUTSIDE = ("*.time.*",), ("*.group.*",), ("*.outside",)
_ISSUES = "https://github.com/"
# fmt: off
_ROWS: tuple[Row, ...] = (
    ("small-epsilon", "value", ANY,
     _ISSUES + "huggingface/transformers/pull/13512",
     "adds 1e-5, not 1e-3"),
    ("large-epsilon", "value", ANY, "",
     "adds 1e-2, not 1e-3"),
    ("no-epsilon", "constant-rows", ANY,
     _ISSUES + "huggingface/transformers/pull/13512",
     "adds no epsilon, so that equal values give zero over zero"),
    ("epsilon-on-the-other-side", "value", ANY, "",
     "adds epsilon to the root where it belongs under it, and the other way round"),
    ("at-least-epsilon", "value", _OUTSIDE,
     _ISSUES + "speechbrain/speechbrain/pull/2835",
     "divides by the deviation or epsilon, the larger one, not by their sum"),
    ("other-ddof", "value", ANY, "",
     "divides the variance by n where n - 1 is asked for, and the other way round"),
    ("one-token-is-nan", "length-one", ("*.1.*",),
     _ISSUES + "pytorch/pytorch/issues/29372",
     "divides by zero in a row of one token, and gives NaN"),
    ("divides-by-the-variance", "value", ANY, "",
     "divides by the variance, not its root"),
    ("one-pass", "shift", ANY, "",
     "takes the square of the mean off the mean of squares, which cancels"),
    ("divides-alone", "centred", ANY,
     _ISSUES + "speechbrain/speechbrain/pull/2835",
     "does not take off the mean"),
    ("centres-alone", "value", ANY, "",
     "takes off the mean and divides by nothing"),
    ("counts-padding", "value", ANY,
     _ISSUES + "pytorch/pytorch/issues/81985",
     "divides by T, not by the number of valid positions"),
    ("centres-padding", "value", ANY,
     _ISSUES + "pytorch/audio/issues/2242",
     "counts the distance of padding's zeros to the mean"),
    ("over-features", "value", ANY, "",
     "takes the statistics of each position over its features"),
    ("over-the-batch", "batch-composition", ANY,
     _ISSUES + "pytorch/pytorch/issues/70529",
     "takes the statistics over all rows, feature by feature"),
    ("over-everything", "batch-composition", ANY,
     _ISSUES + "speechbrain/speechbrain/issues/1247",
     "takes the statistics over the whole batch"),
    ("group-for-time", "value", _TIME, "",
     "takes the statistics over the features too"),
    ("time-for-group", "value", _GROUP, "",
     "takes the statistics of each feature by itself"),
    ("padding-is-centred", "value", ANY,
     _ISSUES + "speechbrain/speechbrain/pull/2835",
     "leaves the normed zeros of padding in the answer, zero declared"),
)
_DERIVED: tuple[Row, ...] = (
    ("gradient-of-constant-statistics", "gradient", ANY, "",
     "takes mean and variance for constants in the gradient"),
    ("gradient-is-nan-at-zero", "gradient", _OUTSIDE,
     _ISSUES + "pytorch/pytorch/issues/4320",
     "takes the root of a variance of zero, whose derivative is infinity times zero"),
)
# fmt: on
_FAULTS = {
    "gradient-of-constant-statistics": "constant-statistics",
    "gradient-is-nan-at-zero": "root-at-zero",
}


def _make(name: str) -> Formula:
    return partial(call_formula, partial(row_norm, fault=_FAULTS.get(name, name)))


MUTANTS.faults(_make, _ROWS)
MUTANTS.faults(_make, _DERIVED, **derivative())
