"""Bidirectional layers made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import lengths, read_mask
from conformance.operations._common.layers import (
    INPUT_ROWS,
    MASK_ROWS,
    Leaking,
    add_changed,
    add_compiled,
)
from conformance.operations._common.mutant import ANY, Mutants, derivative
from conformance.operations.birnn.mutants_layer import build

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

FINAL = ("birnn.*.final",)
SEQUENCE = ("birnn.*.sequence",)
LSTM = ("birnn.lstm.*",)
GRU = ("birnn.gru.*",)


def _change_answer(
    change: Callable[..., Any], xp: Any, forward: Any, backward: Any, **how: str
) -> Callable[..., Any]:
    """A right layer, whose answer is then changed."""
    layer = build(xp, forward, backward, **how)
    return lambda x, mask: change(xp, layer(x, mask), read_mask(xp, x, mask))


def _fault(name: str) -> Callable[..., Any]:
    return partial(build, fault=name)


_KERAS = "https://github.com/keras-team/keras/issues/"
_TF = "https://github.com/tensorflow/tensorflow/issues/"
# fmt: off
_TABLE: tuple[Row, ...] = (
    ("steps-at-padding", "value", ANY, _KERAS + "1300",
     "lets padded steps update the state through the biases"),
    ("steps-and-shows", "value", ANY,
     "https://github.com/huggingface/transformers/issues/48256",
     "lets padded steps update the state and shows it there"),
    ("memory-advances", "value", LSTM,
     "https://github.com/deeplearning4j/deeplearning4j/issues/4631",
     "holds the output at padding, but not the memory cell"),
    ("hidden-advances", "value", LSTM, "",
     "holds the memory cell at padding, but not the hidden state"),
    ("shows-carried", "value", SEQUENCE, _TF + "49241",
     "repeats the last output at padding instead of zero"),
    ("resets-at-padding", "gaps", ANY, "",
     "starts again from zeros behind each gap"),
    ("decays-at-padding", "gaps", ANY,
     "https://github.com/huggingface/transformers/issues/48256",
     "halves the state at each padded step"),
    ("floor", "zero-at-padding", SEQUENCE, "",
     "leaves 1e-6 at padding"),
    ("mask-not-reversed", "value", ANY, _KERAS + "4192",
     "reverses the whole padded row, but not its mask"),
    ("not-turned-back", "value", SEQUENCE, "",
     "does not turn the backward output back"),
    ("never-reversed", "value", ANY, "",
     "runs the backward direction forwards"),
    ("one-direction", "value", ANY, "",
     "uses the forward weights in both directions"),
    ("halves-swapped", "value", ("birnn.*.concat.*",), "",
     "puts the backward half first"),
    ("averages", "value", ("birnn.*.sum.*",), "",
     "averages the directions instead of adding"),
    ("multiplies-directions", "value", ("birnn.*.sum.*",), "",
     "multiplies the directions instead of adding"),
    ("final-at-the-edge", "value", FINAL, _KERAS + "1569",
     "takes the final output at the padded row's edge, zero there"),
    ("backward-final-at-the-end", "value", FINAL,
     "https://github.com/allenai/allennlp/issues/1713",
     "takes the backward output at position T - 1"),
    ("final-at-the-length", "left-padding", FINAL, "",
     "takes final outputs at length - 1 and at 0"),
    ("both-finals-at-the-end", "value", FINAL, "",
     "takes both final outputs at the last valid position"),
    ("mean-for-final", "value", FINAL, "",
     "gives the mean of the outputs, not the final one"),
    ("empty-row-is-full", "empty-row", ANY,
     "https://github.com/pytorch/pytorch/issues/11514",
     "takes a row without valid positions for a full one"),
    ("multiplies", "wild-padding", ANY, "https://github.com/numpy/numpy/issues/8003",
     "mixes states by multiplying with the mask, where NaN stays NaN"),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid positions for 0"),
    ("bias-twice", "value", ANY, "",
     "adds the input bias twice"),
    ("no-recurrent-bias", "value", ANY, "",
     "drops the recurrent bias"),
    ("relu", "value", ("birnn.simple.*",), "",
     "uses max(x, 0) where tanh is meant"),
    ("gates-swapped", "value", (*LSTM, *GRU), "",
     "swaps the first two gates"),
    ("output-gate-third", "value", LSTM, "",
     "takes the output gate for the third, not the fourth"),
    ("forget-bias", "value", LSTM, "",
     "adds one to the forget gate's bias"),
    ("no-tanh-of-memory", "value", LSTM, "",
     "shows the memory cell without tanh"),
    ("reset-before", "value", GRU, "",
     "resets the state before the product, not after"),
    ("update-inverted", "value", GRU, "",
     "takes the update gate the other way round"),
    ("remembers", "contract", ANY, "",
     "starts from the state in which the last call ended"),
)
# fmt: on
MUTANTS = Mutants("birnn", build, around=_change_answer)
MUTANTS.faults(_fault, (*MASK_ROWS, *_TABLE, *INPUT_ROWS))
add_changed(MUTANTS, _change_answer)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient


@wrong(
    "extra-padding",
    variants=SEQUENCE,
    url="https://github.com/pytorch/pytorch/issues/6299",
)
def cut_to_the_longest_row(xp: Any, found: Any, keep: Any) -> Any:
    """Cuts the output to the longest row."""
    return found[:, : int(xp.max(lengths(xp, keep)))]


@wrong(
    "extra-padding",
    variants=SEQUENCE,
    url="https://github.com/microsoft/onnxruntime/pull/1193",
)
def left_over_behind_the_longest_row(xp: Any, found: Any, keep: Any) -> Any:
    """Leaves what was in memory behind the longest row."""
    behind = xp.arange(found.shape[1]) >= xp.max(lengths(xp, keep))
    return xp.where(behind[None, :, None], 0.5, found)


@wrong("empty-row", url="https://github.com/allenai/allennlp/issues/2089")
def nothing_to_pack(xp: Any, found: Any, keep: Any) -> Any:
    """Raises when every row of the batch is empty."""
    if not xp.any(keep):
        msg = "a sequence of length 0 cannot be packed"
        raise ValueError(msg)
    return found


@gradient(raw=True, variants=("birnn.lstm.concat.final",))
def gradient_leaks_to_padding(xp: Any, **how: Any) -> Callable[..., Any]:
    """Sends a gradient to padding, behind a right value."""
    return Leaking(build(xp, **how))


# fmt: off
_DERIVED: tuple[Row, ...] = (
    ("gradient-of-unselected-steps", "wild-gradient", ("birnn.gru.concat.final",),
     _TF + "6209",
     "steps over NaN at padding and selects afterwards: NaN in the gradient"),
    ("gradient-cut-in-time", "gradient", ("birnn.simple.sum.final",), "",
     "takes the state before each step for a constant in the gradient"),
    ("gradient-misses-a-bias", "gradient", ("birnn.simple.sum.final",), "",
     "lets no gradient reach the input bias"),
)
# fmt: on
_FAULTS = {
    "gradient-of-unselected-steps": "raw-steps",
    "gradient-cut-in-time": "cuts-time",
    "gradient-misses-a-bias": "frozen-bias",
}
MUTANTS.faults(lambda name: _fault(_FAULTS[name]), _DERIVED, **derivative())
add_compiled(
    MUTANTS,
    _fault("baked"),
    variants=("birnn.simple.concat.final",),
    url="https://github.com/microsoft/onnxruntime/issues/1400",
)
