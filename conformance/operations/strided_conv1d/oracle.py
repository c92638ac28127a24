"""The exact ``strided_conv1d`` in float64: a convolution's, at what a stride keeps.

Where the windows begin is all that differs, and ``options`` say it.
"""

from __future__ import annotations

from conformance.operations.conv1d.oracle import (
    ROWS,
    answer,
    bound,
    counted,
    generate,
    generate_weights,
    gradient,
    gradient_bound,
)

__all__ = [
    "ROWS",
    "answer",
    "bound",
    "counted",
    "generate",
    "generate_weights",
    "gradient",
    "gradient_bound",
]
