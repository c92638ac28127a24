"""Recurrent layers in one direction made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import after_last, read_mask
from conformance.operations._common.layers import (
    INPUT_ROWS,
    MASK_ROWS,
    Leaking,
    add_changed,
    add_compiled,
)
from conformance.operations._common.mutant import ANY, Mutants, derivative
from conformance.operations.rnn.mutants_layer import build

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

SEQUENCE = ("rnn.*.sequence",)
FINAL = ("rnn.*.final",)
BACKWARD = ("rnn.*.backward.*",)
LSTM = ("rnn.lstm.*",)
GRU = ("rnn.gru.*",)
STATES = ("rnn.lstm.*.final",)


def _change_answer(
    change: Callable[..., Any], xp: Any, weights: Any, **how: str
) -> Callable[..., Any]:
    """A right layer, whose answer is then changed."""
    layer = build(xp, weights, **how)
    return lambda initial, x, mask: change(
        xp, layer(initial, x, mask), read_mask(xp, x, mask)
    )


def _fault(name: str) -> Callable[..., Any]:
    return partial(build, fault=name)


_KERAS = "https://github.com/keras-team/keras/"
_TF = "https://github.com/tensorflow/tensorflow/issues/"
_TORCH = "https://github.com/pytorch/pytorch/issues/"
# fmt: off
_TABLE: tuple[Row, ...] = (
    ("steps-at-padding", "value", (*FINAL, *BACKWARD), _KERAS + "issues/1300",
     "lets padded steps update the state through the biases"),
    ("memory-advances", "value", ("rnn.lstm.*.final", "rnn.lstm.backward.*"),
     "https://github.com/deeplearning4j/deeplearning4j/issues/4631",
     "holds h at padding, but not c"),
    ("hidden-advances", "value", (*STATES, "rnn.lstm.backward.*"), "",
     "holds c at padding, but not h"),
    ("resets-at-padding", "left-padding", ANY,
     "https://github.com/Element-Research/rnn/issues/123",
     "sets the state to zero at padding, the initial one of a left-padded row too"),
    ("decays-at-padding", "left-padding", ANY,
     "https://github.com/huggingface/transformers/issues/48256",
     "halves the state at each padded step"),
    ("starts-behind-gaps", "gaps", ANY, "",
     "takes a gap for the end of a sequence and starts again behind it"),
    ("mask-not-reversed", "value", BACKWARD, _KERAS + "pull/1934",
     "reverses the padded row, but not its mask"),
    ("not-turned-back", "value", ("rnn.*.backward.sequence",),
     "https://github.com/microsoft/onnxruntime/issues/4187",
     "does not turn the answers of the backward direction back"),
    ("other-direction", "causal", ANY, _TORCH + "517",
     "reads the rows from their other end"),
    ("starts-from-zero", "value", ANY, "https://github.com/nyu-dl/dl4mt-tutorial/pull/65",
     "starts from zeros whatever the initial state"),
    ("takes-h-alone", "value", LSTM, "https://github.com/onnx/onnx-tensorflow/issues/408",
     "takes h as initial and starts c from zeros"),
    ("takes-c-alone", "value", LSTM, "https://github.com/neulab/xnmt/issues/223",
     "takes c as initial and starts h from zeros"),
    ("takes-c-first", "value", LSTM, "https://github.com/microsoft/nni/pull/2842",
     "takes the initial h for c and c for h"),
    ("first-rows-initial", "value", ANY, "https://github.com/alibaba/MNN/issues/1573",
     "uses the first row's initial state for all rows"),
    ("initial-stays-unsorted", "value", ANY, _TORCH + "4927",
     "sorts the rows by length, but not their initial states, and sorts them back"),
    ("one-step-from-zero", "step-by-step", ANY, _TORCH + "34036",
     "loses the initial state where there is one position"),
    ("chunks-from-zero", "value", ANY,
     "https://github.com/openvinotoolkit/openvino/issues/735",
     "starts each chunk of four positions from zeros"),
    ("chunks-from-initial", "value", ANY, _TF + "32299",
     "starts each chunk of four positions from the initial state again"),
    ("final-at-the-edge", "value", FINAL, _KERAS + "issues/1569",
     "takes the final state at position T - 1, zero where that is padding"),
    ("final-at-the-length", "left-padding", ("rnn.*.forward.final",), "",
     "takes the final state at length - 1"),
    ("final-of-the-first-step", "value", FINAL, "",
     "takes the state behind the first step for the final one"),
    ("empty-row-is-zero", "empty-row", FINAL, "https://github.com/onnx/onnx/issues/1674",
     "forgets the initial state of a row without valid positions"),
    ("empty-row-is-full", "empty-row", ANY, _TORCH + "4582",
     "takes a row without valid positions for a full one"),
    ("gives-c-first", "value", STATES, _KERAS + "pull/11726",
     "gives c before h, but takes h before c"),
    ("gives-h-twice", "value", STATES, "",
     "gives h where c belongs"),
    ("gives-tanh-of-c", "value", STATES, _KERAS + "issues/9732",
     "gives tanh(c) where c belongs"),
    ("shows-c", "value", ("rnn.lstm.*.sequence",), "",
     "shows c at each position, not h"),
    ("state-before", "value", SEQUENCE, "https://github.com/google/flax/issues/3151",
     "shows the state before each step, not behind it"),
    ("shows-carried", "value", SEQUENCE, _TF + "49241",
     "shows the held state at padding, where it declares zero"),
    ("floor", "value", SEQUENCE, "",
     "leaves 1e-6 at padding"),
    ("multiplies", "wild-padding", ANY, "https://github.com/numpy/numpy/issues/8003",
     "mixes states by multiplying with the mask, where NaN stays NaN"),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid positions for 0"),
    ("remembers", "contract", ANY, _TF + "32299",
     "starts from the state in which the last call ended"),
    ("no-recurrent-bias", "value", ANY, "https://github.com/ml-explore/mlx/issues/3249",
     "drops the recurrent bias"),
    ("gates-swapped", "open-gates", (*LSTM, *GRU), "",
     "swaps the first two gates"),
    ("reset-before", "value", GRU, "",
     "resets the state before the product, not after"),
    ("update-inverted", "open-gates", GRU, "",
     "takes the update gate the other way round"),
)
# fmt: on
MUTANTS = Mutants("rnn", build, around=_change_answer)
MUTANTS.faults(_fault, (*MASK_ROWS, *_TABLE, *INPUT_ROWS))
add_changed(MUTANTS, _change_answer)


@MUTANTS.wrong("extra-padding", variants=SEQUENCE, url=_TORCH + "6299")
def cut_to_the_longest_row(xp: Any, found: Any, keep: Any) -> Any:
    """Cuts the answer to the longest row."""
    return found[:, : max(int(xp.max(after_last(xp, keep))), 1)]


@MUTANTS.gradient(raw=True, variants=("rnn.lstm.forward.final",))
def gradient_leaks_to_padding(xp: Any, weights: Any, **how: Any) -> Callable[..., Any]:
    """Sends a gradient to padding, behind a right value."""
    return Leaking(build(xp, weights, **how))


# fmt: off
_DERIVED: tuple[Row, ...] = (
    ("gradient-of-unselected-steps", "wild-gradient", ("rnn.gru.forward.final",),
     _TF + "6209",
     "steps over NaN at padding and selects afterwards: NaN in the gradient"),
    ("gradient-misses-the-initial-state", "gradient", ("rnn.simple.backward.final",),
     _TORCH + "184528",
     "lets no gradient reach the initial state"),
    ("gradient-ends-at-chunks", "gradient", ("rnn.lstm.backward.final",),
     "https://github.com/Theano/Theano/issues/4652",
     "lets no gradient pass from one chunk of two positions to the one before"),
    ("gradient-cut-in-time", "gradient", ("rnn.gru.backward.sequence",), "",
     "takes h before each step for a constant in the gradient"),
)
# fmt: on
_FAULTS = {
    "gradient-of-unselected-steps": "raw-steps",
    "gradient-misses-the-initial-state": "frozen-initial",
    "gradient-ends-at-chunks": "truncated",
    "gradient-cut-in-time": "cuts-time",
}
MUTANTS.faults(lambda name: _fault(_FAULTS[name]), _DERIVED, **derivative())
add_compiled(
    MUTANTS,
    _fault("baked"),
    variants=("rnn.simple.backward.final",),
    url="https://github.com/microsoft/onnxruntime/issues/1400",
)
