"""Stacks made wrong on purpose: each mask left out, and what else goes wrong."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.mutation.arrays import MASKS, after_last, kept, lengths
from conformance.mutation.mutant import Mutant
from conformance.operations.stack.layer import Fault, build

if TYPE_CHECKING:
    from collections.abc import Callable

correct = build
SEQUENCE = ("stack.*.sequence",)
FINAL = ("stack.*.final",)
GATED = ("stack.lstm.*", "stack.gru.*")
_EVERY = ("*",)


def _around(change: Callable[..., Any], xp: Any, **given: Any) -> Callable[..., Any]:
    """A right stack, whose answer is then changed."""
    layer = build(xp, **given)
    return lambda x, mask: change(xp, layer(x, mask), kept(xp, x, mask))


def _doubled(xp: Any, found: Any, keep: Any) -> Any:
    del keep
    return xp.astype(found, xp.float64)


def _squeezed(xp: Any, found: Any, keep: Any) -> Any:
    del xp, keep
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _sorted(xp: Any, found: Any, keep: Any) -> Any:
    return found[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]


def _cut(xp: Any, found: Any, keep: Any) -> Any:
    return found[:, : max(int(xp.max(after_last(xp, keep))), 1)]


def _swapped(xp: Any, **given: Any) -> Any:
    turned = {
        "first_forward": given.pop("first_backward"),
        "first_backward": given.pop("first_forward"),
    }
    return build(xp, **turned, **given)


def _leaking(xp: Any, **given: Any) -> Callable[..., Any]:
    return _Leaking(build(xp, **given))


class _Leaking:
    """A right stack with a gradient that padding gets too."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.parameters = layer.parameters

    def __call__(self, x: Any, mask: Any) -> Any:
        return self.layer(x, mask) + (x - x.detach()).sum()


_AUDIO = "https://github.com/pytorch/audio/issues/4205"
_TTS = "https://github.com/mozilla/TTS/issues/429"
_KERAS = "https://github.com/keras-team/keras/issues/"
BOTH = ("first", "second")

LEFT_OUT: tuple[tuple[str, str, str, tuple[str, ...], str, Fault], ...] = (
    (
        "no-mask-before-the-first-layer",
        "gives the first recurrent layer no mask, and masks everything behind it",
        "row-by-row",
        _EVERY,
        _KERAS + "1300",
        Fault(unmasked=("first",)),
    ),
    (
        "no-mask-before-the-convolution",
        "lets the convolution read what the first layer carries to padding",
        "row-by-row",
        _EVERY,
        _AUDIO,
        Fault(first="shows-carried", convolution="no-mask-before"),
    ),
    (
        "no-mask-before-the-second-layer",
        "lets the second layer step over what the convolution leaves at padding",
        "row-by-row",
        _EVERY,
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

_TABLE: tuple[tuple[str, str, str, tuple[str, ...], str, Fault], ...] = (
    (
        "zeroes-but-steps",
        "sets padding to zero before and behind every layer, and steps over the zeros",
        "row-by-row",
        _EVERY,
        "https://kexue.fm/archives/6810",
        Fault(before="zeros", unmasked=BOTH),
    ),
    (
        "masks-the-input-alone",
        "sets the input to zero at padding, and no layer hears of it again",
        "row-by-row",
        _EVERY,
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
        _EVERY,
        "https://github.com/NVIDIA/OpenSeq2Seq/issues/69",
        Fault(unmasked=BOTH, convolution="masks-nothing"),
    ),
    (
        "mask-lost-in-the-convolution",
        "loses the mask in the convolution, and what comes behind it has none",
        "row-by-row",
        _EVERY,
        _KERAS + "20113",
        Fault(unmasked=("second",), convolution="masks-nothing", shown=True),
    ),
    (
        "steps-over-zeros-between",
        "sets padding to zero behind the convolution and lets the second layer step",
        "row-by-row",
        _EVERY,
        "",
        Fault(unmasked=("second",)),
    ),
    (
        "second-layer-reverses-the-padded-row",
        "reverses the whole padded row in the second layer, but not its mask",
        "value",
        _EVERY,
        _KERAS + "4192",
        Fault(second="mask-not-reversed"),
    ),
    (
        "first-layer-reverses-the-padded-row",
        "reverses the whole padded row in the first layer, but not its mask",
        "value",
        _EVERY,
        _KERAS + "4192",
        Fault(first="mask-not-reversed"),
    ),
    (
        "convolution-closes-gaps",
        "closes gaps up before the convolution, as a recurrent layer does",
        "gaps",
        _EVERY,
        "",
        Fault(convolution="gaps-closed"),
    ),
    (
        "resets-behind-gaps",
        "starts the second layer again from zeros behind each gap",
        "gaps",
        _EVERY,
        "",
        Fault(second="resets-at-padding"),
    ),
    (
        "convolution-without-bias",
        "never adds the convolution's bias",
        "value",
        _EVERY,
        "",
        Fault(convolution="no-bias"),
    ),
    (
        "convolution-rectifies",
        "gives max(y, 0) behind the convolution",
        "value",
        _EVERY,
        "",
        Fault(convolution="rectifies"),
    ),
    (
        "convolution-divides-by-neighbours",
        "divides the convolution by the share of its window that is valid",
        "value",
        _EVERY,
        "",
        Fault(convolution="divides-by-neighbours"),
    ),
    (
        "one-direction",
        "uses the forward weights of the second layer in both directions",
        "value",
        _EVERY,
        "",
        Fault(second="one-direction"),
    ),
    (
        "halves-swapped",
        "gives the convolution the first layer's backward half first",
        "value",
        _EVERY,
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
        _EVERY,
        "https://github.com/numpy/numpy/issues/8003",
        Fault(before="product", first="multiplies"),
    ),
    (
        "no-nan",
        "takes NaN at valid positions for 0",
        "valid-nan",
        _EVERY,
        "",
        Fault(before="nan"),
    ),
    (
        "empty-row-is-full",
        "takes a row without valid positions for a full one",
        "empty-row",
        _EVERY,
        "https://github.com/pytorch/pytorch/issues/11514",
        Fault(mask="empty-row-is-full"),
    ),
    (
        "writes-its-input",
        "sets padding to zero in the caller's own array",
        "contract",
        _EVERY,
        "https://github.com/pytorch/pytorch/issues/39639",
        Fault(before="write"),
    ),
    (
        "reads-memory",
        "reads memory in the order it lies in, not elements",
        "layout",
        _EVERY,
        "https://github.com/pytorch/pytorch/issues/95118",
        Fault(before="memory"),
    ),
    (
        "bitwise",
        "inverts the mask with ~, which is right for booleans only",
        "mask-form",
        _EVERY,
        "",
        Fault(mask="bitwise"),
    ),
)
_MASKS = tuple(
    (name, text, law, _EVERY, url, Fault(mask=name))
    for name, (_, text, law, url) in MASKS.items()
)
_mutant = partial(Mutant, operation="stack")
_gradient = partial(
    _mutant, kind="gradient", framework="torch", dtypes=("float32", "float64")
)
MUTANTS: tuple[Mutant, ...] = (
    *(
        _mutant(
            name=name,
            text=text,
            clause=law,
            url=url,
            variants=variants,
            function=partial(build, fault=fault),
        )
        for name, text, law, variants, url, fault in (*_MASKS, *LEFT_OUT, *_TABLE)
    ),
    *(
        _mutant(
            name=name,
            text=text,
            clause=law,
            variants=variants,
            function=partial(_around, change),
        )
        for name, text, law, variants, change in (
            (
                "answers-in-float64",
                "answers in float64 whatever the input's dtype",
                "contract",
                _EVERY,
                _doubled,
            ),
            (
                "squeezes-every-axis",
                "squeezes every axis of length one, the batch's too",
                "length-one",
                _EVERY,
                _squeezed,
            ),
            (
                "rows-stay-sorted",
                "sorts the rows by length and does not sort the answers back",
                "value",
                _EVERY,
                _sorted,
            ),
            (
                "cut-to-the-longest-row",
                "cuts the output to the longest row",
                "extra-padding",
                SEQUENCE,
                _cut,
            ),
        )
    ),
    _mutant(
        name="directions-swapped",
        text="swaps the directions of the first layer",
        clause="value",
        function=_swapped,
    ),
    _gradient(
        name="gradient-leaks-to-padding",
        text="sends a gradient to padding, behind a right value",
        clause="gradient",
        variants=("stack.simple.final",),
        function=_leaking,
    ),
    _gradient(
        name="gradient-of-the-other-branch",
        text="selects after a product whose derivative at padding is NaN times zero",
        clause="wild-gradient",
        variants=("stack.simple.final",),
        url="https://github.com/tensorflow/tensorflow/issues/6209",
        function=partial(build, fault=Fault(before="padding")),
    ),
    _gradient(
        name="gradient-stops-between-layers",
        text="lets no gradient through from the second layer to the convolution",
        clause="gradient",
        variants=("stack.simple.sequence",),
        function=partial(build, fault=Fault(between="detach")),
    ),
    _gradient(
        name="gradient-misses-the-kernel",
        text="lets no gradient reach the convolution's kernel",
        clause="gradient",
        variants=("stack.simple.final",),
        function=partial(build, fault=Fault(convolution="frozen-kernel")),
    ),
    _mutant(
        name="compiled-with-the-padded-length",
        text="bakes the padded length into the compiled function",
        clause="route",
        kind="route",
        framework="jax",
        variants=("stack.simple.final",),
        url="https://github.com/microsoft/onnxruntime/issues/1400",
        function=partial(build, fault=Fault(mask="baked")),
    ),
)
"""Every mutant of the stack."""
