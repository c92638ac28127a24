"""Means made wrong on purpose: what is wrong, and which law it breaks first."""

from __future__ import annotations

from functools import partial

from conformance.operations._common.arrays import lengths
from conformance.operations._common.family import mask_faults
from conformance.operations._common.mutant import Mutant
from conformance.operations.masked_mean import formulas as wrong

correct = wrong.correct
LOW = ("bfloat16", "float32")
_KERAS = "https://github.com/keras-team/keras/"
_mutant = partial(Mutant, operation="masked_mean")
MUTANTS: tuple[Mutant, ...] = (
    *mask_faults("masked_mean", wrong.masked),
    _mutant(
        name="divides-by-time",
        text="divides by T, not by the number of valid positions",
        clause="value",
        url="https://github.com/pytorch/pytorch/issues/191965",
        function=partial(wrong.divided_by, wrong.padded_time),
    ),
    _mutant(
        name="divides-by-the-longest",
        text="divides by the longest row's number of valid positions",
        clause="value",
        function=partial(wrong.divided_by, wrong.most),
    ),
    _mutant(
        name="divides-by-one-more",
        text="divides by one more than the number of valid positions",
        clause="value",
        function=partial(wrong.divided_by, wrong.plus_one),
    ),
    _mutant(
        name="adds-epsilon-to-the-count",
        text="adds 1e-5 to the number of valid positions",
        clause="value",
        function=partial(wrong.divided_by, wrong.plus_little),
    ),
    _mutant(
        name="counts-in-int8",
        text="counts the valid positions in int8, which ends at 127",
        clause="long-rows",
        function=partial(wrong.divided_by, wrong.in_int8),
    ),
    _mutant(
        name="counts-in-storage-dtype",
        text="counts the valid positions in the input's dtype; bfloat16 ends at 256",
        clause="long-rows",
        url="https://github.com/oarriaga/paz/pull/415",
        dtypes=LOW,
        function=wrong.counted_in_storage,
    ),
    _mutant(
        name="sums-in-storage-dtype",
        text="adds up in the input's dtype, where small terms are lost",
        clause="value",
        dtypes=LOW,
        function=wrong.summed_in_storage,
    ),
    _mutant(
        name="multiplies-by-the-mask",
        text="multiplies by the mask, so that infinity or NaN at padding gives NaN",
        clause="wild-padding",
        url="https://github.com/numpy/numpy/issues/8003",
        function=wrong.product,
    ),
    _mutant(
        name="flushes-subnormals",
        text="takes what is below the smallest normal number for zero",
        clause="subnormals",
        url="https://github.com/jax-ml/jax/issues/16200",
        function=wrong.flushed,
    ),
    _mutant(
        name="empty-row-is-nan",
        text="gives 0 / 0 = NaN for a row without valid positions",
        clause="empty-row",
        url=_KERAS + "issues/18152",
        function=partial(wrong.divided_by, lengths),
    ),
    _mutant(
        name="empty-row-breaks-the-batch",
        text="lets the NaN of a row without valid positions reach every row",
        clause="empty-row",
        url="https://github.com/pytorch/pytorch/issues/4169",
        function=wrong.nan_spreads,
    ),
    _mutant(
        name="skips-nan",
        text="leaves NaN at valid positions out, as nanmean does",
        clause="valid-nan",
        url="https://github.com/numpy/numpy/issues/27797",
        function=wrong.skips_nan,
    ),
    _mutant(
        name="nan-becomes-zero",
        text="takes NaN at valid positions for 0",
        clause="valid-nan",
        url="https://github.com/numpy/numpy/issues/12461",
        function=wrong.nan_to_zero,
    ),
    _mutant(
        name="zeros-are-padding",
        text="takes valid positions that hold zeros for padding",
        clause="value",
        url="https://github.com/microsoft/onnxruntime-genai/pull/1694",
        function=wrong.zeros_are_padding,
    ),
    _mutant(
        name="mask-on-the-feature-axis",
        text="lays the mask along the feature axis, not along time",
        clause="value",
        url=_KERAS + "pull/13867",
        function=wrong.wrong_axis,
    ),
    _mutant(
        name="rows-stay-sorted",
        text="sorts the rows by length and does not sort the answers back",
        clause="value",
        function=wrong.rows_sorted,
    ),
    _mutant(
        name="sum-truncated",
        text="truncates the sum to a whole number",
        clause="value",
        function=wrong.truncated,
    ),
    _mutant(
        name="answers-in-float64",
        text="answers in float64 whatever the input's dtype",
        clause="contract",
        function=wrong.doubled,
    ),
    _mutant(
        name="zeroes-its-input",
        text="sets padding to zero in the caller's own array",
        clause="contract",
        url="https://github.com/pytorch/pytorch/issues/39639",
        function=wrong.written,
    ),
    _mutant(
        name="reads-memory",
        text="reads memory in the order it lies in, not elements",
        clause="layout",
        url="https://github.com/pytorch/pytorch/issues/99638",
        function=wrong.in_memory,
    ),
    _mutant(
        name="inverts-the-mask-bitwise",
        text="inverts the mask with ~, which is right for booleans only",
        clause="mask-form",
        function=wrong.bitwise,
    ),
    _mutant(
        name="squeezes-every-axis",
        text="squeezes every axis of length one, the batch's too",
        clause="length-one",
        function=wrong.squeezed,
    ),
    _mutant(
        name="gradient-leaks-to-padding",
        text="sends a gradient to padding, behind a right value",
        clause="gradient",
        kind="gradient",
        framework="torch",
        dtypes=("float32", "float64"),
        function=wrong.leaking,
    ),
    _mutant(
        name="gradient-divides-by-time",
        text="divides the gradient by T behind a right value",
        clause="gradient",
        kind="gradient",
        framework="torch",
        dtypes=("float32", "float64"),
        function=wrong.gradient_by_time,
    ),
    _mutant(
        name="gradient-of-the-other-branch",
        text="selects after a product whose derivative at padding is NaN times zero",
        clause="wild-gradient",
        kind="gradient",
        framework="torch",
        dtypes=("float32", "float64"),
        url="https://github.com/jax-ml/jax/issues/347",
        function=wrong.broken_branch,
    ),
    _mutant(
        name="compiled-with-the-padded-length",
        text="bakes the padded length into the compiled function",
        clause="route",
        kind="route",
        framework="jax",
        url="https://github.com/tensorflow/tensorflow/issues/31636",
        function=wrong.baked_length,
    ),
)
"""Every mutant of the mean."""
