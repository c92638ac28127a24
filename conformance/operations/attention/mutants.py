"""Attentions made wrong on purpose: masks, axes, calls and derivatives."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import after_last, clean, lengths, read_mask
from conformance.operations._common.mutant import compiled
from conformance.operations.attention.mutants_formulas import (
    attend,
    correct,
    fill,
    finish,
    mix_values,
    move_triangle,
    rescale,
    scores,
    shares,
    visible_keys,
)
from conformance.operations.attention.mutants_scores import MUTANTS, TORCH

wrong, gradient = MUTANTS.wrong, MUTANTS.gradient


@wrong("value", url="https://github.com/hyunwoongko/transformer/pull/40")
def masks_queries(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Masks the padded queries, not the padded keys."""
    keep = read_mask(xp, query, mask)
    full = xp.ones_like(keep)
    numbers = scores(xp, clean(xp, query, keep), key) / query.shape[3] ** 0.5
    sees = visible_keys(xp, full, **options) & keep[:, None, :, None]
    # Hidden by a fill, a padded query's keys weigh all alike.
    found = mix_values(xp, fill(-1e30, xp, numbers, sees), value)
    return finish(xp, found, full, query)


@wrong("value")
def masks_values_only(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Zeroes padded values, whose keys still take their share."""
    keep = read_mask(xp, query, mask)
    full, clear = xp.ones_like(keep), clean(xp, value, keep)
    found = attend(xp, query, key, clear, full, keep, **options)
    return xp.astype(found, query.dtype)


MUTANTS.add(
    "triangle-without-the-diagonal",
    "value",
    "hides each position from itself",
    partial(move_triangle, -1),
    variants=("attention.causal",),
)
MUTANTS.add(
    "triangle-one-too-far",
    "causal",
    "lets each position see the next one",
    partial(move_triangle, 1),
    variants=("attention.causal",),
)


@wrong("causal", variants=("attention.causal",))
def triangle_turned(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Lets each position see later ones, not earlier ones."""
    back = [array[:, ::-1] for array in (query, key, value, read_mask(xp, query, mask))]
    return correct(xp, *back, **options)[:, ::-1]


@wrong("causal", variants=("attention.causal",))
def triangle_lost(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Forgets the triangle when a padding mask is given."""
    return correct(xp, query, key, value, mask, **options | {"causal": mask is None})


MUTANTS.add(
    "no-scale",
    "value",
    "does not divide the scores by the root of D",
    partial(rescale, lambda _query: 1.0),
)
MUTANTS.add(
    "scales-by-all-heads",
    "heads-apart",
    "divides the scores by the root of N D, not of D",
    partial(rescale, lambda query: (query.shape[2] * query.shape[3]) ** 0.5),
)


@wrong("value", url=TORCH + "pull/184180")
def mask_tiled_over_heads(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Tiles the mask over the heads where it has to repeat each row's."""
    # Heads folded into the batch, the mask tiled instead of repeated.
    keep = read_mask(xp, query, mask)
    rows, heads = query.shape[0], query.shape[2]
    index = xp.arange(rows * heads) % rows
    wrong = keep[index].reshape((rows, heads, 1, keep.shape[1]))
    sees = visible_keys(xp, xp.ones_like(keep), **options) & wrong
    numbers = scores(xp, clean(xp, query, keep), key) / query.shape[3] ** 0.5
    return finish(xp, mix_values(xp, shares(xp, numbers, sees), value), keep, query)


@wrong("heads-apart")
def heads_reshaped(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Reshapes positions and heads where it has to transpose them."""
    keep = read_mask(xp, query, mask)
    rows, time, heads, size = query.shape
    q, k, v = (
        xp.permute_dims(
            xp.reshape(clean(xp, array, keep), (rows, heads, time, size)), (0, 2, 1, 3)
        )
        for array in (query, key, value)
    )
    found = attend(xp, q, k, v, keep, keep, **options)
    return xp.astype(found, query.dtype)


@wrong("extra-padding", url=TORCH + "issues/97111")
def columns_cut(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Drops the columns that are padding in every row."""
    keep = read_mask(xp, query, mask)
    longest = max(int(xp.max(after_last(xp, keep))), 1)
    arrays = [array[:, :longest] for array in (query, key, value, keep)]
    return correct(xp, *arrays, **options)


@wrong("two-layers", url=TORCH + "issues/41508")
def padded_queries_are_nan(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Gives NaN at padded queries, which the next layer multiplies by zero."""
    keep = read_mask(xp, query, mask)
    some = xp.any(keep, axis=1, keepdims=True)
    found = correct(xp, query, key, value, mask, **options)
    valid = keep | xp.logical_not(some)
    return xp.where(valid[:, :, None, None], found, float("nan"))


@wrong("mask-form", url=TORCH + "issues/90534")
def number_mask_added(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Adds a mask of ones and zeros to the scores."""
    if mask is None or mask.dtype == xp.bool:
        return correct(xp, query, key, value, mask, **options)
    keep = read_mask(xp, query, mask)
    sees = visible_keys(xp, xp.ones_like(keep), **options)
    numbers = scores(xp, clean(xp, query, keep), key) / query.shape[3] ** 0.5
    moved = numbers + xp.astype(mask, numbers.dtype)[:, None, None, :]
    return finish(xp, mix_values(xp, shares(xp, moved, sees), value), keep, query)


@wrong("mask-form")
def inverts_the_mask_bitwise(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Inverts the mask with ~, which is right for booleans only."""
    keep = read_mask(xp, query, mask)
    keys = keep if mask is None or mask.dtype.kind == "f" else ~mask == 0
    return attend(xp, query, key, value, keys, keep, **options)


@wrong("valid-nan", url=TORCH + "issues/24816")
def nan_becomes_zero(xp: Any, *tensors: Any, **options: Any) -> Any:
    """Replaces NaN in the answer with 0."""
    found = correct(xp, *tensors, **options)
    return xp.where(xp.isnan(found), 0.0, found)


@wrong("value")
def rows_stay_sorted(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Sorts the rows by length and does not sort the answers back."""
    order = xp.argsort(-lengths(xp, read_mask(xp, query, mask))[:, 0], stable=True)
    return correct(xp, query, key, value, mask, **options)[order]


@wrong("contract")
def answers_in_float64(xp: Any, *tensors: Any, **options: Any) -> Any:
    """Answers in float64 whatever the input's dtype."""
    return xp.astype(correct(xp, *tensors, **options), xp.float64)


@wrong("contract")
def fills_its_input(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Zeroes padding in the caller's own values."""
    found = correct(xp, query, key, value, mask, **options)
    value[~read_mask(xp, query, mask)] = 0.0
    return found


@wrong("layout")
def reads_memory(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Reads memory in the order it lies in, not elements."""
    lain = key.ravel(order="K").reshape(key.shape)
    return correct(xp, query, lain, value, mask, **options)


@wrong("length-one")
def squeezes_the_batch(xp: Any, *tensors: Any, **options: Any) -> Any:
    """Squeezes the batch's axis when there is one row."""
    found = correct(xp, *tensors, **options)
    rows, time, heads, size = found.shape
    return found.reshape((time, heads, size)) if rows == 1 else found


@gradient()
def gradient_leaks_to_padding(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Sends a gradient to padded keys, behind a right value."""
    return correct(xp, query, key, value, mask, **options) + (key - key.detach()) * 0.5


@gradient("wild-gradient", url=TORCH + "issues/41508")
def gradient_of_unselected_scores(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Selects the scores after the product: NaN in the gradient."""
    # A right answer: what is not seen is selected away after it was computed. Its
    # derivative is zero, times the NaN that stood there.
    keep = read_mask(xp, query, mask)
    sees = visible_keys(xp, keep, **options) & keep[:, None, :, None]
    numbers = scores(xp, query, key) / query.shape[3] ** 0.5
    weights = shares(xp, numbers, sees)
    return finish(xp, mix_values(xp, weights, clean(xp, value, keep)), keep, query)


@gradient()
def gradient_past_the_keys(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Lets no gradient through to the keys."""
    return correct(xp, query, key.detach(), value, mask, **options)


@gradient()
def gradient_of_the_numerator_only(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Takes the sum of the powers for a constant in the gradient."""
    keep = read_mask(xp, query, mask)
    q, k = clean(xp, query, keep), clean(xp, key, keep)
    sees = visible_keys(xp, keep, **options)
    numbers = scores(xp, q, k) / query.shape[3] ** 0.5
    held = shares(xp, numbers, sees)
    # Half of the slope: the sum that divides is taken for a constant.
    powers = xp.exp(numbers - numbers.detach())
    weights = held.detach() * powers
    found = mix_values(xp, weights, clean(xp, value, keep))
    return finish(xp, found, keep, query)


@wrong(
    "route", url="https://github.com/tensorflow/tensorflow/issues/31636", **compiled()
)
def compiled_with_the_padded_length(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Bakes the padded length into the compiled function."""
    keep = read_mask(xp, query, mask)
    try:
        known = [int(number) for number in lengths(xp, keep)[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [query.shape[1]] * query.shape[0]
    keys = xp.arange(query.shape[1])[None] < xp.asarray(known)[:, None]
    return attend(xp, query, key, value, keys, keep, **options)
