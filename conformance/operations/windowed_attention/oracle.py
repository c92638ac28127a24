"""The exact ``windowed_attention`` in float64: attention's, over the keys in reach.

Which keys a query sees is all that differs, and ``options`` say it.
"""

from __future__ import annotations

from conformance.operations.attention.oracle import (
    ROWS,
    answer,
    attended,
    bound,
    generate,
    gradient,
    gradient_bound,
    uniform,
    visible_keys,
)

__all__ = [
    "ROWS",
    "answer",
    "attended",
    "bound",
    "generate",
    "gradient",
    "gradient_bound",
    "uniform",
    "visible_keys",
]
