"""Masks from lengths made wrong on purpose: ends, sides, T, and lengths misread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import over, through_bfloat16
from conformance.operations._common.family import add_masks
from conformance.operations._common.mutant import Mutants, compiled

if TYPE_CHECKING:
    from collections.abc import Callable

GITHUB = "https://github.com/"
SPEECHBRAIN = GITHUB + "speechbrain/speechbrain/"
LEFT = ("mask_from_lengths.left",)


def correct(xp: Any, lengths: Any, x: Any, *, side: str) -> Any:
    """Return true at the first positions, or the last, as many as the length says."""
    return build(xp, lengths, x.shape[1], side)


def build(xp: Any, lengths: Any, time: int, side: str) -> Any:
    """Return the mask ``[B, T]`` of lengths of any integer dtype."""
    count = xp.astype(lengths, xp.int32)[:, None]
    at = xp.arange(time)[None]
    return at < count if side == "right" else at >= time - count


def _change_mask(
    change: Callable[[Any, Any], Any], xp: Any, lengths: Any, x: Any, *, side: str
) -> Any:
    return change(xp, correct(xp, lengths, x, side=side))


def _change_lengths(
    change: Callable[[Any, Any, int], Any], xp: Any, lengths: Any, x: Any, *, side: str
) -> Any:
    return build(xp, change(xp, lengths, x.shape[1]), x.shape[1], side)


MUTANTS = Mutants("mask_from_lengths", correct, around=_change_lengths)
wrong = MUTANTS.wrong
add_masks(
    MUTANTS,
    _change_mask,
    without=(
        # On one side or on both of them these leave the mask as it is.
        "one-position-too-many",
        "mask-as-lengths",
        "everything-up-to-the-last",
    ),
)


@wrong("value", url=SPEECHBRAIN + "pull/2895")
def one_position_too_many(xp: Any, lengths: Any, time: int) -> Any:
    """Counts one position more than the length says."""
    del xp, time
    return lengths + 1


@wrong("value", raw=True, url=GITHUB + "verl-project/verl/pull/4243")
def pads_the_other_side(xp: Any, lengths: Any, x: Any, *, side: str) -> Any:
    """Puts padding on the other side of the row."""
    other = "left" if side == "right" else "right"
    return build(xp, lengths, x.shape[1], other)


@wrong("extra-padding", raw=True, url=SPEECHBRAIN + "pull/3086")
def as_wide_as_the_longest(xp: Any, lengths: Any, x: Any, *, side: str) -> Any:
    """Makes a mask that is as wide as the longest row, not as x."""
    time = int(xp.max(lengths)) if lengths.shape[0] else x.shape[1]
    return build(xp, lengths, time, side)


@wrong("extra-padding", raw=True, variants=LEFT)
def left_of_the_longest(xp: Any, lengths: Any, x: Any, *, side: str) -> Any:
    """Ends every row where the longest one ends, and pads what is behind it."""
    del side
    count = xp.astype(lengths, xp.int64)[:, None]
    at = xp.arange(x.shape[1])[None]
    end = xp.max(count, axis=0, keepdims=True)
    return (at < end) & (at >= end - count)


@wrong("value", url=GITHUB + "baidu-research/warp-ctc/issues/24")
def first_rows_length(xp: Any, lengths: Any, time: int) -> Any:
    """Takes the first row's length for all rows."""
    del time
    return xp.broadcast_to(lengths[:1], tuple(lengths.shape))


@wrong("value", url=GITHUB + "huggingface/transformers/pull/27323")
def sorted_lengths(xp: Any, lengths: Any, time: int) -> Any:
    """Sorts the lengths, and does not sort the rows back."""
    del time
    return -xp.sort(-xp.astype(lengths, xp.int64))


@wrong("value")
def running_lengths(xp: Any, lengths: Any, time: int) -> Any:
    """Adds the lengths up from row to row, as offsets are."""
    del time
    return xp.cumulative_sum(xp.astype(lengths, xp.int64))


@wrong("value", url=SPEECHBRAIN + "issues/1494")
def lengths_times_time(xp: Any, lengths: Any, time: int) -> Any:
    """Takes lengths for shares of the row, and multiplies them by T."""
    return xp.astype(lengths, xp.int64) * time


@wrong("value", url=SPEECHBRAIN + "issues/1129")
def shares_rounded_down(xp: Any, lengths: Any, time: int) -> Any:
    """Makes shares of T of the lengths, and cuts off what is behind the point."""
    share = xp.astype(lengths, xp.float32) / (time + 1e-4)
    return xp.astype(share * time, xp.int64)


@wrong("empty-row", url=GITHUB + "pytorch/pytorch/issues/4582")
def at_least_one(xp: Any, lengths: Any, time: int) -> Any:
    """Takes a length of zero for one."""
    del time
    return xp.where(lengths > 0, lengths, xp.ones_like(lengths))


@wrong("empty-row")
def zero_is_unknown(xp: Any, lengths: Any, time: int) -> Any:
    """Takes a length of zero for one that is not known, and counts the whole row."""
    return xp.where(lengths > 0, lengths, xp.full_like(lengths, time))


@wrong("beyond-time")
def wraps_round(xp: Any, lengths: Any, time: int) -> Any:
    """Begins again where a length is above T."""
    del xp
    over_time = lengths > time
    return lengths - over_time * lengths + over_time * (lengths % (time + 1))


@wrong("beyond-time")
def drops_longer_rows(xp: Any, lengths: Any, time: int) -> Any:
    """Counts nothing of a row whose length is above T."""
    return xp.where(lengths > time, xp.zeros_like(lengths), lengths)


@wrong("beyond-time", raw=True)
def rows_share_what_is_over(xp: Any, lengths: Any, x: Any, *, side: str) -> Any:
    """Lets what is above T run over into the next row."""
    keep = build(xp, lengths, x.shape[1], side)
    beyond = xp.astype(lengths, xp.int64) - x.shape[1]
    beyond = xp.where(beyond > 0, beyond, xp.zeros_like(beyond))
    moved = xp.concat([xp.zeros_like(beyond[:1]), beyond[:-1]])
    return keep | build(xp, moved, x.shape[1], side)


@wrong("far-lengths", url=GITHUB + "jiesutd/NCRFpp/issues/18")
def lengths_in_eight_bits(xp: Any, lengths: Any, time: int) -> Any:
    """Keeps lengths in eight bits, which wrap round at 256."""
    del time
    return xp.astype(lengths, xp.int64) % 256


@wrong("far-lengths")
def lengths_in_int8(xp: Any, lengths: Any, time: int) -> Any:
    """Keeps lengths in int8, which is negative from 128 on."""
    del time
    low = xp.astype(lengths, xp.int64) % 256
    return xp.where(low < 128, low, low - 256)  # noqa: PLR2004 - what int8 holds


@wrong("far-lengths", url=GITHUB + "RosettaCommons/foundry/pull/236")
def lengths_in_bfloat16(xp: Any, lengths: Any, time: int) -> Any:
    """Keeps lengths in bfloat16, which has no 257."""
    del time
    return xp.astype(through_bfloat16(xp, xp.astype(lengths, xp.float32)), xp.int64)


@wrong("far-lengths", url=GITHUB + "pytorch/pytorch/issues/81926")
def lengths_in_float16(xp: Any, lengths: Any, time: int) -> Any:
    """Keeps lengths in float16, which has no 2049."""
    del time
    return xp.astype(xp.astype(lengths, xp.float16), xp.int64)


@wrong("length-types", raw=True, url=GITHUB + "speechbrain/speechbrain/issues/1470")
def counts_in_the_lengths_dtype(xp: Any, lengths: Any, x: Any, *, side: str) -> Any:
    """Numbers positions in the dtype of the lengths, where T may not fit."""
    bits = 8 * lengths.dtype.itemsize
    count = xp.astype(lengths, xp.int64)[:, None]
    at = xp.arange(x.shape[1])[None] % 2 ** min(bits, 32)
    keep = at < count
    return keep if side == "right" else xp.flip(keep, axis=1)


@wrong("length-types", url=GITHUB + "pytorch/pytorch/issues/152421")
def other_integers_are_nothing(xp: Any, lengths: Any, time: int) -> Any:
    """Reads lengths of 64 bits alone, others as zeros."""
    del time
    wide = lengths.dtype.itemsize == 8  # noqa: PLR2004 - bytes
    return lengths if wide else xp.zeros_like(lengths)


@wrong("value", url=GITHUB + "Theano/Theano/pull/5949")
def reads_halves(xp: Any, lengths: Any, time: int) -> Any:
    """Reads the memory of 64-bit lengths as 32-bit ones, every other one zero."""
    del time
    place = xp.arange(lengths.shape[0])
    there = xp.take(lengths, place // 2)
    return xp.where(place % 2 == 0, there, xp.zeros_like(there))


@wrong("only-its-shape", raw=True, url=GITHUB + "sunlabuiuc/PyHealth/pull/140")
def zeros_of_x_are_padding(xp: Any, lengths: Any, x: Any, *, side: str) -> Any:
    """Takes positions where x is zero for padding as well."""
    some = x != 0
    some = some if x.ndim == 2 else xp.any(some, axis=2)  # noqa: PLR2004 - [B, T]
    return correct(xp, lengths, x, side=side) & some


@wrong("only-its-shape", raw=True)
def numbers_like_a_fill_are_padding(xp: Any, lengths: Any, x: Any, *, side: str) -> Any:
    """Takes positions where x is beyond 1e4 for padding as well."""
    small = xp.abs(x) <= 1e4  # noqa: PLR2004 - what is wrong
    small = small if x.ndim == 2 else xp.all(small, axis=2)  # noqa: PLR2004 - [B, T]
    return correct(xp, lengths, x, side=side) & small


@wrong("contract", raw=True, url=GITHUB + "pytorch/pytorch/issues/39639")
def clips_its_input(xp: Any, lengths: Any, x: Any, *, side: str) -> Any:
    """Counts the caller's own lengths down to zero."""
    keep = correct(xp, lengths, x, side=side)
    lengths[:] = 0
    return keep


@wrong("contract", around=_change_mask)
def answers_in_numbers(xp: Any, keep: Any) -> Any:
    """Answers with 1.0 and 0.0, not with booleans."""
    return xp.astype(keep, xp.float32)


@wrong("value", raw=True, url="https://kexue.fm/archives/6810")
def answers_like_x(xp: Any, lengths: Any, x: Any, *, side: str) -> Any:
    """Answers with an axis for the features, which x has and a mask has not."""
    keep = correct(xp, lengths, x, side=side)
    wide = over(keep, x) if x.ndim > 2 else keep[:, :, None]  # noqa: PLR2004 - [B, T]
    return xp.broadcast_to(wide, tuple(x.shape)) if x.ndim > 2 else wide  # noqa: PLR2004


@wrong("length-one", around=_change_mask)
def squeezes_every_axis(xp: Any, keep: Any) -> Any:
    """Squeezes every axis of length one, the batch's too."""
    del xp
    return keep.reshape(tuple(size for size in keep.shape if size != 1))


@wrong("layout", raw=True, url=GITHUB + "pytorch/pytorch/issues/99638")
def reads_memory(xp: Any, lengths: Any, x: Any, *, side: str) -> Any:
    """Reads the memory of the lengths one by one, where every other one is meant."""
    base = getattr(lengths, "base", None)
    whole = lengths if base is None or base.dtype != lengths.dtype else base
    near = whole.ravel(order="K")[: lengths.shape[0]]
    return build(xp, near, x.shape[1], side)


@wrong("route", url=GITHUB + "tensorflow/tensorflow/issues/31636", **compiled())
def compiled_with_the_padded_length(xp: Any, lengths: Any, time: int) -> Any:
    """Bakes the padded length into the compiled function."""
    try:
        return xp.asarray([int(number) for number in lengths])
    except TypeError:  # a tracer has no value: what is left is the static shape
        return xp.full_like(lengths, time)
