"""Convolutions made wrong on purpose: what is wrong, and which law it breaks first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import after_last, read_mask
from conformance.operations._common.layers import (
    INPUT_ROWS,
    MASK_ROWS,
    add_changed,
    add_compiled,
)
from conformance.operations._common.mutant import ANY, Mutants, derivative
from conformance.operations.conv1d.mutants_formulas import convolution, correct

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

SAME = ("conv1d.same.*",)
CAUSAL = ("conv1d.causal.*",)
VALID = ("conv1d.valid.*",)
DILATED = ("conv1d.*.2",)


def _change_answer(
    change: Callable[..., Any], xp: Any, x: Any, mask: Any, *rest: Any, **options: Any
) -> Any:
    """The right convolution, then changed."""
    found = correct(xp, x, mask, *rest, **options)
    return change(xp, found, read_mask(xp, x, mask))


def _fault(name: str) -> Callable[..., Any]:
    return partial(convolution, fault=name)


# fmt: off
_TABLE: tuple[Row, ...] = (
    ("no-mask-before", "value", ANY, "https://github.com/pytorch/audio/issues/4205",
     "reads what stands at padding, and masks its answer alone"),
    ("no-mask-after", "zero-at-padding", ANY,
     "https://github.com/facebookresearch/fairseq/pull/4613",
     "sets padding to zero before and leaves the bias and the row's end over it"),
    ("bias-after-the-mask", "bias-apart", ANY,
     "https://github.com/harvardnlp/sent-conv-torch/issues/34",
     "adds the bias to the masked answer, so that padding is the bias"),
    ("floor", "zero-at-padding", ANY, "",
     "leaves 1e-6 at padding"),
    ("no-bias", "bias-apart", ANY, "",
     "never adds the bias"),
    ("bias-twice", "bias-apart", ANY, "",
     "adds the bias twice"),
    ("rectifies", "superposition", ANY, "",
     "gives max(y, 0)"),
    ("divides-by-neighbours", "value", (*SAME, *CAUSAL), "",
     "divides by the share of the window that is valid"),
    ("repeats-the-edge", "value", SAME, "",
     "repeats a row's last valid position behind it, where zeros belong"),
    ("kernel-turned", "value", ANY, "",
     "reads the kernel from its end"),
    ("more-zeros-before", "value", ("conv1d.same.1",),
     "https://github.com/pytorch/pytorch/pull/45667",
     "puts the odd zero of an even kernel before the row, not behind it"),
    ("centred", "causal", CAUSAL, "https://github.com/golbin/WaveNet/issues/5",
     "pads both sides of the row where only the past may be seen"),
    ("one-ahead", "causal", CAUSAL, "https://github.com/locuslab/TCN/issues/12",
     "pads one position too few before the row and sees one ahead"),
    ("no-dilation", "value", DILATED, "",
     "takes neighbours whatever the dilation"),
    ("windows-inside-only", "value", (*SAME, *CAUSAL), "",
     "keeps an answer only where both neighbours are valid"),
    ("windows-that-touch", "zero-at-padding", (*SAME, *CAUSAL), "",
     "keeps an answer wherever a neighbour is valid"),
    ("mask-cut-behind", "zero-at-padding", VALID,
     "https://github.com/SeanNaren/deepspeech.pytorch/issues/491",
     "masks the shorter answer with the first positions of the mask"),
    ("mask-cut-before", "left-padding", VALID, "",
     "masks the shorter answer with the last positions of the mask"),
    ("no-gap-in-a-window", "gaps", VALID, "",
     "drops an answer whose window has a gap in it"),
    ("gaps-closed", "gaps", (*SAME, *CAUSAL), "",
     "closes gaps up before it convolves, and opens them again"),
    ("multiplies", "wild-padding", ANY, "https://github.com/numpy/numpy/issues/8003",
     "multiplies x by the mask, where NaN stays NaN"),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid positions for 0"),
    ("empty-row-is-full", "empty-row", ANY, "",
     "takes a row without valid positions for a full one"),
)
# fmt: on
MUTANTS = Mutants("conv1d", correct)
MUTANTS.faults(_fault, (*MASK_ROWS, *_TABLE, *INPUT_ROWS))
add_changed(MUTANTS, _change_answer)


@MUTANTS.wrong("extra-padding", variants=(*SAME, *CAUSAL), around=_change_answer)
def cut_to_the_longest_row(xp: Any, found: Any, keep: Any) -> Any:
    """Cuts the answer to the longest row."""
    return found[:, : max(int(xp.max(after_last(xp, keep))), 1)]


@MUTANTS.gradient()
def gradient_leaks_to_padding(xp: Any, x: Any, *rest: Any, **options: Any) -> Any:
    """Sends a gradient to padding, behind a right value."""
    return correct(xp, x, *rest, **options) + (x - x.detach()).sum()


# fmt: off
_DERIVED: tuple[Row, ...] = (
    ("gradient-of-the-other-branch", "wild-gradient", ANY,
     "https://github.com/tensorflow/tensorflow/issues/6209",
     "selects after a product whose derivative at padding is NaN times zero"),
    ("gradient-misses-the-kernel", "gradient", ANY, "",
     "lets no gradient reach the kernel"),
    ("gradient-misses-the-bias", "gradient", ANY, "",
     "lets no gradient reach the bias"),
)
# fmt: on
_FAULTS = {
    "gradient-of-the-other-branch": "adds-what-is-zero",
    "gradient-misses-the-kernel": "frozen-kernel",
    "gradient-misses-the-bias": "frozen-bias",
}
MUTANTS.faults(lambda name: _fault(_FAULTS[name]), _DERIVED, **derivative())
add_compiled(
    MUTANTS,
    _fault("baked"),
    url="https://github.com/tensorflow/tensorflow/issues/31636",
)
