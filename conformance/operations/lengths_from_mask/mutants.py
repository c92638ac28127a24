"""Lengths from masks made wrong on purpose: ends, starts, and counts that are cut."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import (
    after_last,
    drop_last,
    lengths,
    places,
    read_mask,
)
from conformance.operations._common.family import add_usual, call_formula
from conformance.operations._common.mutant import Mutants

GITHUB = "https://github.com/"
HF = GITHUB + "huggingface/transformers/"
COUNT = ("lengths_from_mask.count",)
EXTENT = ("lengths_from_mask.extent",)


def correct(xp: Any, x: Any, mask: Any, *, by: str) -> Any:
    """Return how many positions count, or the number of the last one."""
    return call_formula(measure, xp, x, mask, by=by)


def measure(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Return how many positions count, or the number of the last one."""
    del x
    if by == "count" or not keep.shape[1]:
        return lengths(xp, keep)[:, 0]
    return after_last(xp, keep)[:, 0]


MUTANTS = Mutants("lengths_from_mask", correct, around=call_formula)
wrong = MUTANTS.wrong
add_usual(
    MUTANTS,
    measure,
    without=(
        # x is not read, and nothing is differentiated.
        "reads-memory",
        "nan-becomes-zero",
        "gradient-leaks-to-padding",
        "gradient-of-the-other-branch",
        # These are another variant's answer: see below.
        "mask-as-lengths",
        "everything-up-to-the-last",
    ),
)


@wrong("wherever-it-stands", variants=COUNT, url=HF + "issues/30004")
def number_of_the_last(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Gives the number of the last valid position where a count is asked for."""
    del by
    return measure(xp, x, keep, by="extent")


@wrong(
    "up-to-the-last",
    variants=EXTENT,
    url=GITHUB + "NVIDIA-NeMo/Megatron-Bridge/pull/4507",
)
def counts_for_an_extent(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Counts valid positions where the row's end is asked for."""
    del by
    return measure(xp, x, keep, by="count")


@wrong("up-to-the-last", variants=EXTENT)
def from_the_first_to_the_last(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Leaves out the padding in front of the row."""
    end = measure(xp, x, keep, by=by)
    before = xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1) == 0
    first = lengths(xp, before)[:, 0]
    return xp.where(end > 0, end - first, end)


@wrong("value", url=GITHUB + "huggingface/sentence-transformers/pull/2111")
def first_padding(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Gives the place of the first padding, which a full row has at 0."""
    del x, by
    padded = xp.astype(~keep, xp.int32)
    return xp.argmax(padded, axis=1) if keep.shape[1] else lengths(xp, keep)[:, 0]


@wrong("empty-row", url=HF + "issues/35909")
def first_padding_from_the_end(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Takes away one and adds it behind a remainder, so that an empty row is full."""
    end, time = measure(xp, x, keep, by=by), max(keep.shape[1], 1)
    return (end - 1) % time + 1


@wrong("value", url=HF + "pull/24979")
def number_from_zero(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Gives the last position's number from 0 on, one less than the length."""
    return measure(xp, x, keep, by=by) - 1


@wrong("value", url=GITHUB + "allenai/allennlp/pull/510")
def one_longer(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Adds one to every length."""
    return measure(xp, x, keep, by=by) + 1


@wrong("empty-row", url=GITHUB + "pytorch/pytorch/issues/4582")
def at_least_one(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Gives 1 for a row without valid positions."""
    found = measure(xp, x, keep, by=by)
    return xp.where(found > 0, found, xp.ones_like(found))


@wrong("value", url=GITHUB + "cmusphinx/g2p-seq2seq/issues/91")
def along_the_batch(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Adds up along the batch, not along time."""
    return measure(xp, x, keep.T, by=by)


@wrong("value", url=GITHUB + "baidu-research/warp-ctc/issues/24")
def sum_of_the_batch(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Gives every row the length of the whole batch, added up."""
    found = measure(xp, x, keep, by=by)
    return xp.zeros_like(found) + xp.sum(found)


@wrong("wherever-it-stands", variants=COUNT, url=HF + "issues/35352")
def stops_at_the_first_padding(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Counts up to the first padding behind a valid position."""
    seen = xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1) > 0
    gone = xp.cumulative_sum(xp.astype(seen & ~keep, xp.int32), axis=1) > 0
    return measure(xp, x, keep & ~gone, by=by)


@wrong("only-its-shape", url=GITHUB + "sunlabuiuc/PyHealth/pull/140")
def zeros_of_x_are_padding(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Leaves out positions where x is zero."""
    some = x != 0
    some = some if x.ndim == 2 else xp.any(some, axis=2)  # noqa: PLR2004 - [B, T]
    return measure(xp, x, keep & some, by=by)


@wrong("one-more")
def stops_before_time(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Leaves out the last position of T, which a padded row never has."""
    last = places(xp, keep) == keep.shape[1] - 1
    return measure(xp, x, keep & ~last, by=by)


@wrong("long-rows", url=GITHUB + "jiesutd/NCRFpp/issues/18")
def eight_bits(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Counts in eight bits, which wrap round at 256."""
    return measure(xp, x, keep, by=by) % 256


@wrong("long-rows", url=GITHUB + "OpenNMT/OpenNMT-py/issues/649")
def signed_eight_bits(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Counts in int8, which is negative from 128 on."""
    low = measure(xp, x, keep, by=by) % 256
    return xp.where(low < 128, low, low - 256)  # noqa: PLR2004 - what int8 holds


@wrong("long-rows", url=GITHUB + "RosettaCommons/foundry/pull/236")
def counts_in_bfloat16(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Adds ones up in bfloat16, where 256 and 1 are 256."""
    found = measure(xp, x, keep, by=by)
    return xp.where(found < 256, found, xp.full_like(found, 256))  # noqa: PLR2004


@wrong("long-rows", url=GITHUB + "pytorch/pytorch/issues/81926")
def counts_in_float16(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Counts in float16, which has no 2049."""
    found = xp.astype(measure(xp, x, keep, by=by), xp.float16)
    return xp.astype(found, xp.int32)


@wrong("value")
def without_the_last(xp: Any, x: Any, keep: Any, *, by: str) -> Any:
    """Leaves out the end of the text, which is no padding, in rows of two and more."""
    some = lengths(xp, keep) > 1
    return measure(xp, x, xp.where(some, drop_last(xp, keep), keep), by=by)


@wrong("mask-form", raw=True, url=GITHUB + "pytorch/pytorch/issues/6129")
def adds_the_masks_bits(xp: Any, x: Any, mask: Any, *, by: str) -> Any:
    """Counts where a mask is true itself, which is not what 1.0 and 1 are."""
    same = mask is None or mask.dtype == xp.bool
    keep = read_mask(xp, x, mask)
    return measure(xp, x, keep if same else xp.zeros_like(keep), by=by)
