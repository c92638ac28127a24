"""Batch norms made wrong on purpose."""

from __future__ import annotations

from conformance.operations._common.mutant import ANY
from conformance.operations._common.norm_formulas import batch_norm
from conformance.operations._common.norm_mutants import norm_mutants

# fmt: off
MUTANTS = norm_mutants("masked_batch_norm", batch_norm, (
    ("counts-padding", "value", ANY,
     "https://github.com/NVIDIA-NeMo/Speech/issues/5401",
     "divides by B T, not by the number of valid positions"),
    ("centres-padding", "value", ANY, "https://github.com/espnet/espnet/pull/6571",
     "takes the mean off padding as well, and squares what is left there"),
    ("mean-of-row-means", "refolded", ANY,
     "https://github.com/huggingface/transformers/issues/24725",
     "takes the mean of the rows' means"),
    ("rows", "refolded", ANY, "",
     "takes the statistics of each row by itself"),
    ("features", "centred", ANY, "",
     "takes one mean for all features"),
    ("multiplies", "wild-padding", ANY, "https://github.com/numpy/numpy/issues/8003",
     "multiplies by the mask, so that infinity or NaN at padding gives NaN"),
    ("int8", "long-rows", ANY, "",
     "counts valid positions in int8"),
), nan="nan-shows")
# fmt: on
