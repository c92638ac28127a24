"""Layer norms made wrong on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.operations.masked_batch_norm.faults import norm_mutants
from conformance.operations.masked_batch_norm.formulas import layer_norm

if TYPE_CHECKING:
    from conformance.operations._common.mutant import Mutant

correct = layer_norm
MUTANTS: tuple[Mutant, ...] = norm_mutants(
    "layer_norm",
    layer_norm,
    (
        ("over-time", "takes the statistics over time", "each-by-itself", ""),
        ("over-rows", "takes the statistics over the rows", "batch-composition", ""),
        (
            "over-both",
            "takes the statistics over time and features",
            "extra-padding",
            "",
        ),
    ),
    nan="valid-nan",
)
"""Every mutant of the layer norm."""
