"""Convolutions with a stride made wrong on purpose, most of them in their lengths."""

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
from conformance.operations.strided_conv1d.mutants_formulas import (
    LENGTHS,
    OFFSETS,
    correct,
    moved,
    subsample,
    with_length,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

GITHUB = "https://github.com/"
VALID = ("strided_conv1d.valid.*",)
HALF = ("strided_conv1d.half.*",)
CAUSAL = ("strided_conv1d.causal.*",)


def _change_answer(
    change: Callable[..., Any], xp: Any, x: Any, mask: Any, *rest: Any, **options: Any
) -> Any:
    """The right answers, then changed."""
    found = correct(xp, x, mask, *rest, **options)
    return change(xp, found, read_mask(xp, x, mask))


def _fault(name: str) -> Callable[..., Any]:
    return partial(subsample, fault=name)


# fmt: off
_TABLE: tuple[Row, ...] = (
    ("no-mask-before", "value", HALF, GITHUB + "espnet/espnet/pull/6660",
     "reads what stands at padding in the last window, and masks its answer alone"),
    ("no-mask-after", "zero-at-padding", ANY, GITHUB + "pytorch/audio/issues/4205",
     "sets padding to zero before and leaves windows behind the row's length"),
    ("bias-after-the-mask", "bias-apart", ANY,
     GITHUB + "harvardnlp/sent-conv-torch/issues/34",
     "adds the bias to the masked answer, so that padding is the bias"),
    ("no-bias", "bias-apart", ANY, "",
     "never adds the bias"),
    ("rectifies", "superposition", ANY, "",
     "gives max(y, 0)"),
    ("divides-by-neighbours", "value", (*HALF, *CAUSAL), "",
     "divides by the share of the window that is valid"),
    ("repeats-the-edge", "value", HALF, "",
     "repeats a row's last valid position behind it, where zeros belong"),
    ("kernel-turned", "value", ANY, "",
     "reads the kernel from its end"),
    ("centred", "causal", CAUSAL, GITHUB + "golbin/WaveNet/issues/5",
     "pads both sides of the row where only the past may be seen"),
    ("no-dilation", "value", CAUSAL, "",
     "takes neighbours whatever the dilation"),
    ("multiplies", "wild-padding", HALF, GITHUB + "numpy/numpy/issues/8003",
     "multiplies x by the mask, where NaN stays NaN"),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid positions for 0"),
    ("empty-row-is-full", "empty-row", ANY, "",
     "takes a row without valid positions for a full one"),
)
_LENGTHS: tuple[Row, ...] = (
    ("mask-sliced-by-the-stride", "value", VALID,
     GITHUB + "espnet/espnet/issues/3037",
     "takes the mask at each window's first position, so that the last one is cut"),
    ("length-over-stride", "value", (*HALF, *CAUSAL), GITHUB + "apple/axlearn/pull/801",
     "divides the length by the stride and rounds down, whatever the window"),
    ("rounds-the-length-up", "value", VALID, GITHUB + "BVLC/caffe/issues/4781",
     "rounds the length up where a whole window no longer fits"),
    ("one-too-few", "value", ANY, GITHUB + "openspeech-team/openspeech/issues/76",
     "takes one off the length that comes out"),
    ("one-too-many", "value", (*HALF, *CAUSAL),
     GITHUB + "huggingface/transformers/issues/39214",
     "counts one position behind the length that comes out"),
    ("divides-to-zero", "lengths", VALID, GITHUB + "Blaizzy/mlx-vlm/pull/1886",
     "divides towards zero, so that a row one short of a window comes out"),
    ("at-least-one", "value", VALID, "",
     "lets every row come out with one position at least"),
    ("share-of-the-longest", "lengths", VALID,
     GITHUB + "speechbrain/speechbrain/issues/1129",
     "keeps lengths as shares of the longest one, and rounds what comes out of them"),
    ("length-of-the-input", "value", ANY,
     GITHUB + "sgl-project/sglang-omni/pull/1879",
     "masks what comes out with the lengths that went in"),
    ("no-dilation-in-the-length", "value", ("strided_conv1d.valid.2.2",),
     GITHUB + "webmachinelearning/webnn/issues/222",
     "leaves the dilation out of the length"),
    ("windows-that-touch", "zero-at-padding", (*HALF, *CAUSAL), "",
     "keeps an answer wherever its window has a valid position"),
    ("length-in-int8", "long-lengths", ANY, "",
     "keeps the length that comes out in int8"),
    ("length-in-bfloat16", "long-lengths",
     ("strided_conv1d.valid.2.1", *HALF, *CAUSAL), "",
     "keeps the length that comes out in bfloat16"),
)
_OFFSETS: tuple[Row, ...] = (
    ("left-by-the-padded-length", "extra-padding", HALF,
     GITHUB + "pytorch/pytorch/pull/45667",
     "puts fewer zeros before the row where T is even, as SAME in TensorFlow does"),
    ("windows-from-the-end", "extra-padding", (*VALID, *CAUSAL), "",
     "begins the windows so that the last one ends with the padded row"),
    ("a-stride-less-before", "value", CAUSAL, GITHUB + "apple/axlearn/pull/801",
     "pads the past with K - stride zeros, and sees ahead"),
)
# fmt: on
_EVERYWHERE = {"mask-as-lengths", "everything-up-to-the-last"}
"""What is no mistake where padding is on the right alone."""

MUTANTS = Mutants("strided_conv1d", correct)
MUTANTS.faults(
    _fault,
    (*(row for row in MASK_ROWS if row[0] not in _EVERYWHERE), *_TABLE, *INPUT_ROWS),
)
MUTANTS.faults(lambda name: partial(with_length, LENGTHS[name]), _LENGTHS)
MUTANTS.faults(lambda name: partial(moved, OFFSETS[name]), _OFFSETS)
add_changed(MUTANTS, _change_answer)


@MUTANTS.wrong(
    "value", raw=True, url=GITHUB + "kamo-naoyuki/pytorch_convolutional_rnn/issues/2"
)
def no_stride(xp: Any, x: Any, mask: Any, *weights: Any, **options: Any) -> Any:
    """Takes the first answers without a stride, as many as come out with it."""
    right = correct(xp, x, mask, *weights, **options)
    dense = subsample(
        xp, x, mask, *weights, **{**options, "stride": 1}, fault="no-mask-after"
    )
    here = xp.any(right != 0, axis=2, keepdims=True)
    found = dense[:, : right.shape[1]]
    return xp.where(here, found, xp.zeros_like(found))


@MUTANTS.gradient()
def gradient_leaks_to_padding(xp: Any, x: Any, *rest: Any, **options: Any) -> Any:
    """Sends a gradient to padding, behind a right value."""
    return correct(xp, x, *rest, **options) + (x - x.detach()).sum()


# fmt: off
_DERIVED: tuple[Row, ...] = (
    ("gradient-of-the-other-branch", "wild-gradient", ANY,
     GITHUB + "tensorflow/tensorflow/issues/6209",
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
    url=GITHUB + "tensorflow/tensorflow/issues/31636",
)
