"""Reversals made wrong on purpose."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import drop_last, lengths, over, places
from conformance.operations._common.family import add_usual, call_formula
from conformance.operations._common.mutant import Mutants


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the valid positions in reverse order, zero elsewhere."""
    return call_formula(reverse, xp, x, mask)


def reverse(xp: Any, x: Any, keep: Any) -> Any:
    """Return the valid positions in reverse order, zero elsewhere."""
    return _only(xp, take_positions(xp, x, source(xp, keep)), keep)


def source(xp: Any, keep: Any) -> Any:
    """The position that each one is read from; padding reads some valid one."""
    at = xp.astype(places(xp, keep), xp.int64)
    order = xp.argsort(xp.where(keep, at, at + keep.shape[1]), axis=1)
    rank = xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1) - 1
    back = lengths(xp, keep) - 1 - rank
    back = xp.astype(xp.where(keep, back, xp.zeros_like(back)), xp.int64)
    return xp.take_along_axis(order, back, axis=1)


def take_positions(xp: Any, x: Any, at: Any) -> Any:
    """Return x, read at a position of its row for each position."""
    index = xp.broadcast_to(over(at, x), tuple(x.shape))
    return xp.take_along_axis(x, index, axis=1)


def _only(xp: Any, found: Any, keep: Any) -> Any:
    return xp.where(over(keep, found), found, xp.zeros_like(found))


MUTANTS = Mutants("reverse_sequence", correct, around=call_formula)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual(MUTANTS, reverse)


@wrong("value", url="https://github.com/keras-team/keras/issues/4192")
def reverses_the_padded_row(xp: Any, x: Any, keep: Any) -> Any:
    """Reverses the row as a whole, so that padding comes first."""
    return _only(xp, xp.flip(x, axis=1), keep)


@wrong("same-values", url="https://github.com/keras-team/keras/issues/7244")
def reverses_a_cleaned_row(xp: Any, x: Any, keep: Any) -> Any:
    """Reverses the row as a whole, with zeros for its padding."""
    # Padding is multiplied away before the row as a whole is turned round.
    keep = over(keep, x)
    cleaned = xp.where(keep, x, xp.zeros_like(x))
    return xp.where(keep, xp.flip(cleaned, axis=1), xp.zeros_like(x))


@wrong("value")
def padding_is_kept(xp: Any, x: Any, keep: Any) -> Any:
    """Leaves at padding what stood there, zero declared."""
    return xp.where(over(keep, x), reverse(xp, x, keep), x)


@wrong("value")
def does_not_reverse(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the row as it was."""
    return _only(xp, x, keep)


@wrong("value")
def reverses_the_batch(xp: Any, x: Any, keep: Any) -> Any:
    """Reverses the batch's axis, not time's."""
    return _only(xp, xp.flip(x, axis=0), keep)


@wrong("value")
def reverses_the_features_too(xp: Any, x: Any, keep: Any) -> Any:
    """Reverses the axis of features as well."""
    found = reverse(xp, x, keep)
    return found if x.ndim == 2 else xp.flip(found, axis=-1)  # noqa: PLR2004 - [B, T]


@wrong("value", url="https://github.com/speechbrain/speechbrain/issues/1129")
def last_value_stays(xp: Any, x: Any, keep: Any) -> Any:
    """Reverses one value too few, so that the last one stays last."""
    inner = drop_last(xp, keep)
    return _only(xp, xp.where(over(inner, x), reverse(xp, x, inner), x), keep)


@wrong("left-padding", url="https://github.com/facebookresearch/fairseq/issues/3625")
def moves_to_the_left(xp: Any, x: Any, keep: Any) -> Any:
    """Writes the reversed values to the row's left end, padding or not."""
    # The valid values, packed, reversed and left packed.
    at = xp.astype(places(xp, keep), xp.int64)
    order = xp.argsort(xp.where(keep, at, at + keep.shape[1]), axis=1)
    number = lengths(xp, keep)
    back = number - 1 - at
    back = xp.astype(xp.where(back < 0, xp.zeros_like(back), back), xp.int64)
    found = take_positions(xp, x, xp.take_along_axis(order, back, axis=1))
    return _only(xp, found, at < number)


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask, so that infinity or NaN at padding gives NaN."""
    at = xp.where(keep, source(xp, keep), xp.astype(places(xp, keep), xp.int64))
    return take_positions(xp, x, at) * xp.astype(over(keep, x), x.dtype)


@gradient()
def gradient_is_not_reversed(xp: Any, x: Any, keep: Any) -> Any:
    """Sends each cotangent to its own position, behind a right value."""
    there = does_not_reverse(xp, x, keep)
    return reverse(xp, x, keep).detach() + (there - there.detach())
