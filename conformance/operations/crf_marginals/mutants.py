"""Shares of paths made wrong on purpose, most of them as people made them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import read_mask
from conformance.operations._common.layers import (
    INPUT_ROWS,
    MASK_ROWS,
    add_changed,
    add_compiled,
)
from conformance.operations._common.mutant import ANY, Mutants, derivative
from conformance.operations.crf_marginals.mutants_formulas import correct, share_paths

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

GITHUB = "https://github.com/"
PARTIAL = GITHUB + "kajyuuen/pytorch-partial-crf/issues/21"
SCORED = ("crf_marginals.scored",)


def _change_answer(
    change: Callable[..., Any], xp: Any, *tensors: Any, **how: Any
) -> Any:
    """The right shares, then changed."""
    keep = read_mask(xp, tensors[0], tensors[1])
    return change(xp, correct(xp, *tensors, **how), keep)


def _fault(name: str) -> Callable[..., Any]:
    return partial(share_paths, fault=name)


# fmt: off
_TABLE: tuple[Row, ...] = (
    ("partition-of-padding", "value", ANY,
     GITHUB + "harvardnlp/pytorch-struct/issues/46",
     "takes the shares among the paths of the padded row"),
    ("mask-on-emissions-only", "value", ANY, GITHUB + "keras-team/keras/pull/4621",
     "sets padding's emissions to zero and steps over it all the same"),
    ("backward-over-padding", "sums-to-one", ANY, "",
     "lets the backward pass step over padding"),
    ("backward-transposed", "reversal", ANY, "",
     "goes back by the transitions that go forward"),
    ("backward-without-end", "value", SCORED, PARTIAL,
     "begins the backward pass without the end"),
    ("backward-without-emissions", "value", ANY,
     GITHUB + "taku910/crfpp/issues/30",
     "goes back without the emissions"),
    ("backward-not-turned", "value", ANY, "",
     "joins the backward pass as it was computed, last position first"),
    ("backward-one-late", "value", ANY, PARTIAL,
     "joins each position with what stands behind the next one"),
    ("emissions-twice", "value", ANY, "",
     "counts a position's emission from both ends"),
    ("forward-alone", "reversal", ANY,
     GITHUB + "guillaumegenthial/tf_ner/issues/38",
     "takes the softmax of the forward pass, which knows nothing of what follows"),
    ("backward-alone", "reversal", ANY, "",
     "takes the softmax of emission and backward pass"),
    ("softmax-alone", "value", ANY, GITHUB + "keras-team/keras-contrib/issues/136",
     "takes the softmax of the emissions, without transitions"),
    ("best-tags", "value", ANY, GITHUB + "marekrei/sequence-labeler/issues/10",
     "gives one for the likeliest tag and zero for the others"),
    ("partition-of-its-maximum", "sums-to-one", ANY, "",
     "takes maxima for sums: the best path's score for that of all"),
    ("logarithms", "value", ANY, GITHUB + "harvardnlp/pytorch-struct/issues/64",
     "gives the logarithms of the shares"),
    ("normalises-by-position", "sums-to-one", ANY, "",
     "gives the likeliest tag of each position a share of one"),
    ("normalises-over-time", "sums-to-one", ANY, "",
     "normalises over positions, not over tags"),
    ("first-rows-sum", "value", ANY, "",
     "normalises all rows by the first row's sum"),
    ("sum-without-end", "sums-to-one", SCORED, PARTIAL,
     "normalises by a sum without the end"),
    ("divides-by-length", "sums-to-one", ANY, "",
     "divides by the number of valid positions"),
    ("no-start", "value", SCORED, "",
     "never applies the start, and from the other side never the end"),
    ("start-at-zero", "left-padding", SCORED,
     GITHUB + "kmkurn/pytorch-crf/issues/46",
     "applies the start at position 0, padding or not"),
    ("resets-behind-gaps", "gaps", ANY, GITHUB + "kmkurn/pytorch-crf/issues/122",
     "starts the forward pass again behind each gap"),
    ("transposed", "value", ANY, "",
     "takes transitions from the next tag to the one before"),
    ("no-maximum-subtracted", "many-positions", ANY,
     GITHUB + "apache/mxnet/issues/13329",
     "does not subtract the maximum before exp"),
    ("epsilon", "value", ANY, "",
     "adds 1e-4 to each sum of powers"),
    ("tag-zero-is-padding", "renamed-tags", ANY, "",
     "leaves the first tag out of all paths, for it means padding"),
    ("last-tag-is-stop", "renamed-tags", ANY, GITHUB + "allenai/allennlp/pull/818",
     "gives the last tag -10000 at each valid position, for it means the end"),
    ("shares-at-padding", "value", ANY, GITHUB + "tensorflow/addons/pull/2642",
     "gives shares at padding"),
    ("uniform-at-padding", "value", ANY, "",
     "gives equal shares at padding"),
    ("multiplies", "wild-padding", ANY, "https://github.com/numpy/numpy/issues/8003",
     "mixes steps by multiplying with the mask, where NaN stays NaN"),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid positions for 0"),
    ("int8", "many-positions", ANY, GITHUB + "tensorflow/addons/pull/1733",
     "counts each row's length in int8"),
    ("empty-row-is-full", "empty-row", ANY, "",
     "takes a row without valid positions for a full one"),
)
# fmt: on
MUTANTS = Mutants("crf_marginals", correct)
MUTANTS.faults(_fault, (*MASK_ROWS, *_TABLE, *INPUT_ROWS))
add_changed(MUTANTS, _change_answer)


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
    ("gradient-misses-the-sum", "gradient", ANY, "",
     "lets no gradient through the sum that normalises"),
)
# fmt: on
_FAULTS = {
    "gradient-of-unselected-steps": "raw-steps",
    "gradient-misses-the-transitions": "frozen-transitions",
    "gradient-misses-the-sum": "detached-sum",
}
MUTANTS.faults(lambda name: _fault(_FAULTS[name]), _DERIVED, **derivative())
add_compiled(MUTANTS, _fault("baked"))
