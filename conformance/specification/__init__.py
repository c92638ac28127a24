"""Define the specification as data, without NumPy.

An operation has variants, clauses and laws; a plan lists the checks of an adapter.
"""

from __future__ import annotations

from conformance.specification.model import (
    COMPILED_ROUTES,
    DTYPES,
    EMPTY_ROWS,
    EXTENDED_ROUTES,
    LEVELS,
    MASK_FORMS,
    PADDINGS,
    PLACEMENTS,
    ROUTES,
    Clause,
    Kind,
    Law,
    Level,
    Operation,
    Result,
    Trim,
    Variant,
    included_levels,
)
from conformance.specification.reduction import specify_reduction

__all__ = [
    "COMPILED_ROUTES",
    "DTYPES",
    "EMPTY_ROWS",
    "EXTENDED_ROUTES",
    "LEVELS",
    "MASK_FORMS",
    "PADDINGS",
    "PLACEMENTS",
    "ROUTES",
    "Clause",
    "Kind",
    "Law",
    "Level",
    "Operation",
    "Result",
    "Trim",
    "Variant",
    "included_levels",
    "specify_reduction",
]
