"""Bidirectional layers made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import MASKS, kept, lengths
from conformance.operations._common.layers import doubled, rows_sorted, squeezed
from conformance.operations._common.mutant import Mutant, Mutants
from conformance.operations.birnn.mutants_layer import build

if TYPE_CHECKING:
    from collections.abc import Callable

correct = build
FINAL = ("birnn.*.final",)
SEQUENCE = ("birnn.*.sequence",)
LSTM = ("birnn.lstm.*",)
GRU = ("birnn.gru.*",)


def _around(
    change: Callable[..., Any], xp: Any, forward: Any, backward: Any, **how: str
) -> Callable[..., Any]:
    """A right layer, whose answer is then changed."""
    layer = build(xp, forward, backward, **how)
    return lambda x, mask: change(xp, layer(x, mask), kept(xp, x, mask))


def _cut(xp: Any, found: Any, keep: Any) -> Any:
    return found[:, : int(xp.max(lengths(xp, keep)))]


def _left_over(xp: Any, found: Any, keep: Any) -> Any:
    behind = xp.arange(found.shape[1]) >= xp.max(lengths(xp, keep))
    return xp.where(behind[None, :, None], 0.5, found)


def _packed(xp: Any, found: Any, keep: Any) -> Any:
    if not xp.any(keep):
        msg = "a sequence of length 0 cannot be packed"
        raise ValueError(msg)
    return found


def _leaking(xp: Any, forward: Any, backward: Any, **how: str) -> Callable[..., Any]:
    layer = build(xp, forward, backward, **how)
    return _Leaking(layer)


class _Leaking:
    """A right layer with a gradient that padding gets too."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.parameters = layer.parameters

    def __call__(self, x: Any, mask: Any) -> Any:
        total = (x - x.detach()).sum()
        return self.layer(x, mask) + total


_KERAS = "https://github.com/keras-team/keras/issues/"
_TF = "https://github.com/tensorflow/tensorflow/issues/"
_TABLE: tuple[tuple[str, str, str, tuple[str, ...], str], ...] = (
    (
        "steps-at-padding",
        "lets padded steps update the state through the biases",
        "value",
        ("*",),
        _KERAS + "1300",
    ),
    (
        "steps-and-shows",
        "lets padded steps update the state and shows it there",
        "value",
        ("*",),
        "https://github.com/huggingface/transformers/issues/48256",
    ),
    (
        "memory-advances",
        "holds the output at padding, but not the memory cell",
        "value",
        LSTM,
        "https://github.com/deeplearning4j/deeplearning4j/issues/4631",
    ),
    (
        "hidden-advances",
        "holds the memory cell at padding, but not the hidden state",
        "value",
        LSTM,
        "",
    ),
    (
        "shows-carried",
        "repeats the last output at padding instead of zero",
        "value",
        SEQUENCE,
        _TF + "49241",
    ),
    (
        "resets-at-padding",
        "starts again from zeros behind each gap",
        "gaps",
        ("*",),
        "",
    ),
    (
        "decays-at-padding",
        "halves the state at each padded step",
        "gaps",
        ("*",),
        "https://github.com/huggingface/transformers/issues/48256",
    ),
    ("floor", "leaves 1e-6 at padding", "zero-at-padding", SEQUENCE, ""),
    (
        "mask-not-reversed",
        "reverses the whole padded row, but not its mask",
        "value",
        ("*",),
        _KERAS + "4192",
    ),
    (
        "not-turned-back",
        "does not turn the backward output back",
        "value",
        SEQUENCE,
        "",
    ),
    ("never-reversed", "runs the backward direction forwards", "value", ("*",), ""),
    (
        "one-direction",
        "uses the forward weights in both directions",
        "value",
        ("*",),
        "",
    ),
    (
        "halves-swapped",
        "puts the backward half first",
        "value",
        ("birnn.*.concat.*",),
        "",
    ),
    (
        "averages",
        "averages the directions instead of adding",
        "value",
        ("birnn.*.sum.*",),
        "",
    ),
    (
        "multiplies-directions",
        "multiplies the directions instead of adding",
        "value",
        ("birnn.*.sum.*",),
        "",
    ),
    (
        "final-at-the-edge",
        "takes the final output at the padded row's edge, zero there",
        "value",
        FINAL,
        _KERAS + "1569",
    ),
    (
        "backward-final-at-the-end",
        "takes the backward output at position T - 1",
        "value",
        FINAL,
        "https://github.com/allenai/allennlp/issues/1713",
    ),
    (
        "final-at-the-length",
        "takes final outputs at length - 1 and at 0",
        "left-padding",
        FINAL,
        "",
    ),
    (
        "both-finals-at-the-end",
        "takes both final outputs at the last valid position",
        "value",
        FINAL,
        "",
    ),
    (
        "mean-for-final",
        "gives the mean of the outputs, not the final one",
        "value",
        FINAL,
        "",
    ),
    (
        "empty-row-is-full",
        "takes a row without valid positions for a full one",
        "empty-row",
        ("*",),
        "https://github.com/pytorch/pytorch/issues/11514",
    ),
    (
        "multiplies",
        "mixes states by multiplying with the mask, where NaN stays NaN",
        "wild-padding",
        ("*",),
        "https://github.com/numpy/numpy/issues/8003",
    ),
    ("no-nan", "takes NaN at valid positions for 0", "valid-nan", ("*",), ""),
    ("bias-twice", "adds the input bias twice", "value", ("*",), ""),
    ("no-recurrent-bias", "drops the recurrent bias", "value", ("*",), ""),
    ("relu", "uses max(x, 0) where tanh is meant", "value", ("birnn.simple.*",), ""),
    ("gates-swapped", "swaps the first two gates", "value", (*LSTM, *GRU), ""),
    (
        "output-gate-third",
        "takes the output gate for the third, not the fourth",
        "value",
        LSTM,
        "",
    ),
    ("forget-bias", "adds one to the forget gate's bias", "value", LSTM, ""),
    ("no-tanh-of-memory", "shows the memory cell without tanh", "value", LSTM, ""),
    (
        "reset-before",
        "resets the state before the product, not after",
        "value",
        GRU,
        "",
    ),
    ("update-inverted", "takes the update gate the other way round", "value", GRU, ""),
    (
        "remembers",
        "starts from the state in which the last call ended",
        "contract",
        ("*",),
        "",
    ),
    (
        "writes-its-input",
        "sets padding to zero in the caller's own array",
        "contract",
        ("*",),
        "https://github.com/pytorch/pytorch/issues/39639",
    ),
    (
        "reads-memory",
        "reads memory in the order it lies in, not elements",
        "layout",
        ("*",),
        "https://github.com/pytorch/pytorch/issues/95118",
    ),
    (
        "bitwise",
        "inverts the mask with ~, which is right for booleans only",
        "mask-form",
        ("*",),
        "",
    ),
)
_mutant = partial(Mutant, operation="birnn")
_gradient = partial(
    _mutant, kind="gradient", framework="torch", dtypes=("float32", "float64")
)
MUTANTS = Mutants("birnn", correct)
MUTANTS.extend(
    (
        *(
            _mutant(
                name=name,
                text=text,
                clause=law,
                url=url,
                function=partial(build, fault=name),
            )
            for name, (_, text, law, url) in MASKS.items()
        ),
        *(
            _mutant(
                name=name,
                text=text,
                clause=law,
                url=url,
                variants=variants,
                function=partial(build, fault=name),
            )
            for name, text, law, variants, url in _TABLE
        ),
        _mutant(
            name="answers-in-float64",
            text="answers in float64 whatever the input's dtype",
            clause="contract",
            function=partial(_around, doubled),
        ),
        _mutant(
            name="squeezes-every-axis",
            text="squeezes every axis of length one, the batch's too",
            clause="length-one",
            function=partial(_around, squeezed),
        ),
        _mutant(
            name="rows-stay-sorted",
            text="sorts the rows by length and does not sort the answers back",
            clause="value",
            function=partial(_around, rows_sorted),
        ),
        _mutant(
            name="cut-to-the-longest-row",
            text="cuts the output to the longest row",
            clause="extra-padding",
            variants=SEQUENCE,
            url="https://github.com/pytorch/pytorch/issues/6299",
            function=partial(_around, _cut),
        ),
        _mutant(
            name="left-over-behind-the-longest-row",
            text="leaves what was in memory behind the longest row",
            clause="extra-padding",
            variants=SEQUENCE,
            url="https://github.com/microsoft/onnxruntime/pull/1193",
            function=partial(_around, _left_over),
        ),
        _mutant(
            name="nothing-to-pack",
            text="raises when every row of the batch is empty",
            clause="empty-row",
            url="https://github.com/allenai/allennlp/issues/2089",
            function=partial(_around, _packed),
        ),
        _gradient(
            name="gradient-leaks-to-padding",
            text="sends a gradient to padding, behind a right value",
            clause="gradient",
            variants=("birnn.lstm.concat.final",),
            function=_leaking,
        ),
        _gradient(
            name="gradient-of-unselected-steps",
            text="steps over NaN at padding and selects afterwards: NaN in the gradient",
            clause="wild-gradient",
            variants=("birnn.gru.concat.final",),
            url=_TF + "6209",
            function=partial(build, fault="raw-steps"),
        ),
        _gradient(
            name="gradient-cut-in-time",
            text="takes the state before each step for a constant in the gradient",
            clause="gradient",
            variants=("birnn.simple.sum.final",),
            function=partial(build, fault="cuts-time"),
        ),
        _gradient(
            name="gradient-misses-a-bias",
            text="lets no gradient reach the input bias",
            clause="gradient",
            variants=("birnn.simple.sum.final",),
            function=partial(build, fault="frozen-bias"),
        ),
        _mutant(
            name="compiled-with-the-padded-length",
            text="bakes the padded length into the compiled function",
            clause="route",
            kind="route",
            framework="jax",
            variants=("birnn.simple.concat.final",),
            url="https://github.com/microsoft/onnxruntime/issues/1400",
            function=partial(build, fault="baked"),
        ),
    )
)
