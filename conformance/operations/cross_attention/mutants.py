"""Cross attentions made wrong on purpose, most of them as people made them."""

# ruff: noqa: PLR0917 - as many arguments as cross attention has

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import clean, lengths, places, read_mask
from conformance.operations._common.family import add_masks
from conformance.operations._common.mutant import Mutants, compiled
from conformance.operations.attention.mutants_formulas import (
    INFINITE,
    add_fill,
    fill,
    finish,
    mix_values,
    scores,
    shares,
    softmax,
)
from conformance.operations.cross_attention.mutants_formulas import (
    attend,
    attend_without_cleaning,
    change_mask,
    correct,
    fit_mask,
    repeat_heads,
    rescale,
    tile_heads,
)

GITHUB = "https://github.com/"
TORCH = GITHUB + "pytorch/pytorch/"
GROUPED = ("cross_attention.grouped",)
MUTANTS = Mutants("cross_attention", correct)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_masks(MUTANTS, change_mask)


@wrong("value", url=GITHUB + "pengshuang/Transformer/issues/5")
def queries_mask_for_the_keys(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Hides keys by the queries' mask, filled with true where the keys are more."""
    del mask, grouped
    keep = fit_mask(xp, asks, key.shape[1], fill=True)
    return attend(xp, query, asks, key, value, keep[:, None, None, :])


@wrong("other-rows")
def keys_of_the_longest_row(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Sorts the keys' rows by length and not the queries'."""
    keep = read_mask(xp, key, mask)
    order = xp.argsort(-lengths(xp, keep)[:, 0], stable=True)
    k, v, seen = (x[order] for x in (key, value, keep))
    return correct(xp, query, asks, k, v, seen, grouped=grouped)


@wrong("value", url=GITHUB + "onnx/onnx/pull/7274", variants=GROUPED)
def tiles_the_heads(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Tiles the keys' heads where it has to repeat each."""
    del grouped
    keep = read_mask(xp, key, mask)[:, None, None, :]
    return attend(xp, query, asks, key, value, keep, shared=tile_heads)


@wrong("value", url=GITHUB + "vllm-project/vllm-omni/issues/5865")
def keys_mask_for_the_queries(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Drops queries by the last part of the keys' mask, and gives zero for them."""
    found = correct(xp, query, asks, key, value, mask, grouped=grouped)
    last = read_mask(xp, key, mask)[:, -query.shape[1] :]
    kept = fit_mask(xp, last, query.shape[1], fill=False)
    return xp.where(kept[:, :, None, None], found, 0.0)


@wrong("value", url=GITHUB + "vllm-project/vllm-omni/pull/3525")
def keys_cut_by_the_queries_length(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Cuts all rows' keys, one behind the other, by the queries' length."""
    del grouped
    keep = read_mask(xp, key, mask)
    rows, time = keep.shape
    starts = xp.arange(rows)[:, None] * query.shape[1]
    at = (starts + xp.arange(time)[None, :]) % (rows * time)
    k, v, seen = (
        xp.reshape(x, (rows * time, *x.shape[2:]))[at] for x in (key, value, keep)
    )
    return attend(xp, query, asks, k, v, seen[:, None, None, :])


@wrong("full-mask", url=GITHUB + "huggingface/transformers/issues/48172")
def causal_without_a_mask(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Attends causally where it is given no mask."""
    del grouped
    keep = read_mask(xp, key, mask)[:, None, None, :]
    if mask is None:
        last = xp.arange(query.shape[1])[:, None]
        keep = keep & (xp.arange(key.shape[1])[None, :] <= last)
    return attend(xp, query, asks, key, value, keep)


@wrong("value", url=GITHUB + "NVIDIA/TransformerEngine/issues/629")
def causal_from_the_end(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Attends causally, the last query to all keys, each one before it to one less."""
    del grouped
    keep = read_mask(xp, key, mask)[:, None, None, :]
    last = xp.arange(query.shape[1])[:, None] + key.shape[1] - query.shape[1]
    seen = keep & (xp.arange(key.shape[1])[None, :] <= last)
    return attend(xp, query, asks, key, value, seen)


@wrong("one-length")
def causal_at_one_length(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Attends causally, as a decoder to itself, once queries are as many as keys."""
    del grouped
    keep = read_mask(xp, key, mask)[:, None, None, :]
    if query.shape[1] == key.shape[1]:
        at = xp.arange(key.shape[1])
        keep = keep & (at[None, :] <= at[:, None])
    return attend(xp, query, asks, key, value, keep)


@wrong("other-rows", url=GITHUB + "Tencent-Hunyuan/HunyuanVideo/pull/310")
def rows_packed_together(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Lets each query see the next row's keys too, as in one packed row."""
    del grouped
    keep = read_mask(xp, key, mask)
    k, v, seen = (
        xp.concat([x, xp.roll(x, -1, axis=0)], axis=1) for x in (key, value, keep)
    )
    return attend(xp, query, asks, k, v, seen[:, None, None, :])


@wrong(
    "other-rows",
    url=GITHUB + "jadore801120/attention-is-all-you-need-pytorch/issues/28",
)
def tiles_the_rows(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Tiles the rows of the keys where those of the queries are repeated."""
    rows = key.shape[0]
    at = xp.arange(rows)
    order = xp.where(at % 2 == 0, at // 2, (rows + at) // 2)
    k, v, keep = (x[order] for x in (key, value, read_mask(xp, key, mask)))
    return correct(xp, query, asks, k, v, keep, grouped=grouped)


@wrong("value", url=GITHUB + "PSAL-POSTECH/ONNXim/issues/33", variants=GROUPED)
def first_head_for_all(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Shows all queries the first head of the keys alone."""
    first, own = key[:, :, :1], value[:, :, :1]
    return correct(xp, query, asks, first, own, mask, grouped=grouped)


@wrong(
    "value",
    url=GITHUB + "fkodom/grouped-query-attention-pytorch/issues/5",
    variants=GROUPED,
)
def adds_the_queries_of_a_group(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Adds up the queries that share a head of the keys."""
    heads = key.shape[2]
    rows, time, asking, size = query.shape
    apart = xp.reshape(
        clean(xp, query, asks), (rows, time, heads, asking // heads, size)
    )
    added = xp.sum(apart, axis=3)
    found = correct(xp, added, asks, key, value, mask, grouped=grouped)
    return xp.astype(repeat_heads(xp, found, asking), query.dtype)


@wrong("value")
def over_the_queries(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Normalises over the queries, padded ones too, not over the keys."""
    del grouped
    keep = read_mask(xp, key, mask)
    k, v = (_heads(xp, x, keep, query) for x in (key, value))
    numbers = scores(xp, query, k) / query.shape[3] ** 0.5
    weights = xp.where(keep[:, None, None, :], softmax(xp, numbers, axis=2), 0.0)
    return finish(xp, mix_values(xp, weights, v), asks, query)


@wrong("query-padding")
def one_maximum_for_all_queries(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Subtracts the largest score of all queries, padded ones too."""
    del grouped
    keep = read_mask(xp, key, mask)
    k, v = (_heads(xp, x, keep, query) for x in (key, value))
    numbers = scores(xp, query, k) / query.shape[3] ** 0.5
    top = xp.max(numbers, axis=(2, 3), keepdims=True)
    powers = xp.where(keep[:, None, None, :], xp.exp(numbers - top), 0.0)
    total = xp.sum(powers, axis=3, keepdims=True)
    weights = powers / xp.where(total == 0, 1.0, total)
    return finish(xp, mix_values(xp, weights, v), asks, query)


@wrong("wild-queries")
def connects_all_queries(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Adds zero times the sum of all queries, so that each has a gradient."""
    found = correct(xp, query, asks, key, value, mask, grouped=grouped)
    return found + xp.sum(query, axis=1, keepdims=True) * 0


@wrong("key-shift", url=GITHUB + "huggingface/diffusers/issues/8673")
def zeroed_keys_count(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Sees padded keys that are zero, as those of a masked encoder are."""
    keep = read_mask(xp, key, mask)
    k, v = (clean(xp, x, keep) for x in (key, value))
    found = correct(xp, query, asks, k, v, xp.ones_like(keep), grouped=grouped)
    return xp.astype(found, query.dtype)


@wrong("value", url=GITHUB + "NVIDIA/FasterTransformer/issues/400")
def masks_at_one_length_only(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Takes the keys' mask only where queries are as many as keys."""
    used = mask if query.shape[1] == key.shape[1] else None
    return correct(xp, query, asks, key, value, used, grouped=grouped)


@wrong("value", url=TORCH + "pull/184180")
def mask_tiled_over_heads(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Tiles the mask over the heads where it has to repeat each row's."""
    del grouped
    keep = read_mask(xp, key, mask)
    rows, heads = query.shape[0], query.shape[2]
    index = xp.arange(rows * heads) % rows
    sees = keep[index].reshape((rows, heads, 1, keep.shape[1]))
    k, v = (repeat_heads(xp, x, heads) for x in (key, value))
    numbers = scores(xp, clean(xp, query, asks), k) / query.shape[3] ** 0.5
    return finish(xp, mix_values(xp, shares(xp, numbers, sees), v), asks, query)


MUTANTS.add(
    "no-scale",
    "value",
    "does not divide the scores by the root of D",
    partial(rescale, lambda _query: 1.0),
)
MUTANTS.add(
    "scales-by-all-heads",
    "heads-apart",
    "divides the scores by the root of H D, not of D",
    partial(rescale, lambda query: (query.shape[2] * query.shape[3]) ** 0.5),
)
MUTANTS.add(
    "adds-minus-1e4",
    "value",
    "adds -1e4 to the scores of padding, which keeps what they were",
    partial(attend_without_cleaning, partial(add_fill, -10000.0)),
)
MUTANTS.add(
    "fills-minus-1e4",
    "large-values",
    "fills the scores of padding with -1e4, which smaller ones lose to",
    partial(attend_without_cleaning, partial(fill, -10000.0)),
    url=GITHUB + "hyunwoongko/transformer/pull/40",
)
MUTANTS.add(
    "fills-minus-1e9",
    "large-values",
    "fills the scores of padding with -1e9, which smaller ones lose to",
    partial(attend_without_cleaning, partial(fill, -1000000000.0)),
    url=GITHUB + "facebookresearch/fairseq/issues/3575",
)
MUTANTS.add(
    "multiplies-padded-values-by-zero",
    "wild-padding",
    "multiplies padded values by a probability of zero, which NaN survives",
    partial(attend_without_cleaning, shares),
    url=TORCH + "issues/101967",
)


@wrong("empty-row", url=TORCH + "issues/103963", around=attend_without_cleaning)
def empty_row_is_nan(xp: Any, numbers: Any, sees: Any) -> Any:
    """Gives NaN where a query sees no key."""
    return softmax(xp, xp.where(sees, numbers, INFINITE))


@wrong("empty-row", around=attend_without_cleaning)
def fills_the_smallest_number(xp: Any, numbers: Any, sees: Any) -> Any:
    """Fills padding's scores with the dtype's smallest number."""
    return fill(float(xp.finfo(numbers.dtype).min), xp, numbers, sees)


@wrong(
    "value",
    url=GITHUB + "tensorflow/tensorflow/issues/43941",
    around=attend_without_cleaning,
)
def masks_after_without_normalising(xp: Any, numbers: Any, sees: Any) -> Any:
    """Applies the mask after the softmax and does not normalise again."""
    return xp.where(sees, softmax(xp, numbers), 0.0)


@wrong("convex")
def epsilon_in_the_sum(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Adds 1e-5 of the sum to the divisor."""
    found = correct(xp, query, asks, key, value, mask, grouped=grouped)
    return found / (1 + 1e-5)


@wrong("contract")
def answers_in_float64(xp: Any, *tensors: Any, grouped: bool) -> Any:
    """Answers in float64 whatever the input's dtype."""
    return xp.astype(correct(xp, *tensors, grouped=grouped), xp.float64)


@wrong("contract")
def fills_its_input(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Zeroes padding in the caller's own queries."""
    found = correct(xp, query, asks, key, value, mask, grouped=grouped)
    query[~asks] = 0.0
    return found


@wrong("layout")
def reads_memory(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Reads memory in the order it lies in, not elements."""
    lain = key.ravel(order="K").reshape(key.shape)
    return correct(xp, query, asks, lain, value, mask, grouped=grouped)


@wrong("mask-form")
def inverts_the_mask_bitwise(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Inverts the mask with ~, which is right for booleans only."""
    floats = mask is None or mask.dtype.kind == "f"
    keep = read_mask(xp, key, mask) if floats else ~mask == 0
    return correct(xp, query, asks, key, value, keep, grouped=grouped)


@wrong("length-one")
def squeezes_the_batch(xp: Any, *tensors: Any, grouped: bool) -> Any:
    """Squeezes the batch's axis when there is one row."""
    found = correct(xp, *tensors, grouped=grouped)
    return found[0] if found.shape[0] == 1 else found


@wrong("valid-nan", url=TORCH + "issues/24816")
def nan_becomes_zero(xp: Any, *tensors: Any, grouped: bool) -> Any:
    """Replaces NaN in the answer with 0."""
    found = correct(xp, *tensors, grouped=grouped)
    return xp.where(xp.isnan(found), 0.0, found)


@gradient()
def gradient_leaks_to_padded_keys(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Sends a gradient to padded keys, behind a right value."""
    found = correct(xp, query, asks, key, value, mask, grouped=grouped)
    return found + 0.5 * xp.sum(key - key.detach())


@gradient("wild-query-gradient", url=TORCH + "issues/41508")
def gradient_of_padded_queries(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Selects the padded queries' answers away after they were computed."""
    # A right answer. Its derivative is zero there, times the NaN of such a query.
    full = xp.ones_like(asks)
    found = correct(xp, query, full, key, value, mask, grouped=grouped)
    return finish(xp, found, asks, query)


@gradient("wild-gradient", url=TORCH + "issues/41508")
def gradient_of_unselected_scores(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Selects the scores after the product: NaN in the gradient."""
    del grouped
    keep = read_mask(xp, key, mask)
    raw, v = repeat_heads(xp, key, query.shape[2]), _heads(xp, value, keep, query)
    numbers = scores(xp, clean(xp, query, asks), raw) / query.shape[3] ** 0.5
    weights = shares(xp, numbers, keep[:, None, None, :])
    return finish(xp, mix_values(xp, weights, v), asks, query)


@gradient(variants=GROUPED)
def gradient_of_one_of_a_group(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Lets the keys' gradient through from each group's first head alone."""
    heads = query.shape[2]
    shared = heads // key.shape[2]
    repeated = repeat_heads(xp, key, heads)
    first = (xp.arange(heads) % shared == 0)[None, None, :, None]
    held = xp.where(first, repeated, repeated.detach())
    values = repeat_heads(xp, value, heads)
    return correct(xp, query, asks, held, values, mask, grouped=grouped)


@gradient()
def gradient_past_the_queries(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Lets no gradient through to the queries."""
    return correct(xp, query.detach(), asks, key, value, mask, grouped=grouped)


@wrong("route", url=GITHUB + "tensorflow/tensorflow/issues/31636", **compiled())
def compiles_the_padded_length(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Bakes the padded length into the compiled function."""
    keep = read_mask(xp, key, mask)
    try:
        known = [int(number) for number in lengths(xp, keep)[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [key.shape[1]] * key.shape[0]
    used = places(xp, keep) < xp.asarray(known)[:, None]
    return correct(xp, query, asks, key, value, used, grouped=grouped)


def _heads(xp: Any, x: Any, keep: Any, query: Any) -> Any:
    """Return keys or values, zero at padding, with the queries' heads."""
    return repeat_heads(xp, clean(xp, x, keep), query.shape[2])
