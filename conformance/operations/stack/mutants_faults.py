"""What goes wrong in a stack: each mask left out alone, and other mistakes.

A row is a mutant: name, what is wrong, the law that it breaks first, the variants that
show it, a thread, and the fault.
"""

from __future__ import annotations

from conformance.operations.stack.mutants_layer import Fault

Row = tuple[str, str, str, tuple[str, ...], str, Fault]

SEQUENCE = ("stack.*.sequence",)
FINAL = ("stack.*.final",)
GATED = ("stack.lstm.*", "stack.gru.*")
EVERY = ("*",)
BOTH = ("first", "second")
_AUDIO = "https://github.com/pytorch/audio/issues/4205"
_TTS = "https://github.com/mozilla/TTS/issues/429"
_KERAS = "https://github.com/keras-team/keras/issues/"

LEFT_OUT: tuple[Row, ...] = (
    (
        "no-mask-before-the-first-layer",
        "gives the first recurrent layer no mask, and masks everything behind it",
        "row-by-row",
        EVERY,
        _KERAS + "1300",
        Fault(unmasked=("first",)),
    ),
    (
        "no-mask-before-the-convolution",
        "lets the convolution read what the first layer carries to padding",
        "row-by-row",
        EVERY,
        _AUDIO,
        Fault(first="shows-carried", convolution="no-mask-before"),
    ),
    (
        "no-mask-before-the-second-layer",
        "lets the second layer step over what the convolution leaves at padding",
        "row-by-row",
        EVERY,
        _TTS,
        Fault(convolution="no-mask-after", unmasked=("second",)),
    ),
    (
        "no-mask-behind-the-second-layer",
        "shows at padding what the second recurrent layer carries there",
        "zero-at-padding",
        SEQUENCE,
        "https://github.com/tensorflow/tensorflow/issues/49241",
        Fault(second="shows-carried", shown=True),
    ),
)
"""Each mask of the stack, left out alone while all others stand."""

OTHERS: tuple[Row, ...] = (
    (
        "zeroes-but-steps",
        "sets padding to zero before and behind every layer, and steps over the zeros",
        "row-by-row",
        EVERY,
        "https://kexue.fm/archives/6810",
        Fault(before="zeros", unmasked=BOTH),
    ),
    (
        "masks-the-input-alone",
        "sets the input to zero at padding, and no layer hears of it again",
        "row-by-row",
        EVERY,
        _KERAS + "411",
        Fault(
            before="zeros",
            unmasked=BOTH,
            convolution="masks-nothing",
            shown=True,
        ),
    ),
    (
        "masks-the-answer-alone",
        "lets every layer read padding and sets the answer there to zero",
        "row-by-row",
        EVERY,
        "https://github.com/NVIDIA/OpenSeq2Seq/issues/69",
        Fault(unmasked=BOTH, convolution="masks-nothing"),
    ),
    (
        "mask-lost-in-the-convolution",
        "loses the mask in the convolution, and what comes behind it has none",
        "row-by-row",
        SEQUENCE,
        _KERAS + "20113",
        Fault(unmasked=("second",), convolution="masks-nothing", shown=True),
    ),
    (
        "steps-over-zeros-between",
        "sets padding to zero behind the convolution and lets the second layer step",
        "row-by-row",
        EVERY,
        "",
        Fault(unmasked=("second",)),
    ),
    (
        "second-layer-reverses-the-padded-row",
        "reverses the whole padded row in the second layer, but not its mask",
        "value",
        EVERY,
        _KERAS + "4192",
        Fault(second="mask-not-reversed"),
    ),
    (
        "first-layer-reverses-the-padded-row",
        "reverses the whole padded row in the first layer, but not its mask",
        "value",
        EVERY,
        _KERAS + "4192",
        Fault(first="mask-not-reversed"),
    ),
    (
        "convolution-closes-gaps",
        "closes gaps up before the convolution, as a recurrent layer does",
        "gaps",
        EVERY,
        "",
        Fault(convolution="gaps-closed"),
    ),
    (
        "resets-behind-gaps",
        "starts the second layer again from zeros behind each gap",
        "gaps",
        EVERY,
        "",
        Fault(second="resets-at-padding"),
    ),
    (
        "convolution-without-bias",
        "never adds the convolution's bias",
        "value",
        EVERY,
        "",
        Fault(convolution="no-bias"),
    ),
    (
        "convolution-rectifies",
        "gives max(y, 0) behind the convolution",
        "value",
        EVERY,
        "",
        Fault(convolution="rectifies"),
    ),
    (
        "convolution-divides-by-neighbours",
        "divides the convolution by the share of its window that is valid",
        "value",
        EVERY,
        "",
        Fault(convolution="divides-by-neighbours"),
    ),
    (
        "one-direction",
        "uses the forward weights of the second layer in both directions",
        "value",
        EVERY,
        "",
        Fault(second="one-direction"),
    ),
    (
        "halves-swapped",
        "gives the convolution the first layer's backward half first",
        "value",
        EVERY,
        "",
        Fault(first="halves-swapped"),
    ),
    (
        "gates-swapped",
        "swaps the first two gates of the second layer",
        "value",
        GATED,
        "",
        Fault(second="gates-swapped"),
    ),
    (
        "final-at-the-edge",
        "takes the final output at the padded row's edge, zero there",
        "row-by-row",
        FINAL,
        _KERAS + "1569",
        Fault(second="final-at-the-edge"),
    ),
    (
        "both-finals-at-the-end",
        "takes both final outputs at the last valid position",
        "value",
        FINAL,
        "https://github.com/allenai/allennlp/issues/1713",
        Fault(second="both-finals-at-the-end"),
    ),
    (
        "mean-for-final",
        "gives the mean of the outputs, not the final one",
        "value",
        FINAL,
        "",
        Fault(second="mean-for-final"),
    ),
    (
        "multiplies",
        "multiplies the input by the mask, where NaN stays NaN, and steps there",
        "wild-padding",
        EVERY,
        "https://github.com/numpy/numpy/issues/8003",
        Fault(before="product", first="multiplies"),
    ),
    (
        "no-nan",
        "takes NaN at valid positions for 0",
        "valid-nan",
        EVERY,
        "",
        Fault(before="nan"),
    ),
    (
        "empty-row-is-full",
        "takes a row without valid positions for a full one",
        "empty-row",
        EVERY,
        "https://github.com/pytorch/pytorch/issues/11514",
        Fault(mask="empty-row-is-full"),
    ),
    (
        "writes-its-input",
        "sets padding to zero in the caller's own array",
        "contract",
        EVERY,
        "https://github.com/pytorch/pytorch/issues/39639",
        Fault(before="write"),
    ),
    (
        "reads-memory",
        "reads memory in the order it lies in, not elements",
        "layout",
        EVERY,
        "https://github.com/pytorch/pytorch/issues/95118",
        Fault(before="memory"),
    ),
    (
        "bitwise",
        "inverts the mask with ~, which is right for booleans only",
        "mask-form",
        EVERY,
        "",
        Fault(mask="bitwise"),
    ),
)
"""Mistakes of another kind, in one layer or in all of them."""
