"""Sums over all paths made wrong on purpose, most of them as people made them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import read_mask, unless_empty
from conformance.operations._common.layers import (
    INPUT_ROWS,
    MASK_ROWS,
    add_changed,
    add_compiled,
)
from conformance.operations._common.mutant import ANY, Mutants, derivative
from conformance.operations.crf_partition.mutants_formulas import correct, sum_paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

GITHUB = "https://github.com/"
SCORED = ("crf_partition.scored",)


def _change_answer(
    change: Callable[..., Any], xp: Any, *tensors: Any, **how: Any
) -> Any:
    """The right sums, then changed."""
    keep = read_mask(xp, tensors[0], tensors[1])
    return change(xp, correct(xp, *tensors, **how), keep)


def _fault(name: str) -> Callable[..., Any]:
    return partial(sum_paths, fault=name)


# fmt: off
_TABLE: tuple[Row, ...] = (
    ("mask-on-emissions-only", "value", ANY, GITHUB + "keras-team/keras/pull/4621",
     "sets padding's emissions to zero and steps over it all the same"),
    ("no-end", "value", SCORED, GITHUB + "keras-team/keras-contrib/issues/508",
     "never applies the end"),
    ("end-at-the-edge", "value", SCORED, "",
     "applies the end where position T - 1 is valid, not at the row's end"),
    ("no-start", "value", SCORED, "",
     "never applies the start"),
    ("start-at-zero", "left-padding", SCORED,
     GITHUB + "kmkurn/pytorch-crf/issues/46",
     "applies the start at position 0, padding or not"),
    ("start-at-every-step", "value", SCORED, "",
     "adds the start at each step"),
    ("no-first-emission", "single-positions", ANY,
     GITHUB + "kajyuuen/pytorch-partial-crf/issues/21",
     "begins with the start alone: the first emission is left out"),
    ("resets-behind-gaps", "gaps", ANY, GITHUB + "kmkurn/pytorch-crf/issues/122",
     "starts again behind each gap"),
    ("decays-at-padding", "value", ANY, "",
     "halves what was reached at each padded step"),
    ("transposed", "value", ANY, "",
     "takes transitions from the next tag to the one before"),
    ("partition-of-its-maximum", "value", ANY,
     GITHUB + "allanj/pytorch_neural_crf/issues/42",
     "takes the best path's score for the sum"),
    ("adds-all-steps", "value", ANY, GITHUB + "XuezheMax/LasagneNLP/issues/6",
     "takes the log-sum of all that was reached, not at the end alone"),
    ("no-maximum-subtracted", "large-values", ANY,
     GITHUB + "apache/mxnet/issues/13329",
     "does not subtract the maximum before exp"),
    ("epsilon", "value", ANY, "",
     "adds 1e-4 to each sum of powers"),
    ("normalises-emissions", "shift", ANY,
     GITHUB + "keras-team/keras-contrib/issues/136",
     "takes the softmax of the emissions first"),
    ("tag-zero-is-padding", "renamed-tags", ANY, "",
     "leaves the first tag out of all paths, for it means padding"),
    ("last-tag-is-stop", "renamed-tags", ANY,
     GITHUB + "allenai/allennlp/pull/818",
     "gives the last tag -10000 at each valid position, for it means the end"),
    ("begins-at-minus-10000", "large-values", ANY,
     GITHUB + "allenai/allennlp/pull/818",
     "adds a path of -10000 for what cannot be"),
    ("likelihood-of-the-best", "best-and-all", ANY, GITHUB
     + "harvardnlp/pytorch-struct/issues/61",
     "gives the best path's score minus the sum, a likelihood"),
    ("negative", "value", ANY, GITHUB + "keras-team/keras-contrib/issues/278",
     "gives the negative sum"),
    ("probability", "value", ANY, GITHUB + "harvardnlp/pytorch-struct/issues/64",
     "gives the sum, not its logarithm"),
    ("divides-by-length", "value", ANY, "",
     "divides by the number of valid positions"),
    ("divides-by-time", "value", ANY, "",
     "divides by T"),
    ("batch-mean", "value", ANY, "",
     "gives every row the mean of the batch"),
    ("multiplies", "wild-padding", ANY, "https://github.com/numpy/numpy/issues/8003",
     "mixes steps by multiplying with the mask, where NaN stays NaN"),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid positions for 0"),
    ("int8", "long-rows", ANY, GITHUB + "tensorflow/addons/pull/1733",
     "counts each row's length in int8"),
    ("empty-row-is-full", "empty-row", ANY, "",
     "takes a row without valid positions for a full one"),
)
# fmt: on
MUTANTS = Mutants("crf_partition", correct)
MUTANTS.faults(_fault, (*MASK_ROWS, *_TABLE, *INPUT_ROWS))
add_changed(MUTANTS, _change_answer)


@MUTANTS.wrong("empty-row", around=_change_answer)
def empty_row_is_nan(xp: Any, found: Any, keep: Any) -> Any:
    """Gives NaN for a row without valid positions."""
    return unless_empty(xp, found, keep, float("nan"))


@MUTANTS.gradient()
def gradient_leaks_to_padding(
    xp: Any, emissions: Any, *tensors: Any, **how: Any
) -> Any:
    """Sends a gradient to padding, behind a right value."""
    leak = (emissions - emissions.detach()).sum()
    return correct(xp, emissions, *tensors, **how) + leak


# fmt: off
_DERIVED: tuple[Row, ...] = (
    ("gradient-of-unselected-steps", "wild-gradient", ANY,
     "https://github.com/tensorflow/tensorflow/issues/6209",
     "steps over NaN at padding and selects afterwards: NaN in the gradient"),
    ("gradient-misses-the-transitions", "gradient", ANY, "",
     "lets no gradient reach the transitions"),
)
# fmt: on
_FAULTS = {
    "gradient-of-unselected-steps": "raw-steps",
    "gradient-misses-the-transitions": "frozen-transitions",
}
MUTANTS.faults(lambda name: _fault(_FAULTS[name]), _DERIVED, **derivative())
add_compiled(MUTANTS, _fault("baked"))
