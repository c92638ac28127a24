"""Packing made wrong on purpose: order, places, boundaries, what is behind the last."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import (
    as_lengths,
    fill_empty_rows,
    lengths,
    over,
    places,
    through_bfloat16,
)
from conformance.operations._common.family import add_usual, call_formula
from conformance.operations._common.mutant import Mutants
from conformance.operations.pack.mutants_formulas import (
    by_steps,
    correct,
    first,
    key_of,
    number,
    pack,
    place_of,
    read,
    row_of,
    scatter,
    sort,
    starts_of,
    take,
)

GITHUB = "https://github.com/"
TORCH = GITHUB + "pytorch/pytorch/"
ROWS = ("pack.rows",)
STEPS = ("pack.steps",)

MUTANTS = Mutants("pack", correct, around=call_formula)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual(
    MUTANTS,
    pack,
    # What these do to packed rows is below, by other names.
    without=("nan-becomes-zero", "rows-stay-sorted", "mask-as-lengths"),
)


@wrong("value", variants=ROWS, url=GITHUB + "cmusphinx/g2p-seq2seq/issues/91")
def time_first(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Packs step by step, every row's position in its own order."""
    del order
    return read(xp, x, keep, places(xp, keep) * keep.shape[0] + row_of(xp, keep))


@wrong("value", variants=ROWS, url=GITHUB + "fartashf/vsepp/pull/36")
def longest_row_first(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Sorts the rows by length and leaves them so."""
    del order
    size = keep.shape[0] * keep.shape[1]
    behind = -lengths(xp, keep) * size
    return read(xp, x, keep, behind + number(xp, keep))


@wrong("value", variants=STEPS, url=TORCH + "issues/33746")
def rows_in_their_order(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Takes rows at each step in their own order, not the longest first."""
    del order
    return read(xp, x, keep, by_steps(xp, keep, row_of(xp, keep)[:, 0]))


@wrong("value", variants=STEPS, url=TORCH + "issues/8026")
def shortest_row_first(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Takes the shortest row first at each step."""
    del order
    rows = xp.argsort(xp.argsort(lengths(xp, keep)[:, 0], stable=True))
    return read(xp, x, keep, by_steps(xp, keep, rows))


@wrong("value", variants=STEPS)
def equal_rows_turned(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Takes rows of one length in reverse order, as a sort turned round does."""
    del order
    up = xp.argsort(lengths(xp, keep)[:, 0], stable=True)
    rows = keep.shape[0] - 1 - xp.argsort(up)
    return read(xp, x, keep, by_steps(xp, keep, rows))


@wrong("left-padding", variants=STEPS, url=GITHUB + "ray-project/ray/issues/13075")
def steps_of_the_padded_row(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Takes columns of the padded batch for steps, padding in front included."""
    del order
    rows = xp.argsort(xp.argsort(-lengths(xp, keep)[:, 0], stable=True))
    return read(xp, x, keep, places(xp, keep) * keep.shape[0] + rows[:, None])


@wrong(
    "value",
    variants=ROWS,
    url=GITHUB + "pyg-team/pytorch_geometric/issues/10534",
)
def last_row_first(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Packs the batch's rows from the last to the first."""
    turned = xp.flip(keep, axis=0)
    return pack(xp, xp.flip(x, axis=0), turned, order=order)


@wrong("value")
def every_row_reversed(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Packs each row from its end."""
    return pack(xp, xp.flip(x, axis=1), xp.flip(keep, axis=1), order=order)


@wrong("value")
def padding_comes_first(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Puts the zeros in front of what is packed."""
    found = pack(xp, x, keep, order=order)
    size = keep.shape[0] * keep.shape[1]
    flat = found.reshape((size, *x.shape[2:]))
    behind = size - int(xp.sum(keep))
    return xp.roll(flat, behind, axis=0).reshape(x.shape)


@wrong("padding-content", url=GITHUB + "Dao-AILab/flash-attention/issues/1228")
def leaves_padding_behind(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Leaves padding's content behind the last valid position."""
    return take(xp, x, sort(xp, keep, key_of(xp, keep, order)))


@wrong("wild-padding", url=GITHUB + "numpy/numpy/issues/8003")
def multiplies_what_is_behind(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Multiplies what is behind the last by zero, so that NaN stays NaN."""
    found = leaves_padding_behind(xp, x, keep, order=order)
    return found * xp.astype(over(first(xp, keep), x), x.dtype)


@wrong("value", url=GITHUB + "jax-ml/jax/issues/7129")
def fills_with_the_first_value(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Puts the batch's first value behind the last, as an index of 0 does."""
    found = pack(xp, x, keep, order=order)
    return xp.where(over(first(xp, keep), x), found, x[:1, :1])


@wrong("value", url=GITHUB + "jax-ml/jax/pull/7699")
def fills_with_the_last_value(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Puts the batch's last place behind the last, as an index of -1 does."""
    found = pack(xp, x, keep, order=order)
    return xp.where(over(first(xp, keep), x), found, x[-1:, -1:])


@wrong("value", variants=ROWS, url=GITHUB + "NVIDIA/Megatron-LM/pull/4495")
def boundaries_one_too_early(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Begins every row but the first one place early, over the last one's end."""
    del order
    starts = starts_of(xp, keep)
    starts = xp.where(starts > 0, starts - 1, starts)
    return scatter(xp, x, keep, place_of(xp, keep, starts))


@wrong("value", variants=ROWS, url=GITHUB + "areal-project/AReaL/issues/1103")
def a_gap_between_rows(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Leaves one place free between rows."""
    del order
    starts = starts_of(xp, keep) + row_of(xp, keep)[:, 0]
    return scatter(xp, x, keep, place_of(xp, keep, starts))


@wrong("value", variants=ROWS, url=TORCH + "issues/6299")
def rows_as_long_as_the_longest(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Gives every row as many places as the longest has."""
    del order
    longest = xp.max(lengths(xp, keep)) if keep.shape[0] else 0
    starts = row_of(xp, keep)[:, 0] * longest
    return scatter(xp, x, keep, place_of(xp, keep, starts))


@wrong("value", variants=ROWS)
def rows_of_their_own_length(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Begins a row at its number times its own length."""
    del order
    starts = row_of(xp, keep)[:, 0] * lengths(xp, keep)[:, 0]
    return scatter(xp, x, keep, place_of(xp, keep, starts))


@wrong("left-padding", url=GITHUB + "NVIDIA-NeMo/Megatron-Bridge/pull/4507")
def first_columns(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Packs the first positions of each row, as many as count, wherever they are."""
    return pack(xp, x, as_lengths(xp, keep), order=order)


@wrong("empty-row", url=TORCH + "issues/4582")
def empty_row_takes_a_place(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Packs one position of a row that has none."""
    one = (lengths(xp, keep) == 0) & (places(xp, keep) == 0)
    return pack(xp, x, keep | one, order=order)


@wrong("empty-row", url=GITHUB + "pyg-team/pytorch_geometric/pull/2838")
def empty_row_is_full(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Packs the whole of a row that has no valid position."""
    return pack(xp, x, fill_empty_rows(xp, keep), order=order)


@wrong("empty-row", url=TORCH + "pull/1012")
def stops_at_an_empty_row(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Packs nothing at all where a row is empty."""
    there = xp.all(lengths(xp, keep) > 0)
    return pack(xp, x, keep & there, order=order)


@wrong("value", url=GITHUB + "sunlabuiuc/PyHealth/pull/140")
def zeros_are_padding(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Leaves out valid positions that hold zeros."""
    some = x != 0
    some = some if x.ndim == 2 else xp.any(some, axis=2)  # noqa: PLR2004 - [B, T]
    return pack(xp, x, keep & some, order=order)


@wrong("any-number", url=GITHUB + "numpy/numpy/issues/12461")
def nan_is_padding(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Leaves out valid positions that hold NaN."""
    some = ~xp.isnan(x)
    some = some if x.ndim == 2 else xp.any(some, axis=2)  # noqa: PLR2004 - [B, T]
    return pack(xp, x, keep & some, order=order)


@wrong("any-number")
def numbers_like_a_fill_are_zero(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Takes numbers beyond 1e9, a usual fill, for zero."""
    small = xp.abs(x) <= 1e9  # noqa: PLR2004 - what is wrong
    cleaned = xp.where(small | xp.isnan(x), x, xp.zeros_like(x))
    return pack(xp, cleaned, keep, order=order)


@wrong("value", url=GITHUB + "pytorch/pytorch/pull/22528")
def features_apart(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Packs all first features, and then all second ones."""
    found = pack(xp, x, keep, order=order)
    if x.ndim == 2:  # noqa: PLR2004 - [B, T]
        return xp.roll(found, 1, axis=0) if keep.shape[0] > 1 else found
    return xp.permute_dims(found, (2, 0, 1)).reshape(x.shape)


@wrong("many-positions", variants=ROWS, url=TORCH + "issues/3304")
def places_in_eight_bits(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Adds lengths up in eight bits, which wrap round at 256."""
    del order
    starts = starts_of(xp, keep) % 256
    return scatter(xp, x, keep, place_of(xp, keep, starts))


@wrong("many-positions", variants=ROWS, url=GITHUB + "RosettaCommons/foundry/pull/236")
def places_in_bfloat16(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Keeps places in bfloat16, which has no 257."""
    del order
    place = place_of(xp, keep, starts_of(xp, keep))
    rounded = through_bfloat16(xp, xp.astype(place, xp.float32))
    return scatter(xp, x, keep, xp.astype(rounded, xp.int64))


@wrong("many-positions", variants=STEPS, url=GITHUB + "jiesutd/NCRFpp/issues/18")
def lengths_in_eight_bits(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Sorts rows by lengths in eight bits, which wrap round at 256."""
    del order
    narrow = lengths(xp, keep)[:, 0] % 256
    rows = xp.argsort(xp.argsort(-narrow, stable=True))
    return read(xp, x, keep, by_steps(xp, keep, rows))


@gradient(url=TORCH + "issues/84082")
def gradient_stays_in_place(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Sends each place's cotangent to the same place of x, behind a right value."""
    there = xp.where(over(keep, x), x, xp.zeros_like(x))
    return pack(xp, x, keep, order=order).detach() + (there - there.detach())


@gradient(url=GITHUB + "k2-fsa/k2/pull/1101")
def gradient_of_what_is_behind(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Takes zeros behind the last for padding that moved, and trains it."""
    found = pack(xp, x, keep, order=order)
    moved = leaves_padding_behind(xp, x, keep, order=order)
    return found.detach() + (moved - moved.detach())
