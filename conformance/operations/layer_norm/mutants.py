"""Layer norms made wrong on purpose."""

from __future__ import annotations

from conformance.operations._common.mutant import Mutants
from conformance.operations._common.norm_formulas import layer_norm
from conformance.operations._common.norm_mutants import norm_mutants

correct = layer_norm
MUTANTS = Mutants("layer_norm", correct)
MUTANTS.extend(
    norm_mutants(
        "layer_norm",
        layer_norm,
        (
            ("over-time", "takes the statistics over time", "each-by-itself", ""),
            (
                "over-rows",
                "takes the statistics over the rows",
                "batch-composition",
                "",
            ),
            (
                "over-both",
                "takes the statistics over time and features",
                "extra-padding",
                "",
            ),
        ),
        nan="valid-nan",
    )
)
