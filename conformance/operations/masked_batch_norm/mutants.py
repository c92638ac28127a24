"""Batch norms made wrong on purpose."""

from __future__ import annotations

from conformance.operations._common.mutant import Mutants
from conformance.operations._common.norm_formulas import batch_norm
from conformance.operations._common.norm_mutants import norm_mutants

correct = batch_norm
MUTANTS = Mutants("masked_batch_norm", correct)
MUTANTS.extend(
    norm_mutants(
        "masked_batch_norm",
        batch_norm,
        (
            (
                "counts-padding",
                "divides by B T, not by the number of valid positions",
                "value",
                "https://github.com/NVIDIA-NeMo/Speech/issues/5401",
            ),
            (
                "centres-padding",
                "takes the mean off padding as well, and squares what is left there",
                "value",
                "https://github.com/espnet/espnet/pull/6571",
            ),
            (
                "mean-of-row-means",
                "takes the mean of the rows' means",
                "refolded",
                "https://github.com/huggingface/transformers/issues/24725",
            ),
            ("rows", "takes the statistics of each row by itself", "refolded", ""),
            ("features", "takes one mean for all features", "centred", ""),
            (
                "multiplies",
                "multiplies by the mask, so that infinity or NaN at padding gives NaN",
                "wild-padding",
                "https://github.com/numpy/numpy/issues/8003",
            ),
            ("int8", "counts valid positions in int8", "long-rows", ""),
        ),
        nan="nan-shows",
    )
)
