"""Check that a case stays within level core."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from conformance.specification.numbers import decode, flatten, leaves

if TYPE_CHECKING:
    from conformance.cases.model import Case

LARGEST = 1e4
"""The largest magnitude at core, padding included."""


def above_core(case: Case, *, left: bool = False) -> str:
    """Return what in a case is beyond core, or nothing.

    Args:
        case: The case.
        left: Whether core has padding on the left of its variant.
    """
    for keep in case.mask:
        if not any(keep):
            return "a row without valid positions"
        if keep not in (sorted(keep, reverse=True), sorted(keep) if left else None):
            return "padding that is not on the right"
    for name, array in case.arrays.items():
        if name in case.labels:
            continue
        numbers = decode(array)
        if all(abs(number) <= LARGEST for number in flatten(numbers)):  # NaN is not
            continue
        for place, number in leaves(numbers, name):
            if not math.isfinite(number) or abs(number) > LARGEST:
                return f"{number} at {place}"
    return ""
