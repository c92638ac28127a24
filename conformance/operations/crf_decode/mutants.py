"""Decoders made wrong on purpose: what is wrong, and which law it breaks first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import read_mask
from conformance.operations._common.layers import (
    INPUT_ROWS,
    MASK_ROWS,
    add_compiled,
    sort_rows,
    squeeze,
)
from conformance.operations._common.mutant import ANY, Mutants
from conformance.operations.crf_decode.mutants_formulas import correct, decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row


def _change_answer(change: Callable[..., Any], xp: Any, *tensors: Any) -> Any:
    """The right paths, then changed."""
    keep = read_mask(xp, tensors[0], tensors[1])
    return change(xp, correct(xp, *tensors), keep)


def _fault(name: str) -> Callable[..., Any]:
    return partial(decode, fault=name)


# fmt: off
_TABLE: tuple[Row, ...] = (
    ("tags-at-padding", "value", ANY,
     "https://github.com/tensorflow/addons/issues/1443",
     "names tags at padding"),
    ("zeros-at-padding", "value", ANY, "",
     "leaves zeros at padding, which is a tag"),
    ("packed", "left-padding", ANY, "https://github.com/allenai/allennlp/issues/3523",
     "puts the tags at the row's start, wherever the positions are"),
    ("steps-over-padding", "value", ANY, "",
     "scores the path over padding"),
    ("traces-over-padding", "value", ANY, "",
     "traces the path back through padded steps"),
    ("not-turned-back", "value", ANY, "",
     "gives the path from its end"),
    ("greedy", "value", ANY, "",
     "takes each position's best tag, without transitions"),
    ("transposed", "value", ANY, "",
     "takes transitions from the next to the one before"),
    ("no-end", "value", ANY, "https://github.com/keras-team/keras-contrib/issues/508",
     "never applies the end"),
    ("no-start", "value", ANY, "",
     "never applies the start"),
    ("multiplies", "wild-padding", ANY, "https://github.com/numpy/numpy/issues/8003",
     "mixes steps by multiplying with the mask, where NaN stays NaN"),
    ("empty-row-is-full", "empty-row", ANY, "",
     "takes a row without valid positions for a full one"),
)
# fmt: on
MUTANTS = Mutants("crf_decode", correct)
MUTANTS.faults(_fault, (*MASK_ROWS, *_TABLE, *INPUT_ROWS))


@MUTANTS.wrong("contract")
def answers_in_the_inputs_dtype(xp: Any, emissions: Any, *tensors: Any) -> Any:
    """Answers in the emissions' dtype, not in whole numbers."""
    return xp.astype(correct(xp, emissions, *tensors), emissions.dtype)


@MUTANTS.wrong("length-one", around=_change_answer)
def squeezes_every_axis(xp: Any, found: Any, keep: Any) -> Any:
    """Squeezes every axis of length one, the batch's too."""
    return squeeze(xp, found, keep)


@MUTANTS.wrong("value", around=_change_answer)
def rows_stay_sorted(xp: Any, found: Any, keep: Any) -> Any:
    """Sorts the rows by length and does not sort the answers back."""
    return sort_rows(xp, found, keep)


add_compiled(MUTANTS, _fault("baked"))
