"""Scans made wrong on purpose: what is wrong, and which law it breaks first."""

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
from conformance.operations.gated_scan.mutants_formulas import correct, scan

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

SEQUENCE = ("gated_scan.sequence",)
FINAL = ("gated_scan.final",)


def _change_answer(
    change: Callable[..., Any], xp: Any, *tensors: Any, **options: Any
) -> Any:
    """The right scan, then changed."""
    found = correct(xp, *tensors, **options)
    _, x, _, mask = tensors
    return change(xp, found, read_mask(xp, x, mask))


def _fault(name: str) -> Callable[..., Any]:
    return partial(scan, fault=name)


_HF = "https://github.com/huggingface/transformers/"
_FLA = "https://github.com/fla-org/flash-linear-attention/"
_SPARK = "https://github.com/gittensor-ai-lab/sparkinfer/pull/"
# fmt: off
_TABLE: tuple[Row, ...] = (
    ("decays-at-padding", "value", FINAL, _FLA + "issues/1272",
     "adds nothing at padding, but lets it decay the state"),
    ("adds-at-padding", "value", FINAL, _HF + "pull/32677",
     "holds the state at padding, but adds what stands there"),
    ("forgets-at-padding", "gaps", ANY, "https://github.com/state-spaces/mamba/pull/70",
     "sets the decay to zero at padding, too, and loses the state there"),
    ("starts-behind-gaps", "gaps", ANY, "",
     "takes a gap for the end of a sequence and starts again behind it"),
    ("starts-from-zero", "value", ANY, _SPARK + "1071",
     "starts from zeros whatever the initial state"),
    ("initial-undecayed", "value", ANY, "https://github.com/vllm-project/vllm/pull/21783",
     "adds the initial state to each answer without its decays"),
    ("initial-beside-the-first-input", "value", ANY, "",
     "adds the initial state to the first input, whose decay never reaches it"),
    ("initial-before-the-mask", "left-padding", ANY, "",
     "puts the initial state into the first position, where padding may be"),
    ("first-rows-initial", "value", ANY, "",
     "uses the first row's initial state for all rows"),
    ("initial-twice", "value", ANY, "",
     "counts the initial state twice"),
    ("chunks-from-zero", "value", ANY, _SPARK + "1071",
     "starts each chunk of four positions from zeros"),
    ("enters-chunks-undecayed", "value", ANY,
     "https://github.com/vllm-project/vllm/pull/23279",
     "hands the state to the next chunk of four without that position's decay"),
    ("long-chunks-from-zero", "long-rows", FINAL, _SPARK + "1071",
     "starts each chunk of 128 positions from zeros"),
    ("complement", "value", ANY, "",
     "multiplies the state by one minus the decay"),
    ("decay-as-logarithm", "value", ANY, "",
     "takes the decay for its logarithm"),
    ("decays-twice", "value", ANY, "",
     "applies each decay twice"),
    ("floors-the-decay", "full-decay", ANY, "",
     "lets no decay be less than 1e-4"),
    ("zero-is-no-decay", "full-decay", ANY, "",
     "takes a decay of zero for no decay"),
    ("one-decay-for-all-features", "value", ANY, "",
     "uses the first feature's decay for all features"),
    ("one-decay-for-all-rows", "value", ANY, "",
     "uses the first row's decays for all rows"),
    ("decay-one-late", "value", ANY, "",
     "applies each decay one position later"),
    ("weighs-the-input", "no-decay", ANY, "",
     "multiplies the input by one minus the decay"),
    ("decays-the-input", "full-decay", ANY, "",
     "decays the input together with the state"),
    ("divides-by-the-product", "full-decay", ANY, "",
     "divides inputs by the product of the decays, which may be zero"),
    ("takes-logarithms", "value", ANY, "",
     "takes the logarithm of inputs, which may be negative"),
    ("reversed", "causal", ANY, "https://github.com/triton-lang/triton/issues/4362",
     "reads the rows from their end"),
    ("rectifies", "superposition", ANY, "",
     "keeps the state from being negative"),
    ("limits-the-state", "large-values", ANY, "",
     "limits the state to 1e4"),
    ("state-in-bfloat16", "value", ANY, "",
     "keeps the state in bfloat16"),
    ("state-before", "value", SEQUENCE, "",
     "shows the state before each position, not behind it"),
    ("shows-carried", "value", SEQUENCE,
     "https://github.com/tensorflow/tensorflow/issues/49241",
     "shows the held state at padding, where it declares zero"),
    ("floor", "value", SEQUENCE, "",
     "leaves 1e-6 at padding"),
    ("final-at-the-edge", "value", FINAL,
     "https://github.com/ray-project/ray/issues/21392",
     "takes the final state at the padded row's edge, zero there"),
    ("final-at-the-length", "left-padding", FINAL, "",
     "takes the final state at length - 1"),
    ("final-of-the-first", "value", FINAL, "",
     "takes the state of the first valid position for the final one"),
    ("mean-for-final", "value", FINAL, "",
     "gives the mean of the states, not the final one"),
    ("empty-row-is-zero", "empty-row", FINAL, "",
     "forgets the initial state of a row without valid positions"),
    ("empty-row-is-full", "empty-row", ANY, "",
     "takes a row without valid positions for a full one"),
    ("multiplies", "wild-padding", ANY, "https://github.com/numpy/numpy/issues/8003",
     "multiplies inputs and decays by the mask, where NaN stays NaN"),
    ("no-nan", "valid-nan", ANY, "",
     "takes NaN at valid positions for 0"),
)
# fmt: on
MUTANTS = Mutants("gated_scan", correct)
MUTANTS.faults(_fault, (*MASK_ROWS, *_TABLE, *INPUT_ROWS))
add_changed(MUTANTS, _change_answer)


@MUTANTS.wrong("extra-padding", variants=SEQUENCE, around=_change_answer)
def cut_to_the_longest_row(xp: Any, found: Any, keep: Any) -> Any:
    """Cuts the answer to the longest row."""
    return found[:, : max(int(xp.max(after_last(xp, keep))), 1)]


@MUTANTS.gradient()
def gradient_leaks_to_padding(
    xp: Any, initial: Any, x: Any, *rest: Any, **options: Any
) -> Any:
    """Sends a gradient to padding, behind a right value."""
    return correct(xp, initial, x, *rest, **options) + (x - x.detach()).sum()


# fmt: off
_DERIVED: tuple[Row, ...] = (
    ("gradient-of-the-other-branch", "wild-gradient", ANY,
     "https://github.com/tensorflow/tensorflow/issues/6209",
     "selects after a product whose derivative at padding is NaN times zero"),
    ("gradient-misses-the-decay", "gradient", ANY,
     "https://github.com/pytorch/pytorch/issues/172568",
     "lets no gradient reach the decay"),
    ("gradient-misses-the-initial-state", "gradient", ANY,
     "https://github.com/pytorch/pytorch/issues/184528",
     "lets no gradient reach the initial state"),
    ("gradient-ends-at-chunks", "gradient", ANY,
     "https://github.com/Theano/Theano/issues/4652",
     "lets no gradient pass from one chunk of two positions to the one before"),
)
# fmt: on
_FAULTS = {
    "gradient-of-the-other-branch": "adds-what-is-zero",
    "gradient-misses-the-decay": "frozen-decay",
    "gradient-misses-the-initial-state": "frozen-initial",
    "gradient-ends-at-chunks": "truncated",
}
MUTANTS.faults(lambda name: _fault(_FAULTS[name]), _DERIVED, **derivative())
add_compiled(
    MUTANTS,
    _fault("baked"),
    url="https://github.com/tensorflow/tensorflow/issues/31636",
)
