"""Likelihoods made wrong on purpose: what is wrong, and which law it breaks first."""

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
from conformance.operations.crf_log_likelihood.mutants_formulas import (
    correct,
    likelihood,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

_STRUCT = "https://github.com/harvardnlp/pytorch-struct/issues/"
_CONTRIB = "https://github.com/keras-team/keras-contrib/issues/"


def _change_answer(change: Callable[..., Any], xp: Any, *tensors: Any) -> Any:
    """The right likelihoods, then changed."""
    keep = read_mask(xp, tensors[0], tensors[2])
    return change(xp, correct(xp, *tensors), keep)


def _fault(name: str) -> Callable[..., Any]:
    return partial(likelihood, fault=name)


# fmt: off
_TABLE: tuple[Row, ...] = (
    ("score-of-padding", "value", ANY, _STRUCT + "46",
     "scores the path over padding, the partition without it"),
    ("partition-of-padding", "value", ANY, _STRUCT + "61",
     "sums over the paths of the padded row, the score without it"),
    ("mask-on-emissions-only", "value", ANY, "",
     "sets padding's emissions to zero and steps over it all the same"),
    ("end-at-the-edge", "value", ANY, "",
     "takes the end of the tag at T - 1, not of the last valid one"),
    ("no-end", "value", ANY, _CONTRIB + "508",
     "never applies the end"),
    ("no-start", "value", ANY, "",
     "never applies the start"),
    ("start-at-zero", "left-padding", ANY, "",
     "applies the start at position 0, padding or not"),
    ("previous-position", "gaps", ANY,
     "https://github.com/kmkurn/pytorch-crf/issues/122",
     "takes the transition from the position before, padding or not"),
    ("resets-behind-gaps", "gaps", ANY, "",
     "starts the partition again behind each gap"),
    ("decays-at-padding", "value", ANY, "",
     "halves what was reached at each padded step"),
    ("transposed", "value", ANY, "",
     "scores the path with transposed transitions"),
    ("partition-of-its-maximum", "value", ANY, "",
     "takes the best path's score for the partition"),
    ("no-maximum-subtracted", "large-values", ANY, "",
     "does not subtract the maximum before exp"),
    ("epsilon", "value", ANY, "",
     "adds 1e-4 to the sum of powers"),
    ("negative", "value", ANY, _CONTRIB + "278",
     "gives the negative log-likelihood"),
    ("probability", "value", ANY, "",
     "gives the probability, not its logarithm"),
    ("divides-by-length", "value", ANY, "",
     "divides by the number of valid positions"),
    ("divides-by-time", "value", ANY, "",
     "divides by T"),
    ("batch-mean", "value", ANY, "",
     "gives every row the mean of the batch"),
    ("multiplies", "wild-padding", ANY, "https://github.com/numpy/numpy/issues/8003",
     "multiplies emissions by the mask, where NaN stays NaN"),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid positions for 0"),
    ("int8", "long-rows", ANY, "https://github.com/tensorflow/addons/pull/1733",
     "counts each row's length in int8"),
    ("reads-padding-tags", "padding-tags", ANY,
     "https://github.com/kmkurn/pytorch-crf/issues/41",
     "looks up the tag at padding before it applies the mask"),
    ("empty-row-is-full", "empty-row", ANY, "",
     "takes a row without valid positions for a full one"),
)
# fmt: on
MUTANTS = Mutants("crf_log_likelihood", correct)
MUTANTS.faults(_fault, (*MASK_ROWS, *_TABLE, *INPUT_ROWS))
add_changed(MUTANTS, _change_answer)


@MUTANTS.wrong("empty-row", around=_change_answer)
def empty_row_is_nan(xp: Any, found: Any, keep: Any) -> Any:
    """Gives NaN for a row without valid positions."""
    return unless_empty(xp, found, keep, float("nan"))


@MUTANTS.gradient()
def gradient_leaks_to_padding(xp: Any, emissions: Any, *tensors: Any) -> Any:
    """Sends a gradient to padding, behind a right value."""
    leak = (emissions - emissions.detach()).sum()
    return correct(xp, emissions, *tensors) + leak


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
