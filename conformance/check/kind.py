"""What a difference looks like: the kind that the report's signs are made of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from conformance.check.name import GRADIENTS
from conformance.trial.verdict import find_outside

if TYPE_CHECKING:
    from conformance.records import Sort
    from conformance.specification.selection import Check
    from conformance.trial.attempt import Finding
    from conformance.trial.batch import Array
    from conformance.trial.verdict import Verdict

_FORM = re.compile(
    r" returned (?:shape|\S+, expected)|\bdtype\b|^the answer is \w+, expected \w+ like"
)
"""How messages about an answer's type, shape or dtype read."""

_NEAR = {
    "float64": 2.0**-19,
    "float32": 2.0**-9,
    "float16": 2.0**-4,
    "bfloat16": 2.0**-2,
}
"""How far an answer may be off, by its dtype, as a share of the exact one, and still
be called the same number with digits lost. A sum of a few thousand terms in the next
narrower format stays within it; padding in the tests is a hundred times the valid
values, so that what counts it is further off."""


def find_kind(finding: Finding, check: Check) -> Sort:
    """Return the kind of a failure; of several in one answer the worst.

    Args:
        finding: What the attempt found; not passed.
        check: The check.
    """
    if finding.errored:
        return "raises"
    verdict = finding.verdict
    got, want, allowed = verdict.got, verdict.want, verdict.allowed
    if got is None or want is None or allowed is None:
        return "shape" if _FORM.search(verdict.message) else "wrong"
    judged = np.ones(want.shape, bool) if verdict.judged is None else verdict.judged
    outside = judged & find_outside(got, want, allowed)
    if not outside.any():
        return "wrong"
    if _is_padding_only(outside, verdict, check):
        return "padding"
    finite = np.isfinite(got[outside])
    if not finite.any():
        return "nan"
    if not finite.all():
        # What is finite and wrong is worse, but where NaN spreads it is judged alone.
        outside &= np.isfinite(got)
    # A derivative's small elements are sums of its large ones, which cancel.
    summed = check.item in GRADIENTS
    largest = np.max(np.abs(want), initial=0.0, where=judged) if summed else 0.0
    near = _is_near(got[outside], want[outside], check.dtype, float(largest))
    return "digits" if near and finite.all() else "nan" if near else "wrong"


def _is_padding_only(outside: Array, verdict: Verdict, check: Check) -> bool:
    """Tell whether an answer along time is wrong only where padding is."""
    batch = verdict.batch
    if batch is None or check.variant.result != "position" or check.item in GRADIENTS:
        return False
    mask = batch.mask
    if check.variant.makes_mask or outside.shape[:2] != mask.shape:
        return False
    return not bool(outside[mask].any())


def _is_near(got: Array, want: Array, dtype: str, least: float) -> bool:
    if not (np.isfinite(want).all() and np.isfinite(least)):
        return False
    scale = np.maximum(np.maximum(np.abs(want), np.abs(got)), least)
    return bool((np.abs(got - want) <= _NEAR.get(dtype, 0.0) * scale).all())
