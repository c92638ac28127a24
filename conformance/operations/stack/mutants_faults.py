"""What goes wrong in a stack: each mask left out alone, and other mistakes.

A row is a mutant: its name, the law that it breaks first, the variants that show it, a
thread, what is wrong, and the fault.
"""

from __future__ import annotations

from conformance.operations._common.mutant import ANY
from conformance.operations.stack.mutants_layer import Fault

FaultRow = tuple[str, str, tuple[str, ...], str, str, Fault]

SEQUENCE = ("stack.*.sequence",)
FINAL = ("stack.*.final",)
GATED = ("stack.lstm.*", "stack.gru.*")
BOTH = ("first", "second")
_AUDIO = "https://github.com/pytorch/audio/issues/4205"
_TTS = "https://github.com/mozilla/TTS/issues/429"
_KERAS = "https://github.com/keras-team/keras/issues/"

# fmt: off
LEFT_OUT: tuple[FaultRow, ...] = (
    ("no-mask-before-the-first-layer", "row-by-row", ANY, _KERAS + "1300",
     "gives the first recurrent layer no mask, and masks everything behind it",
     Fault(unmasked=("first",))),
    ("no-mask-before-the-convolution", "row-by-row", ANY, _AUDIO,
     "lets the convolution read what the first layer carries to padding",
     Fault(first="shows-carried", convolution="no-mask-before")),
    ("no-mask-before-the-second-layer", "row-by-row", ANY, _TTS,
     "lets the second layer step over what the convolution leaves at padding",
     Fault(convolution="no-mask-after", unmasked=("second",))),
    ("no-mask-behind-the-second-layer", "zero-at-padding", SEQUENCE,
     "https://github.com/tensorflow/tensorflow/issues/49241",
     "shows at padding what the second recurrent layer carries there",
     Fault(second="shows-carried", shown=True)),
)
# fmt: on
"""Each mask of the stack, left out alone while all others stand."""

# fmt: off
OTHERS: tuple[FaultRow, ...] = (
    ("zeroes-but-steps", "row-by-row", ANY, "https://kexue.fm/archives/6810",
     "sets padding to zero before and behind every layer, and steps over the zeros",
     Fault(before="zeros", unmasked=BOTH)),
    ("masks-the-input-alone", "row-by-row", ANY, _KERAS + "411",
     "sets the input to zero at padding, and no layer hears of it again",
     Fault(before="zeros", unmasked=BOTH, convolution="masks-nothing", shown=True)),
    ("masks-the-answer-alone", "row-by-row", ANY,
     "https://github.com/NVIDIA/OpenSeq2Seq/issues/69",
     "lets every layer read padding and sets the answer there to zero",
     Fault(unmasked=BOTH, convolution="masks-nothing")),
    ("mask-lost-in-the-convolution", "row-by-row", SEQUENCE, _KERAS + "20113",
     "loses the mask in the convolution, and what comes behind it has none",
     Fault(unmasked=("second",), convolution="masks-nothing", shown=True)),
    ("steps-over-zeros-between", "row-by-row", ANY, "",
     "sets padding to zero behind the convolution and lets the second layer step",
     Fault(unmasked=("second",))),
    ("second-layer-reverses-the-padded-row", "value", ANY, _KERAS + "4192",
     "reverses the whole padded row in the second layer, but not its mask",
     Fault(second="mask-not-reversed")),
    ("first-layer-reverses-the-padded-row", "value", ANY, _KERAS + "4192",
     "reverses the whole padded row in the first layer, but not its mask",
     Fault(first="mask-not-reversed")),
    ("convolution-closes-gaps", "gaps", ANY, "",
     "closes gaps up before the convolution, as a recurrent layer does",
     Fault(convolution="gaps-closed")),
    ("resets-behind-gaps", "gaps", ANY, "",
     "starts the second layer again from zeros behind each gap",
     Fault(second="resets-at-padding")),
    ("convolution-without-bias", "value", ANY, "",
     "never adds the convolution's bias", Fault(convolution="no-bias")),
    ("convolution-rectifies", "value", ANY, "",
     "gives max(y, 0) behind the convolution", Fault(convolution="rectifies")),
    ("convolution-divides-by-neighbours", "value", ANY, "",
     "divides the convolution by the share of its window that is valid",
     Fault(convolution="divides-by-neighbours")),
    ("one-direction", "value", ANY, "",
     "uses the forward weights of the second layer in both directions",
     Fault(second="one-direction")),
    ("halves-swapped", "value", ANY, "",
     "gives the convolution the first layer's backward half first",
     Fault(first="halves-swapped")),
    ("gates-swapped", "value", GATED, "",
     "swaps the first two gates of the second layer", Fault(second="gates-swapped")),
    ("final-at-the-edge", "row-by-row", FINAL, _KERAS + "1569",
     "takes the final output at the padded row's edge, zero there",
     Fault(second="final-at-the-edge")),
    ("both-finals-at-the-end", "value", FINAL,
     "https://github.com/allenai/allennlp/issues/1713",
     "takes both final outputs at the last valid position",
     Fault(second="both-finals-at-the-end")),
    ("mean-for-final", "value", FINAL, "",
     "gives the mean of the outputs, not the final one",
     Fault(second="mean-for-final")),
    ("multiplies", "wild-padding", ANY, "https://github.com/numpy/numpy/issues/8003",
     "multiplies the input by the mask, where NaN stays NaN, and steps there",
     Fault(before="product", first="multiplies")),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid positions for 0", Fault(before="nan")),
    ("empty-row-is-full", "empty-row", ANY,
     "https://github.com/pytorch/pytorch/issues/11514",
     "takes a row without valid positions for a full one",
     Fault(mask="empty-row-is-full")),
)
# fmt: on
"""Mistakes of another kind, in one layer or in all of them."""

INPUT_FAULTS = {
    "writes-its-input": Fault(before="write"),
    "reads-memory": Fault(before="memory"),
    "bitwise": Fault(mask="bitwise"),
}
"""What is done to the inputs, by the name of its row."""

# fmt: off
DERIVED: tuple[FaultRow, ...] = (
    ("gradient-of-the-other-branch", "wild-gradient", ("stack.simple.final",),
     "https://github.com/tensorflow/tensorflow/issues/6209",
     "selects after a product whose derivative at padding is NaN times zero",
     Fault(before="padding")),
    ("gradient-stops-between-layers", "gradient", ("stack.simple.sequence",), "",
     "lets no gradient through from the second layer to the convolution",
     Fault(between="detach")),
    ("gradient-misses-the-kernel", "gradient", ("stack.simple.final",), "",
     "lets no gradient reach the convolution's kernel",
     Fault(convolution="frozen-kernel")),
)
# fmt: on
"""Right answers whose derivative is wrong."""
