"""Losses made wrong on purpose: what is wrong, and which law it breaks first."""

from __future__ import annotations

from functools import partial

from conformance.operations._common.family import mask_faults
from conformance.operations._common.mutant import Mutant, Mutants
from conformance.operations.masked_loss import mutants_formulas as wrong

correct = wrong.correct
MEAN = ("masked_loss.*.mean",)
ROWS = ("masked_loss.*.sequence_mean",)
REDUCED = ("masked_loss.*.mean", "masked_loss.*.sum", *ROWS)
NONE = ("masked_loss.*.none",)
LABELS = ("masked_loss.cross_entropy.*",)
_HF = "https://github.com/huggingface/transformers/"
_KERAS = "https://github.com/keras-team/keras/"
_TORCH = "https://github.com/pytorch/pytorch/issues/"
_mutant = partial(Mutant, operation="masked_loss")
_gradient = partial(
    _mutant,
    clause="gradient",
    kind="gradient",
    framework="torch",
    dtypes=("float32", "float64"),
)


def _divisors() -> tuple[Mutant, ...]:
    """Right losses, reduced wrongly."""
    rows = (
        (
            "divides-by-time",
            "divides by B * T, not by the number of valid positions",
            wrong.by_size,
            "value",
            MEAN,
            "https://github.com/tensorflow/tensorflow/issues/39146",
        ),
        (
            "divides-by-rows",
            "divides by the number of rows",
            wrong.by_rows,
            "value",
            MEAN,
            _KERAS + "issues/13329",
        ),
        (
            "mean-of-row-means",
            "takes the mean of the rows' means, not of all positions",
            partial(wrong.as_other, "sequence_mean"),
            "value",
            MEAN,
            _HF + "issues/24725",
        ),
        (
            "sum-for-mean",
            "gives the sum where the mean is asked for",
            partial(wrong.as_other, "sum"),
            "value",
            MEAN,
            "",
        ),
        (
            "mean-for-sum",
            "gives the mean where the sum is asked for",
            partial(wrong.as_other, "mean"),
            "value",
            ("masked_loss.*.sum",),
            "",
        ),
        (
            "mean-over-positions",
            "takes the mean of all positions, not of the rows' means",
            partial(wrong.as_other, "mean"),
            "value",
            ROWS,
            _HF + "issues/39241",
        ),
        (
            "counts-empty-rows",
            "divides by all rows, those without a valid position too",
            wrong.all_rows,
            "empty-row",
            ROWS,
            "",
        ),
        (
            "row-means-by-time",
            "divides each row's sum by T",
            wrong.rows_by_time,
            "value",
            ROWS,
            "https://github.com/NVIDIA/tacotron2/issues/80",
        ),
        (
            "divides-by-the-longest",
            "divides by B times the longest row's length",
            wrong.longest,
            "value",
            MEAN,
            "",
        ),
        (
            "divides-by-the-first-row",
            "takes every row for as long as the first",
            wrong.denominator_first_row,
            "value",
            MEAN,
            "",
        ),
        (
            "empty-batch-is-nan",
            "gives 0 / 0 = NaN without valid positions",
            wrong.unguarded,
            "empty-row",
            (*MEAN, *ROWS),
            _TORCH + "70348",
        ),
        (
            "epsilon-behind-the-division",
            "adds 1e-3 to the quotient, not to its divisor",
            wrong.epsilon,
            "value",
            MEAN,
            _KERAS + "pull/21908",
        ),
        (
            "adds-epsilon-to-the-count",
            "adds 1e-4 to the number of valid positions",
            wrong.count_plus,
            "value",
            MEAN,
            "",
        ),
        (
            "counts-in-int8",
            "counts the valid positions in int8, which ends at 127",
            wrong.in_int8,
            "long-rows",
            MEAN,
            "",
        ),
        (
            "skips-nan",
            "leaves a NaN loss at valid positions out",
            wrong.skips_nan,
            "valid-nan",
            ("*",),
            "https://github.com/numpy/numpy/issues/27797",
        ),
        (
            "divides-unreduced",
            "divides the unreduced loss by the number of positions",
            wrong.averaged,
            "value",
            NONE,
            "",
        ),
        (
            "unreduced-is-nan-at-padding",
            "gives NaN at padding instead of zero",
            wrong.nan_at_padding,
            "value",
            NONE,
            "",
        ),
        (
            "squeezes-every-axis",
            "squeezes every axis of length one, the batch's too",
            wrong.squeezed,
            "length-one",
            NONE,
            "",
        ),
        (
            "rows-stay-sorted",
            "sorts the rows by length and does not sort them back",
            wrong.rows_sorted,
            "value",
            NONE,
            "",
        ),
        (
            "cut-to-the-longest-row",
            "cuts the unreduced loss to the longest row",
            wrong.truncated,
            "extra-padding",
            NONE,
            "",
        ),
    )
    return tuple(
        _mutant(
            name=name,
            text=text,
            clause=law,
            url=url,
            variants=variants,
            function=partial(wrong.reduced_from, function),
        )
        for name, text, function, law, variants, url in rows
    )


def _formulas() -> tuple[Mutant, ...]:
    """Wrong before the reduction, or beside it."""
    bce, mse = ("masked_loss.binary_cross_entropy.*",), ("masked_loss.mse.*",)
    rows = (
        (
            "multiplies-by-the-mask",
            "multiplies the loss by the mask after it is NaN",
            wrong.product,
            "wild-padding",
            ("*",),
            "https://github.com/numpy/numpy/issues/8003",
        ),
        (
            "class-zero-is-padding",
            "takes label 0 for padding",
            wrong.class_zero,
            "value",
            LABELS,
            _HF + "issues/23530",
        ),
        (
            "labels-for-a-mask",
            "ignores negative labels and not the mask",
            wrong.ignore_index,
            "value",
            LABELS,
            "https://github.com/oobabooga/textgen/issues/4031",
        ),
        (
            "gathers-before-the-mask",
            "looks up the labels of padding before it masks",
            wrong.gathers,
            "padding-labels",
            LABELS,
            _TORCH + "15508",
        ),
        ("clips-logits", "clips logits to five", wrong.clipped, "value", ("*",), ""),
        (
            "smooths-padding-too",
            "smooths labels, at padding too",
            wrong.smoothed,
            "value",
            LABELS,
            _TORCH + "73205",
        ),
        (
            "needs-padding",
            "raises when no position is padding",
            wrong.needs_padding,
            "full-mask",
            ("*",),
            "https://github.com/harvardnlp/annotated-transformer/issues/39",
        ),
        (
            "labels-one-late",
            "compares with the label of the position before",
            wrong.shifted,
            "value",
            ("*",),
            "",
        ),
        (
            "sums-features",
            "sums over the features instead of their mean",
            wrong.feature_sum,
            "value",
            mse,
            "https://github.com/NVIDIA/tacotron2/issues/80",
        ),
        (
            "absolute-error",
            "takes the absolute error for the squared one",
            wrong.magnitude,
            "value",
            mse,
            "",
        ),
        (
            "no-maximum-subtracted",
            "takes exp of logits as they are, which overflows",
            wrong.raw_powers,
            "large-values",
            (*LABELS, *bce),
            "",
        ),
        (
            "answers-in-float64",
            "answers in float64 whatever the input's dtype",
            wrong.doubled,
            "contract",
            ("*",),
            "",
        ),
        (
            "zeroes-its-input",
            "sets padding to zero in the caller's own array",
            wrong.written,
            "contract",
            ("*",),
            _TORCH + "39639",
        ),
        (
            "reads-memory",
            "reads memory in the order it lies in, not elements",
            wrong.in_memory,
            "layout",
            ("*",),
            _TORCH + "99638",
        ),
        (
            "inverts-the-mask-bitwise",
            "inverts the mask with ~, right for booleans only",
            wrong.bitwise,
            "mask-form",
            ("*",),
            "",
        ),
    )
    return tuple(
        _mutant(
            name=name,
            text=text,
            clause=law,
            url=url,
            variants=variants,
            function=function,
        )
        for name, text, function, law, variants, url in rows
    )


MUTANTS = Mutants("masked_loss", correct)
MUTANTS.extend(
    (
        *mask_faults("masked_loss", wrong.masked),
        *_divisors(),
        *_formulas(),
        _gradient(
            name="gradient-leaks-to-padding",
            text="sends a gradient to padding, behind a right value",
            variants=REDUCED,
            function=wrong.leaking,
        ),
        _gradient(
            name="gradient-unconnected",
            text="lets no gradient through",
            function=wrong.detached,
        ),
        _gradient(
            name="gradient-divides-by-size",
            text="divides the gradient by B * T behind a right value",
            variants=MEAN,
            function=wrong.gradient_by_size,
        ),
        _gradient(
            name="gradient-of-the-other-branch",
            text="selects after a product whose derivative at padding is NaN times zero",
            clause="wild-gradient",
            url="https://github.com/jax-ml/jax/issues/347",
            function=wrong.broken_branch,
        ),
    )
)
