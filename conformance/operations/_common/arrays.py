"""What mutants of all operations are made of: right parts, and masks gone wrong.

Written over an array namespace, so that one formula runs on NumPy, torch and JAX.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Change = Callable[[Any, Any], Any]


def namespace(array: Any) -> Any:
    """Return the array namespace of an array; NumPy's own needs no further package."""
    import numpy as np  # here: declarations of reductions import no NumPy

    if isinstance(array, np.ndarray | np.generic):
        return np
    from array_api_compat import array_namespace

    return array_namespace(array)


def read_mask(xp: Any, x: Any, mask: Any) -> Any:
    """Return any form of the mask as booleans ``[B, T]``."""
    if mask is None:
        return xp.ones(tuple(x.shape[:2]), dtype=xp.bool)
    return mask != 0


def over(keep: Any, x: Any) -> Any:
    """Return ``keep [B, T]`` with as many axes as ``x``."""
    return keep.reshape(tuple(keep.shape) + (1,) * (x.ndim - 2))


def widen(xp: Any, x: Any) -> Any:
    """Return half precision in float32, anything else as it is."""
    return xp.astype(x, xp.float32) if x.dtype.itemsize == 2 else x  # noqa: PLR2004 - bytes


def clean(xp: Any, x: Any, keep: Any, fill: float = 0.0) -> Any:
    """Return ``x``, widened, with ``fill`` wherever the mask does not hold."""
    return xp.where(over(keep, x), widen(xp, x), fill)


def multiply_by_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Return ``x``, widened, times the mask: what is NaN at padding stays NaN."""
    wider = widen(xp, x)
    return wider * xp.astype(over(keep, x), wider.dtype)


def unless_empty(xp: Any, found: Any, keep: Any, other: float) -> Any:
    """Return ``found [B, ...]``, with ``other`` for rows without valid positions."""
    there = xp.any(keep, axis=1).reshape((-1,) + (1,) * (found.ndim - 1))
    return xp.where(there, found, xp.full_like(found, other))


def through_bfloat16(xp: Any, found: Any) -> Any:
    """Return ``found``, rounded to bfloat16 on its way."""
    # Seven bits of mantissa, as a cast to bfloat16 leaves them.
    mantissa, exponent = xp.frexp(widen(xp, found))
    return xp.astype(xp.ldexp(xp.round(mantissa * 256) / 256, exponent), found.dtype)


def count(xp: Any, keep: Any, like: Any) -> Any:
    """Return each row's valid positions, at least 1, with ``like``'s axes and dtype."""
    number = xp.sum(xp.astype(keep, xp.int32), axis=1)
    number = xp.astype(xp.where(number > 0, number, 1), like.dtype)
    return number.reshape(tuple(number.shape) + (1,) * (like.ndim - 1))


def lengths(xp: Any, keep: Any) -> Any:
    """Return how many positions of each row count, ``[B, 1]``."""
    return xp.sum(xp.astype(keep, xp.int32), axis=1, keepdims=True)


def places(xp: Any, keep: Any) -> Any:
    """Return each position's number, ``[B, T]``."""
    ones = xp.astype(xp.ones_like(keep), xp.int32)
    return xp.cumulative_sum(ones, axis=1) - 1


def after_last(xp: Any, keep: Any) -> Any:
    """Return the position behind each row's last valid one, ``[B, 1]``."""
    seen = xp.where(keep, places(xp, keep) + 1, 0)
    return xp.max(seen, axis=1, keepdims=True)


def all_true(xp: Any, keep: Any) -> Any:
    """Return a mask under which everything counts."""
    return xp.ones_like(keep)


def invert(xp: Any, keep: Any) -> Any:
    """Return the mask the wrong way round."""
    return xp.logical_not(keep)


def drop_last(xp: Any, keep: Any) -> Any:
    """Return the mask without each row's last valid position."""
    return keep & (places(xp, keep) < after_last(xp, keep) - 1)


def drop_first(xp: Any, keep: Any) -> Any:
    """Return the mask without each row's first valid position."""
    seen = xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1)
    return keep & (seen > 1)


def add_next(xp: Any, keep: Any) -> Any:
    """Return the mask with the position behind each valid one."""
    return keep | (places(xp, keep) == after_last(xp, keep))


def as_lengths(xp: Any, keep: Any) -> Any:
    """Return the mask of the row's length, counted from the left."""
    return places(xp, keep) < lengths(xp, keep)


def fill_to_last(xp: Any, keep: Any) -> Any:
    """Return the mask of everything up to the row's last valid position."""
    return places(xp, keep) < after_last(xp, keep)


def last_rows(xp: Any, keep: Any) -> Any:
    """Return the last row's mask for every row."""
    return xp.broadcast_to(keep[-1:], tuple(keep.shape))


def longest(xp: Any, keep: Any) -> Any:
    """Return the mask of the longest row for every row."""
    top = xp.max(lengths(xp, keep), axis=0, keepdims=True)
    return places(xp, keep) < top


def unless_alone(xp: Any, keep: Any) -> Any:
    """Return the mask, or everything where the batch has one row."""
    return xp.ones_like(keep) if keep.shape[0] == 1 else keep


def fill_empty_rows(xp: Any, keep: Any) -> Any:
    """Return the mask with everything valid in rows that have no valid position."""
    return keep | (lengths(xp, keep) == 0)


_PROPAGATION = "https://github.com/keras-team/keras/issues/3777"
# fmt: off
MASKS: Mapping[str, tuple[Change, str, str, str]] = MappingProxyType({
    "ignores-the-mask": (all_true, "ignores the mask",
        "value", _PROPAGATION),
    "inverts-the-mask": (
        invert, "takes the valid positions for padding and padding for valid",
        "value", "https://github.com/speechbrain/speechbrain/issues/2276"),
    "forgets-the-last-position": (
        drop_last, "leaves out each row's last valid position",
        "value", ""),
    "forgets-the-first-position": (
        drop_first, "leaves out each row's first valid position",
        "value", ""),
    "one-position-too-many": (
        add_next, "takes the first position behind each row's end for valid",
        "value", "https://github.com/speechbrain/speechbrain/pull/2895"),
    "mask-as-lengths": (
        as_lengths, "reads the mask as lengths, so padding must be on the right",
        "left-padding", "https://github.com/facebookresearch/fairseq/issues/3625"),
    "everything-up-to-the-last": (
        fill_to_last, "counts everything up to the row's last valid position",
        "left-padding", ""),
    "last-rows-mask": (last_rows, "uses the last row's mask for all rows",
        "value", "https://github.com/pytorch/pytorch/issues/95118"),
    "longest-row-for-all": (longest, "uses the longest row's length for all rows",
        "value", "https://github.com/speechbrain/speechbrain/issues/1044"),
    "no-mask-for-one-row": (unless_alone, "ignores the mask when the batch has one row",
        "length-one", "https://github.com/huggingface/transformers/pull/46773"),
})
# fmt: on
"""What people do to a mask: the change, its text, the law it breaks, a thread."""
