"""Convolutions made wrong on purpose: what is wrong, and which law it breaks first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import MASKS, after_last, kept, lengths
from conformance.operations._common.mutant import Mutant, Mutants
from conformance.operations.conv1d import mutants_formulas as formulas

if TYPE_CHECKING:
    from collections.abc import Callable

correct = formulas.correct
SAME = ("conv1d.same.*",)
CAUSAL = ("conv1d.causal.*",)
VALID = ("conv1d.valid.*",)
DILATED = ("conv1d.*.2",)


def _around(
    change: Callable[..., Any], xp: Any, x: Any, mask: Any, *rest: Any, **options: Any
) -> Any:
    """The right convolution, then changed."""
    found = correct(xp, x, mask, *rest, **options)
    return change(xp, found, kept(xp, x, mask), x)


def _doubled(xp: Any, found: Any, keep: Any, x: Any) -> Any:
    del keep, x
    return xp.astype(found, xp.float64)


def _squeezed(xp: Any, found: Any, keep: Any, x: Any) -> Any:
    del xp, keep, x
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _sorted(xp: Any, found: Any, keep: Any, x: Any) -> Any:
    del x
    return found[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]


def _cut(xp: Any, found: Any, keep: Any, x: Any) -> Any:
    del x
    return found[:, : max(int(xp.max(after_last(xp, keep))), 1)]


def _leaking(xp: Any, found: Any, keep: Any, x: Any) -> Any:
    del xp, keep
    return found + (x - x.detach()).sum()


_EVERY = ("*",)
_TABLE: tuple[tuple[str, str, str, tuple[str, ...], str], ...] = (
    (
        "no-mask-before",
        "reads what stands at padding, and masks its answer alone",
        "value",
        _EVERY,
        "https://github.com/pytorch/audio/issues/4205",
    ),
    (
        "no-mask-after",
        "sets padding to zero before and leaves the bias and the row's end over it",
        "zero-at-padding",
        _EVERY,
        "https://github.com/facebookresearch/fairseq/pull/4613",
    ),
    (
        "bias-after-the-mask",
        "adds the bias to the masked answer, so that padding is the bias",
        "bias-apart",
        _EVERY,
        "https://github.com/harvardnlp/sent-conv-torch/issues/34",
    ),
    ("floor", "leaves 1e-6 at padding", "zero-at-padding", _EVERY, ""),
    ("no-bias", "never adds the bias", "bias-apart", _EVERY, ""),
    ("bias-twice", "adds the bias twice", "bias-apart", _EVERY, ""),
    ("rectifies", "gives max(y, 0)", "superposition", _EVERY, ""),
    (
        "divides-by-neighbours",
        "divides by the share of the window that is valid",
        "value",
        (*SAME, *CAUSAL),
        "",
    ),
    (
        "repeats-the-edge",
        "repeats a row's last valid position behind it, where zeros belong",
        "value",
        SAME,
        "",
    ),
    ("kernel-turned", "reads the kernel from its end", "value", _EVERY, ""),
    (
        "more-zeros-before",
        "puts the odd zero of an even kernel before the row, not behind it",
        "value",
        ("conv1d.same.1",),
        "https://github.com/pytorch/pytorch/pull/45667",
    ),
    (
        "centred",
        "pads both sides of the row where only the past may be seen",
        "causal",
        CAUSAL,
        "https://github.com/golbin/WaveNet/issues/5",
    ),
    (
        "one-ahead",
        "pads one position too few before the row and sees one ahead",
        "causal",
        CAUSAL,
        "https://github.com/locuslab/TCN/issues/12",
    ),
    ("no-dilation", "takes neighbours whatever the dilation", "value", DILATED, ""),
    (
        "windows-inside-only",
        "keeps an answer only where both neighbours are valid",
        "value",
        (*SAME, *CAUSAL),
        "",
    ),
    (
        "windows-that-touch",
        "keeps an answer wherever a neighbour is valid",
        "zero-at-padding",
        (*SAME, *CAUSAL),
        "",
    ),
    (
        "mask-cut-behind",
        "masks the shorter answer with the first positions of the mask",
        "zero-at-padding",
        VALID,
        "https://github.com/SeanNaren/deepspeech.pytorch/issues/491",
    ),
    (
        "mask-cut-before",
        "masks the shorter answer with the last positions of the mask",
        "left-padding",
        VALID,
        "",
    ),
    (
        "no-gap-in-a-window",
        "drops an answer whose window has a gap in it",
        "gaps",
        VALID,
        "",
    ),
    (
        "gaps-closed",
        "closes gaps up before it convolves, and opens them again",
        "gaps",
        (*SAME, *CAUSAL),
        "",
    ),
    (
        "multiplies",
        "multiplies x by the mask, where NaN stays NaN",
        "wild-padding",
        _EVERY,
        "https://github.com/numpy/numpy/issues/8003",
    ),
    ("no-nan", "takes NaN at valid positions for 0", "valid-nan", _EVERY, ""),
    (
        "empty-row-is-full",
        "takes a row without valid positions for a full one",
        "empty-row",
        _EVERY,
        "",
    ),
    (
        "writes-its-input",
        "sets padding to zero in the caller's own array",
        "contract",
        _EVERY,
        "https://github.com/pytorch/pytorch/issues/39639",
    ),
    (
        "reads-memory",
        "reads memory in the order it lies in, not elements",
        "layout",
        _EVERY,
        "https://github.com/pytorch/pytorch/issues/95118",
    ),
    (
        "bitwise",
        "inverts the mask with ~, which is right for booleans only",
        "mask-form",
        _EVERY,
        "",
    ),
)
_MASKS = tuple(
    (name, text, law, _EVERY, url) for name, (_, text, law, url) in MASKS.items()
)
_mutant = partial(Mutant, operation="conv1d")
_gradient = partial(
    _mutant, kind="gradient", framework="torch", dtypes=("float32", "float64")
)
MUTANTS = Mutants("conv1d", correct)
MUTANTS.extend(
    (
        *(
            _mutant(
                name=name,
                text=text,
                clause=law,
                url=url,
                variants=variants,
                function=partial(formulas.convolution, fault=name),
            )
            for name, text, law, variants, url in (*_MASKS, *_TABLE)
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
                    "cuts the answer to the longest row",
                    "extra-padding",
                    (*SAME, *CAUSAL),
                    _cut,
                ),
            )
        ),
        _gradient(
            name="gradient-leaks-to-padding",
            text="sends a gradient to padding, behind a right value",
            clause="gradient",
            function=partial(_around, _leaking),
        ),
        _gradient(
            name="gradient-of-the-other-branch",
            text="selects after a product whose derivative at padding is NaN times zero",
            clause="wild-gradient",
            url="https://github.com/tensorflow/tensorflow/issues/6209",
            function=partial(formulas.convolution, fault="adds-what-is-zero"),
        ),
        _gradient(
            name="gradient-misses-the-kernel",
            text="lets no gradient reach the kernel",
            clause="gradient",
            function=partial(formulas.convolution, fault="frozen-kernel"),
        ),
        _gradient(
            name="gradient-misses-the-bias",
            text="lets no gradient reach the bias",
            clause="gradient",
            function=partial(formulas.convolution, fault="frozen-bias"),
        ),
        _mutant(
            name="compiled-with-the-padded-length",
            text="bakes the padded length into the compiled function",
            clause="route",
            kind="route",
            framework="jax",
            url="https://github.com/tensorflow/tensorflow/issues/31636",
            function=partial(formulas.convolution, fault="baked"),
        ),
    )
)
