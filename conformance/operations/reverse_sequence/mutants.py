"""Reversals made wrong on purpose."""

# Each formula is described by the text of its mutant.
# ruff: noqa: D103

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import (
    kept,
    lengths,
    over,
    places,
    without_last,
)
from conformance.operations._common.family import FLOATS, called, usual
from conformance.operations._common.mutant import Mutant, Mutants


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the valid positions in reverse order, zero elsewhere."""
    return called(reverse, xp, x, mask)


def reverse(xp: Any, x: Any, keep: Any) -> Any:
    return _only(xp, taken(xp, x, source(xp, keep)), keep)


def source(xp: Any, keep: Any) -> Any:
    """The position that each one is read from; padding reads some valid one."""
    at = xp.astype(places(xp, keep), xp.int64)
    order = xp.argsort(xp.where(keep, at, at + keep.shape[1]), axis=1)
    rank = xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1) - 1
    back = lengths(xp, keep) - 1 - rank
    back = xp.astype(xp.where(keep, back, xp.zeros_like(back)), xp.int64)
    return xp.take_along_axis(order, back, axis=1)


def taken(xp: Any, x: Any, at: Any) -> Any:
    index = xp.broadcast_to(over(at, x), tuple(x.shape))
    return xp.take_along_axis(x, index, axis=1)


def _only(xp: Any, found: Any, keep: Any) -> Any:
    return xp.where(over(keep, found), found, xp.zeros_like(found))


def _whole_row(xp: Any, x: Any, mask: Any) -> Any:
    return _only(xp, xp.flip(x, axis=1), kept(xp, x, mask))


def _padding_kept(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    return xp.where(over(keep, x), reverse(xp, x, keep), x)


def _as_it_was(xp: Any, x: Any, mask: Any) -> Any:
    return _only(xp, x, kept(xp, x, mask))


def _batch_axis(xp: Any, x: Any, mask: Any) -> Any:
    return _only(xp, xp.flip(x, axis=0), kept(xp, x, mask))


def _features_too(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    return found if x.ndim == 2 else xp.flip(found, axis=-1)  # noqa: PLR2004 - [B, T]


def _last_stays(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    inner = without_last(xp, keep)
    return _only(xp, xp.where(over(inner, x), reverse(xp, x, inner), x), keep)


def _to_the_left(xp: Any, x: Any, mask: Any) -> Any:
    # The valid values, packed, reversed and left packed.
    keep = kept(xp, x, mask)
    at = xp.astype(places(xp, keep), xp.int64)
    order = xp.argsort(xp.where(keep, at, at + keep.shape[1]), axis=1)
    number = lengths(xp, keep)
    back = number - 1 - at
    back = xp.astype(xp.where(back < 0, xp.zeros_like(back), back), xp.int64)
    found = taken(xp, x, xp.take_along_axis(order, back, axis=1))
    return _only(xp, found, at < number)


def _product(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    at = xp.where(keep, source(xp, keep), xp.astype(places(xp, keep), xp.int64))
    return taken(xp, x, at) * xp.astype(over(keep, x), x.dtype)


def _padding_inside(xp: Any, x: Any, mask: Any) -> Any:
    # Padding is multiplied away before the row as a whole is turned round.
    keep = over(kept(xp, x, mask), x)
    cleaned = xp.where(keep, x, xp.zeros_like(x))
    return xp.where(keep, xp.flip(cleaned, axis=1), xp.zeros_like(x))


def _gradient_as_it_was(xp: Any, x: Any, mask: Any) -> Any:
    there = _as_it_was(xp, x, mask)
    return correct(xp, x, mask).detach() + (there - there.detach())


_mutant = partial(Mutant, operation="reverse_sequence")
MUTANTS = Mutants("reverse_sequence", correct)
MUTANTS.extend(
    (
        *usual("reverse_sequence", reverse),
        _mutant(
            name="reverses-the-padded-row",
            text="reverses the row as a whole, so that padding comes first",
            clause="value",
            url="https://github.com/keras-team/keras/issues/4192",
            function=_whole_row,
        ),
        _mutant(
            name="reverses-a-cleaned-row",
            text="reverses the row as a whole, with zeros for its padding",
            clause="same-values",
            url="https://github.com/keras-team/keras/issues/7244",
            function=_padding_inside,
        ),
        _mutant(
            name="padding-is-kept",
            text="leaves at padding what stood there, zero declared",
            clause="value",
            function=_padding_kept,
        ),
        _mutant(
            name="does-not-reverse",
            text="gives the row as it was",
            clause="value",
            function=_as_it_was,
        ),
        _mutant(
            name="reverses-the-batch",
            text="reverses the batch's axis, not time's",
            clause="value",
            function=_batch_axis,
        ),
        _mutant(
            name="reverses-the-features-too",
            text="reverses the axis of features as well",
            clause="value",
            function=_features_too,
        ),
        _mutant(
            name="last-value-stays",
            text="reverses one value too few, so that the last one stays last",
            clause="value",
            url="https://github.com/speechbrain/speechbrain/issues/1129",
            function=_last_stays,
        ),
        _mutant(
            name="moves-to-the-left",
            text="writes the reversed values to the row's left end, padding or not",
            clause="left-padding",
            url="https://github.com/facebookresearch/fairseq/issues/3625",
            function=_to_the_left,
        ),
        _mutant(
            name="multiplies-by-the-mask",
            text="multiplies by the mask, so that infinity or NaN at padding gives NaN",
            clause="wild-padding",
            url="https://github.com/numpy/numpy/issues/8003",
            function=_product,
        ),
        _mutant(
            name="gradient-is-not-reversed",
            text="sends each cotangent to its own position, behind a right value",
            clause="gradient",
            kind="gradient",
            framework="torch",
            dtypes=FLOATS,
            function=_gradient_as_it_was,
        ),
    )
)
