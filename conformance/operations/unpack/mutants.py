"""Unpacking made wrong on purpose: order, boundaries, padding, what is behind."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import (
    fill_empty_rows,
    lengths,
    over,
    places,
    read_mask,
    through_bfloat16,
)
from conformance.operations._common.family import add_masks
from conformance.operations._common.mutant import Mutants, compiled
from conformance.operations.pack.mutants_formulas import (
    by_steps,
    key_of,
    number,
    rank,
    row_of,
    starts_of,
)
from conformance.operations.unpack.mutants_formulas import (
    call_formula,
    change_mask,
    correct,
    flatten,
    place_of,
    put,
    take,
    unpack,
    write,
)

GITHUB = "https://github.com/"
TORCH = GITHUB + "pytorch/pytorch/"
ROWS = ("unpack.rows",)
STEPS = ("unpack.steps",)

MUTANTS = Mutants("unpack", correct, around=call_formula)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_masks(MUTANTS, change_mask)


@wrong("value", variants=ROWS, url=GITHUB + "ray-project/ray/issues/13075")
def time_first(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Gives values to the rows step by step, not row by row."""
    del order
    key = places(xp, keep) * keep.shape[0] + row_of(xp, keep)
    return write(xp, values, keep, key)


@wrong("round-trip", variants=STEPS, url=TORCH + "issues/33746")
def rows_in_their_order(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Gives values at each step to the rows in their own order."""
    del order
    key = by_steps(xp, keep, row_of(xp, keep)[:, 0])
    return write(xp, values, keep, key)


@wrong("round-trip", variants=STEPS, url=TORCH + "issues/8026")
def shortest_row_first(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Gives values at each step to the shortest row first."""
    del order
    rows = xp.argsort(xp.argsort(lengths(xp, keep)[:, 0], stable=True))
    return write(xp, values, keep, by_steps(xp, keep, rows))


@wrong("round-trip", variants=STEPS)
def turns_equal_rows(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Takes rows of one length in reverse order, as a sort turned round does."""
    del order
    up = xp.argsort(lengths(xp, keep)[:, 0], stable=True)
    rows = keep.shape[0] - 1 - xp.argsort(up)
    return write(xp, values, keep, by_steps(xp, keep, rows))


@wrong("left-padding", variants=STEPS, url=GITHUB + "modelscope/ms-swift/pull/9904")
def steps_of_the_padded_row(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Takes columns of the padded batch for steps, padding in front included."""
    del order
    rows = xp.argsort(xp.argsort(-lengths(xp, keep)[:, 0], stable=True))
    key = places(xp, keep) * keep.shape[0] + rows[:, None]
    return write(xp, values, keep, key)


@wrong("round-trip", url=GITHUB + "fartashf/vsepp/pull/36")
def sorts_the_rows(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Returns the rows longest first, and does not put them back in their order."""
    found = unpack(xp, values, keep, order=order)
    return found[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]


@wrong("value")
def reverses_every_row(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Writes each row from its end."""
    found = unpack(xp, values, xp.flip(keep, axis=1), order=order)
    return xp.flip(found, axis=1)


@wrong("value", url=GITHUB + "jax-ml/jax/issues/7129")
def first_value_at_padding(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Puts the first value at padding, as an index of 0 does."""
    place = place_of(xp, keep, key_of(xp, keep, order))
    return take(xp, values, xp.where(keep, place, xp.zeros_like(place)))


@wrong("behind-the-last", url=GITHUB + "Dao-AILab/flash-attention/issues/1228")
def next_values_at_padding(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Puts the values behind the last one at padding."""
    return take(xp, values, place_of(xp, keep, key_of(xp, keep, order)))


@wrong("value", url=TORCH + "issues/28423")
def ones_at_padding(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Puts another number than 0 at padding."""
    found = unpack(xp, values, keep, order=order)
    return xp.where(over(keep, found), found, xp.ones_like(found))


@wrong("wild-behind", url=GITHUB + "numpy/numpy/issues/8003")
def multiplies_by_the_mask(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Multiplies what is behind the last by zero, so that NaN stays NaN."""
    found = next_values_at_padding(xp, values, keep, order=order)
    return found * xp.astype(over(keep, found), found.dtype)


@wrong("extra-padding", url=TORCH + "issues/6299")
def as_wide_as_the_longest(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Returns rows as wide as the longest one, not T."""
    found = unpack(xp, values, keep, order=order)
    (used,) = xp.nonzero(xp.any(keep, axis=0))
    return found[:, : int(used[-1]) + 1] if used.shape[0] else found


@wrong("empty-row", url=GITHUB + "pyg-team/pytorch_geometric/issues/1824")
def last_empty_rows_are_lost(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Returns no row for empty ones at the batch's end."""
    found = unpack(xp, values, keep, order=order)
    (used,) = xp.nonzero(xp.any(keep, axis=1))
    return found[: int(used[-1]) + 1 if used.shape[0] else 0]


@wrong("value", variants=ROWS, url=GITHUB + "NVIDIA/Megatron-LM/pull/4495")
def boundaries_one_too_early(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Begins every row but the first with the last value of the one before."""
    del order
    starts = starts_of(xp, keep)
    starts = xp.where(starts > 0, starts - 1, starts)
    return put(xp, values, keep, starts[:, None] + rank(xp, keep))


@wrong("value", variants=ROWS, url=GITHUB + "areal-project/AReaL/issues/1103")
def boundaries_one_behind(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Leaves out one value between rows."""
    del order
    starts = starts_of(xp, keep) + row_of(xp, keep)[:, 0]
    return put(xp, values, keep, starts[:, None] + rank(xp, keep))


@wrong("value", variants=ROWS)
def rows_as_long_as_the_longest(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Begins a row at its number times the longest row's length."""
    del order
    longest = xp.max(lengths(xp, keep)) if keep.shape[0] else 0
    starts = row_of(xp, keep)[:, 0] * longest
    return put(xp, values, keep, starts[:, None] + rank(xp, keep))


@wrong("value", variants=ROWS, url=TORCH + "issues/1591")
def reads_padded_rows(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Takes the values for rows of T positions that are padded already."""
    del order
    return put(xp, values, keep, number(xp, keep))


@wrong("empty-row", url=TORCH + "issues/4582")
def empty_row_takes_a_value(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Gives a row without valid positions one value, which the next one lacks."""
    one = (lengths(xp, keep) == 0) & (places(xp, keep) == 0)
    found = unpack(xp, values, keep | one, order=order)
    return xp.where(over(keep, found), found, xp.zeros_like(found))


@wrong("empty-row", url=GITHUB + "pyg-team/pytorch_geometric/pull/2838")
def fills_an_empty_row(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Fills a row without valid positions."""
    return unpack(xp, values, fill_empty_rows(xp, keep), order=order)


@wrong("any-number", url=GITHUB + "numpy/numpy/issues/12461")
def nan_becomes_zero(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Takes NaN for 0."""
    found = unpack(xp, values, keep, order=order)
    return xp.where(xp.isnan(found), xp.zeros_like(found), found)


@wrong("value", url=TORCH + "issues/3584")
def reverses_the_values(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Takes the values that are needed from the last to the first."""
    place = place_of(xp, keep, key_of(xp, keep, order))
    return put(xp, values, keep, xp.sum(xp.astype(keep, xp.int32)) - 1 - place)


@wrong("value", url=TORCH + "pull/22528")
def splits_the_features(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Reads all first features before the second ones."""
    if values.ndim == 2:  # noqa: PLR2004 - [B, S]
        return unpack(
            xp, xp.roll(flatten(xp, values), 1).reshape(values.shape), keep, order=order
        )
    turned = xp.permute_dims(values, (2, 0, 1)).reshape(values.shape)
    return unpack(xp, turned, keep, order=order)


@wrong("many-positions", variants=ROWS, url=TORCH + "issues/3304")
def places_in_eight_bits(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Adds lengths up in eight bits, which wrap round at 256."""
    del order
    starts = starts_of(xp, keep) % 256
    return put(xp, values, keep, starts[:, None] + rank(xp, keep))


@wrong("many-positions", variants=ROWS, url=GITHUB + "RosettaCommons/foundry/pull/236")
def places_in_bfloat16(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Keeps places in bfloat16, which has no 257."""
    del order
    place = starts_of(xp, keep)[:, None] + rank(xp, keep)
    rounded = through_bfloat16(xp, xp.astype(place, xp.float32))
    return put(xp, values, keep, xp.astype(rounded, xp.int64))


@wrong("many-positions", variants=STEPS, url=GITHUB + "jiesutd/NCRFpp/issues/18")
def lengths_in_eight_bits(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Sorts rows by lengths in eight bits, which wrap round at 256."""
    del order
    narrow = lengths(xp, keep)[:, 0] % 256
    rows = xp.argsort(xp.argsort(-narrow, stable=True))
    return write(xp, values, keep, by_steps(xp, keep, rows))


@wrong("contract")
def answers_in_float64(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Answers in float64 whatever the values' dtype."""
    return xp.astype(unpack(xp, values, keep, order=order), xp.float64)


@wrong("contract", url=TORCH + "issues/39639")
def clears_its_values(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Sets the caller's own values to zero once they are read."""
    found = unpack(xp, values, keep, order=order)
    values[:] = 0
    return found


@wrong("layout", url=TORCH + "issues/99638")
def reads_memory(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Reads memory in the order it lies in, not elements."""
    near = values.ravel(order="K").reshape(values.shape)
    return unpack(xp, near, keep, order=order)


@wrong("length-one")
def squeezes_every_axis(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Squeezes every axis of length one, the batch's too."""
    found = unpack(xp, values, keep, order=order)
    return found.reshape(tuple(size for size in found.shape if size != 1))


@wrong("only-its-shape", raw=True, url=GITHUB + "sunlabuiuc/PyHealth/pull/140")
def zeros_of_x_are_padding(
    xp: Any, values: Any, x: Any, mask: Any, *, order: str
) -> Any:
    """Leaves out positions where x is zero."""
    return unpack(xp, values, read_mask(xp, x, mask) & (x != 0), order=order)


@wrong("mask-form", raw=True)
def inverts_the_mask_bitwise(
    xp: Any, values: Any, x: Any, mask: Any, *, order: str
) -> Any:
    """Inverts the mask with ~, which is right for booleans only."""
    keep = read_mask(xp, x, mask) if mask is None else ~mask == 0
    return unpack(xp, values, keep, order=order)


@gradient("returned-cotangent", url=TORCH + "issues/145837")
def gradient_stays_in_place(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Sends each position's cotangent to the value of its own number."""
    there = put(xp, values, keep, number(xp, keep))
    return unpack(xp, values, keep, order=order).detach() + (there - there.detach())


@gradient("returned-cotangent")
def gradient_of_padding(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Sends padding's cotangent to the values behind the last."""
    read = next_values_at_padding(xp, values, keep, order=order)
    return unpack(xp, values, keep, order=order).detach() + (read - read.detach())


@gradient("wild-behind-gradient", url=GITHUB + "jax-ml/jax/issues/347")
def gradient_of_the_other_branch(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Selects after a product whose derivative behind the last is NaN times zero."""
    count = xp.sum(xp.astype(keep, xp.int32))
    size = values.shape[0] * values.shape[1]
    inside = xp.reshape(xp.arange(size) < count, tuple(values.shape[:2]))
    cleaned = xp.where(over(inside, values), values, 0 * (values * values))
    return unpack(xp, cleaned, keep, order=order)


def _bake_length(xp: Any, keep: Any) -> Any:
    try:
        known = [int(each) for each in lengths(xp, keep)[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [keep.shape[1]] * keep.shape[0]
    return xp.arange(keep.shape[1])[None] < xp.asarray(known)[:, None]


MUTANTS.add(
    "compiled-with-the-padded-length",
    "route",
    "bakes the padded length into the compiled function",
    partial(change_mask, _bake_length),
    url=GITHUB + "tensorflow/tensorflow/issues/31636",
    **compiled(),
)
