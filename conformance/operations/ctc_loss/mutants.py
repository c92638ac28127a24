"""CTC losses made wrong on purpose, most of them as people made them."""

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
from conformance.operations.ctc_loss.mutants_formulas import correct, loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

GITHUB = "https://github.com/"
TORCH = GITHUB + "pytorch/pytorch/"
FLOW = GITHUB + "tensorflow/tensorflow/"
EACH = ("ctc_loss.*.none.*",)
MEAN = ("ctc_loss.*.mean.*",)
INFINITE = ("ctc_loss.*.infinite",)
ZEROED = ("ctc_loss.*.zeroed",)


def _change_answer(
    change: Callable[..., Any], xp: Any, *tensors: Any, **how: Any
) -> Any:
    """The right losses, then changed; a mean has no rows to change."""
    found = correct(xp, *tensors, **how)
    return change(xp, found, read_mask(xp, *tensors[2:])) if found.ndim else found


def _fault(name: str) -> Callable[..., Any]:
    return partial(loss, fault=name)


# fmt: off
_TABLE: tuple[Row, ...] = (
    ("frames-set-to-zero", "value", ANY, GITHUB + "NVIDIA/OpenSeq2Seq/issues/393",
     "sets padded frames' logits to zero and counts them as frames"),
    ("takes-label-padding", "label-padding", ANY,
     GITHUB + "keras-team/keras/issues/3589",
     "takes what stands at label padding for labels"),
    ("label-lengths-of-the-longest", "value", ANY, "",
     "uses the longest row's number of labels for all rows"),
    ("zero-is-no-label", "value", ("ctc_loss.last.*",),
     GITHUB + "keras-team/keras/issues/21876",
     "counts the labels that are not zero, which with the blank last is a class"),
    ("at-least-one-label", "no-labels", ANY, GITHUB + "open-mmlab/mmocr/pull/1618",
     "raises the number of labels to one"),
    ("drops-the-last-label", "value", ANY,
     GITHUB + "FangShancheng/ABINet/issues/65",
     "takes one label less, as if the last one were an end"),
    ("reads-label-padding", "no-class", ANY, "",
     "looks up the class at label padding before it applies the mask"),
    ("collapses-repeats", "value", ANY, GITHUB + "scionoftech/DeepAsr/pull/1",
     "merges equal labels before it looks for paths"),
    ("repeats-need-no-blank", "sums-to-one", ANY,
     GITHUB + "githubharald/SimpleHTR/issues/28",
     "lets equal labels follow each other without a blank"),
    ("never-skips-the-blank", "value", ANY, "",
     "asks for a blank between all labels"),
    ("never-repeats-a-class", "value", ANY, FLOW + "issues/12215",
     "gives a label one frame alone, as ctc_merge_repeated=False does"),
    ("starts-with-a-blank", "reversal", ANY, "",
     "asks for a blank in the first frame"),
    ("ends-with-a-blank", "reversal", ANY, "",
     "asks for a blank in the last frame"),
    ("best-path", "value", ANY, FLOW + "issues/15028",
     "takes the best path for the sum over all"),
    ("blank-last", "value", ("ctc_loss.first.*",),
     GITHUB + "apache/mxnet/pull/7727",
     "takes the last class for the blank, not the first"),
    ("blank-first", "value", ("ctc_loss.last.*",),
     GITHUB + "tensorflow/community/pull/295",
     "takes the first class for the blank, not the last"),
    ("not-normalised", "shift", ANY, GITHUB + "gwx314/STARS/issues/9",
     "takes logits for logarithms of probabilities"),
    ("softmax-twice", "value", ANY,
     GITHUB + "SeanNaren/deepspeech.pytorch/issues/121",
     "takes the softmax of the softmax"),
    ("epsilon", "value", ANY, "",
     "adds 1e-7 to each probability before the logarithm"),
    ("no-maximum-subtracted", "many-frames", ANY, GITHUB + "apache/mxnet/pull/7727",
     "adds probabilities of paths, not their logarithms"),
    ("int8", "many-frames", ANY, "https://github.com/tensorflow/addons/pull/1733",
     "counts each row's frames in int8"),
    ("divides-by-frames", "value", ANY, GITHUB + "SeanNaren/warp-ctc/pull/21",
     "divides by the number of frames"),
    ("mean-without-lengths", "value", MEAN, TORCH + "issues/19838",
     "takes the mean of the losses, not of the losses by label"),
    ("mean-over-all-labels", "value", MEAN, TORCH + "issues/69016",
     "divides the sum of the losses by the number of all labels"),
    ("mean-by-padded-labels", "label-padding", MEAN, "",
     "divides by the padded number of labels"),
    ("mean-over-all-rows", "empty-row", MEAN, "",
     "counts rows without frames in the mean's divisor"),
    ("mean-over-possible-rows", "impossible", MEAN, "",
     "leaves impossible rows out of the mean's divisor"),
    ("divides-by-no-labels", "no-labels", MEAN, TORCH + "issues/18215",
     "divides by zero where a row has no labels"),
    ("zeroes-infinity", "impossible", INFINITE,
     GITHUB + "chainer/chainer/issues/5614",
     "gives zero for an impossible row, whatever it was asked for"),
    ("never-is-minus-1e5", "impossible", INFINITE,
     GITHUB + "google-deepmind/optax/pull/321",
     "takes -1e5 for the logarithm of what never happens"),
    ("keeps-infinity", "impossible", ZEROED, TORCH + "issues/31557",
     "gives infinity for an impossible row, where zero was asked for"),
    ("zeroes-nan", "valid-nan", ZEROED, GITHUB + "wenet-e2e/wenet/pull/2299",
     "gives zero for a row with NaN at a valid frame"),
    ("infinity-spreads", "impossible", ANY, "",
     "takes all rows for impossible if one is"),
    ("no-labels-no-loss", "no-labels", ANY, TORCH + "pull/23298",
     "gives zero for a row without labels"),
    ("multiplies", "wild-padding", ANY, GITHUB + "google-deepmind/optax/pull/293",
     "multiplies what a padded frame adds by zero, where NaN stays NaN"),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid frames for 0"),
)
# fmt: on
MUTANTS = Mutants("ctc_loss", correct, zero_time=True)
MUTANTS.faults(_fault, (*MASK_ROWS, *_TABLE, *INPUT_ROWS))
add_changed(MUTANTS, _change_answer)


@MUTANTS.gradient(url=FLOW + "issues/41280")
def gradient_leaks_to_padding(
    xp: Any, labels: Any, label_mask: Any, logits: Any, mask: Any, **how: Any
) -> Any:
    """Sends a gradient to padding, behind a right value."""
    leak = (logits - logits.detach()).sum()
    return correct(xp, labels, label_mask, logits, mask, **how) + leak


@MUTANTS.gradient(
    "impossible-gradient", url=GITHUB + "rwth-i6/returnn/issues/1835", variants=ZEROED
)
def gradient_of_impossible_rows(
    xp: Any, labels: Any, label_mask: Any, logits: Any, mask: Any, **how: Any
) -> Any:
    """Gives an impossible row the gradient of its frames' softmax, and no loss."""
    found = correct(xp, labels, label_mask, logits, mask, **how)
    each = how | {"reduction": "none", "zero_infinity": False}
    alone = correct(xp, labels, label_mask, logits, mask, **each)
    keep = read_mask(xp, logits, mask) & xp.isinf(alone)[:, None]
    shares = logits.detach().softmax(dim=2)
    moved = xp.where(keep[..., None], shares * (logits - logits.detach()), 0.0)
    rows = moved.sum(dim=(1, 2))
    return found + (rows if found.ndim else rows.sum())


# fmt: off
_DERIVED: tuple[Row, ...] = (
    ("gradient-of-unselected-steps", "wild-gradient", ANY,
     GITHUB + "rwth-i6/returnn/pull/1094",
     "steps over NaN at padding and selects afterwards: NaN in the gradient"),
    ("gradient-of-logarithms-alone", "gradient", ANY, TORCH + "issues/52241",
     "lets no gradient through the softmax's denominator"),
)
# fmt: on
_FAULTS = {
    "gradient-of-unselected-steps": "raw-steps",
    "gradient-of-logarithms-alone": "detached-normaliser",
}
MUTANTS.faults(lambda name: _fault(_FAULTS[name]), _DERIVED, **derivative())
add_compiled(MUTANTS, _fault("baked"))
