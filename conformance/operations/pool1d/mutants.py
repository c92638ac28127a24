"""Pools made wrong on purpose: what is in a window, and how many there are."""

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
from conformance.operations.pool1d.mutants_formulas import correct, pool
from conformance.operations.strided_conv1d.mutants_formulas import LENGTHS, OFFSETS

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

GITHUB = "https://github.com/"
VALID = ("pool1d.*.valid.*",)
HALF = ("pool1d.*.half.*",)
CAUSAL = ("pool1d.*.causal.*",)
AHEAD = ("pool1d.*.ahead.*",)
SHORTER = ("pool1d.average.half.*", "pool1d.average.ahead.*")
"""Averages whose last windows may have fewer positions."""
MAXIMUM = ("pool1d.maximum.*",)


def _change_answer(
    change: Callable[..., Any], xp: Any, x: Any, mask: Any, **options: Any
) -> Any:
    """The right answers, then changed."""
    return change(xp, correct(xp, x, mask, **options), read_mask(xp, x, mask))


def _fault(name: str) -> Callable[..., Any]:
    return partial(pool, fault=name)


# fmt: off
_TABLE: tuple[Row, ...] = (
    ("no-mask-before", "value", (*HALF, *AHEAD),
     GITHUB + "PaddlePaddle/Paddle/issues/20973",
     "pools what stands at padding in the last window, and masks its answer alone"),
    ("no-mask-after", "zero-at-padding", (*VALID, *HALF, *CAUSAL),
     GITHUB + "pytorch/audio/issues/4205",
     "leaves what windows behind the row's length have"),
    ("divides-by-the-window", "constant", SHORTER, GITHUB + "google/flax/issues/2401",
     "divides by the window's length, however many positions are valid"),
    ("divides-by-the-padded-row", "constant", SHORTER,
     GITHUB + "BVLC/caffe/issues/6297",
     "divides by the positions inside the padded row, padding included"),
    ("counts-what-is-not-zero", "value", ("pool1d.average.*",),
     GITHUB + "Tencent/ncnn/issues/924",
     "divides by the number of values that are not zero"),
    ("sums", "constant", ("pool1d.average.*",), "",
     "gives the sum of a window"),
    ("the-other-pool", "value", ANY, "",
     "gives the maximum where the average is asked for, and the other way round"),
    ("zero-in-windows", "constant", MAXIMUM, GITHUB + "pytorch/pytorch/issues/33382",
     "lets zeros beside the row win over negative values"),
    ("padding-is-minus-1e4", "large-values", MAXIMUM, "",
     "takes -1e4 for minus infinity beside the row, which smaller values lose to"),
    ("nothing-of-nothing", "zero-at-padding", (*AHEAD, *MAXIMUM),
     GITHUB + "apache/mxnet/issues/6191",
     "gives NaN or minus infinity for windows without a valid position"),
    ("largest-magnitude", "value", MAXIMUM, "",
     "gives the largest magnitude, without the sign"),
    ("multiplies", "wild-padding", (*HALF, *AHEAD), GITHUB + "numpy/numpy/issues/8003",
     "multiplies x by the mask, where NaN stays NaN"),
    ("no-stride", "value", ANY,
     GITHUB + "kamo-naoyuki/pytorch_convolutional_rnn/issues/2",
     "takes the first windows without a stride, as many as come out with it"),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid positions for 0"),
    ("empty-row-is-full", "empty-row", ANY, "",
     "takes a row without valid positions for a full one"),
)
_LENGTHS: tuple[Row, ...] = (
    ("mask-sliced-by-the-stride", "value", VALID, GITHUB + "espnet/espnet/issues/3037",
     "takes the mask at each window's first position, so that the last one is cut"),
    ("length-over-stride", "value", (*HALF, *CAUSAL, *AHEAD),
     GITHUB + "weinman/cnn_lstm_ctc_ocr/issues/11",
     "divides the length by the stride and rounds down, whatever the window"),
    ("rounds-the-length-up", "value", VALID, GITHUB + "BVLC/caffe/issues/4781",
     "rounds the length up where a whole window no longer fits"),
    ("one-too-few", "value", ANY, GITHUB + "openspeech-team/openspeech/issues/76",
     "takes one off the length that comes out"),
    ("divides-to-zero", "lengths", VALID, GITHUB + "Blaizzy/mlx-vlm/pull/1886",
     "divides towards zero, so that a row one short of a window comes out"),
    ("at-least-one", "value", VALID, "",
     "lets every row come out with one position at least"),
    ("share-of-the-longest", "lengths", VALID,
     GITHUB + "speechbrain/speechbrain/issues/1129",
     "keeps lengths as shares of the longest one, and rounds what comes out of them"),
    ("length-of-the-input", "zero-at-padding", (*VALID, *HALF, *CAUSAL),
     GITHUB + "sgl-project/sglang-omni/pull/1879",
     "masks what comes out with the lengths that went in"),
    ("windows-that-touch", "zero-at-padding", (*HALF, *CAUSAL), "",
     "keeps an answer wherever its window has a valid position"),
    ("length-in-int8", "long-lengths", ANY, "",
     "keeps the length that comes out in int8"),
    ("length-in-bfloat16", "long-lengths", ANY, "",
     "keeps the length that comes out in bfloat16"),
)
_OFFSETS: tuple[Row, ...] = (
    ("left-by-the-padded-length", "extra-padding", HALF,
     GITHUB + "pytorch/pytorch/pull/45667",
     "puts fewer zeros before the row where T is even, as SAME in TensorFlow does"),
    ("windows-from-the-end", "extra-padding", (*VALID, *CAUSAL, *AHEAD), "",
     "begins the windows so that the last one ends with the padded row"),
    ("a-stride-less-before", "value", CAUSAL, GITHUB + "apple/axlearn/pull/801",
     "begins its windows a stride less one later, and sees ahead"),
)
# fmt: on
_EVERYWHERE = {"mask-as-lengths", "everything-up-to-the-last"}
"""What is no mistake where padding is on the right alone."""

MUTANTS = Mutants("pool1d", correct)
MUTANTS.faults(
    _fault,
    (*(row for row in MASK_ROWS if row[0] not in _EVERYWHERE), *_TABLE, *INPUT_ROWS),
)
MUTANTS.faults(lambda name: partial(pool, length=LENGTHS[name]), _LENGTHS)
MUTANTS.faults(lambda name: partial(pool, offset=OFFSETS[name]), _OFFSETS)
add_changed(MUTANTS, _change_answer)
gradient = MUTANTS.gradient


@gradient()
def gradient_leaks_to_padding(xp: Any, x: Any, mask: Any, **options: Any) -> Any:
    """Sends a gradient to padding, behind a right value."""
    return correct(xp, x, mask, **options) + (x - x.detach()).sum()


@gradient(variants=SHORTER)
def gradient_divides_by_the_window(xp: Any, x: Any, mask: Any, **options: Any) -> Any:
    """Divides the derivative by the window's length, behind a right value."""
    other = pool(xp, x, mask, **options, fault="divides-by-the-window")
    return correct(xp, x, mask, **options).detach() + (other - other.detach())


@gradient(variants=MAXIMUM)
def gradient_to_the_whole_window(xp: Any, x: Any, mask: Any, **options: Any) -> Any:
    """Shares the derivative of the largest value among all of its window."""
    other = pool(xp, x, mask, **options, fault="the-other-pool")
    return correct(xp, x, mask, **options).detach() + (other - other.detach())


MUTANTS.add(
    "gradient-of-the-other-branch",
    "wild-gradient",
    "selects after a product whose derivative at padding is NaN times zero",
    _fault("adds-what-is-zero"),
    url=GITHUB + "tensorflow/tensorflow/issues/6209",
    **derivative(),
)
add_compiled(
    MUTANTS, _fault("baked"), url=GITHUB + "tensorflow/tensorflow/issues/31636"
)
