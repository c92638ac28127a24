"""Layer norms made wrong on purpose."""

from __future__ import annotations

from conformance.operations._common.mutant import ANY
from conformance.operations._common.norm_formulas import layer_norm
from conformance.operations._common.norm_mutants import norm_mutants

# fmt: off
MUTANTS = norm_mutants("layer_norm", layer_norm, (
    ("over-time", "each-by-itself", ANY, "",
     "takes the statistics over time"),
    ("over-rows", "batch-composition", ANY, "",
     "takes the statistics over the rows"),
    ("over-both", "extra-padding", ANY, "",
     "takes the statistics over time and features"),
), nan="valid-nan")
# fmt: on
