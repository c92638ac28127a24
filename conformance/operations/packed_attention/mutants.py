"""Packed attentions made wrong on purpose: their sequences, then attention's own."""

# ruff: noqa: PLR0917 - as many arguments as packed attention has

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from conformance.operations import load_mutants
from conformance.operations._common.arrays import after_last, clean, places, read_mask
from conformance.operations._common.mutant import ANY, Mutants, compiled
from conformance.operations.attention.mutants_formulas import (
    finish,
    mix_values,
    scores,
    shares,
)
from conformance.operations.packed_attention.mutants_formulas import (
    attend_inside,
    begin,
    correct,
    first_number,
    number_at,
    reach,
    same,
    see,
    see_raw,
)

GITHUB = "https://github.com/"
HF = GITHUB + "huggingface/transformers/"
FULL = ("packed_attention.full",)
CAUSAL = ("packed_attention.causal",)

LEFT_OUT = frozenset(
    (
        # A mask that is ignored is here one that the numbers replace, which people met.
        "ignores-the-mask",
        # These change positions, and the numbers would have to change with them.
        "columns-cut",
        "triangle-turned",
        # What attention and its window are asked often enough.
        "everything-up-to-the-last",
        "forgets-the-first-position",
        "adds-minus-1e4",
        "adds-minus-1e9",
        "masks-after-and-normalises",
        "minus-infinity-after",
        "fills-minus-1e4",
        "masks-values-only",
        "epsilon-in-the-sum",
        "no-scale",
        "rows-stay-sorted",
        "gradient-of-the-numerator-only",
    )
)
"""Mistakes of attention that are not asked again."""


MUTANTS = Mutants("packed_attention", correct, around=see)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
MUTANTS.extend(
    replace(
        mutant,
        operation="packed_attention",
        variants=ANY if mutant.variants == ANY else CAUSAL,
        function=partial(attend_inside, mutant.function),
    )
    for mutant in load_mutants("attention")
    if mutant.name not in LEFT_OUT
)


@wrong("other-sequences", url=GITHUB + "axolotl-ai-cloud/axolotl/pull/3796")
def ignores_the_sequences(xp: Any, keep: Any, segments: Any) -> Any:
    """Sees the whole row, whatever the sequences in it."""
    del segments
    return xp.ones_like(keep)[:, None, :]


@wrong("full-mask", url=HF + "pull/46634")
def forgets_the_sequences_without_padding(xp: Any, keep: Any, segments: Any) -> Any:
    """Forgets the sequences where the mask hides nothing."""
    return same(segments) | xp.all(keep)


@wrong("other-sequences", url=GITHUB + "fla-org/flash-linear-attention/issues/838")
def mask_replaces_the_sequences(xp: Any, keep: Any, segments: Any) -> Any:
    """Takes each row's valid positions for one sequence where there is padding."""
    return same(segments) | xp.logical_not(xp.all(keep))


@wrong("renumbered", url=HF + "pull/47525")
def looks_for_the_first_number(xp: Any, keep: Any, segments: Any) -> Any:
    """Finds sequences only in rows whose numbers begin with 1."""
    first = first_number(xp, keep, segments)
    return same(segments) | (first != 1)[:, :, None]


@wrong("value", raw=True, url=GITHUB + "hiyouga/LlamaFactory/pull/7754")
def number_one_alone_counts(
    xp: Any, query: Any, key: Any, value: Any, segments: Any, mask: Any, **options: Any
) -> Any:
    """Takes the number 1 for valid, and all others for padding."""
    keep = read_mask(xp, query, mask) & (segments == 1)
    return correct(xp, query, key, value, segments, keep, **options)


@wrong("other-sequences", variants=FULL, url=GITHUB + "pytorch/torchtitan/pull/3462")
def hides_earlier_sequences_alone(xp: Any, keep: Any, segments: Any) -> Any:
    """Hides what is before a sequence, and leaves to the triangle what is after it."""
    first = begin(xp, keep, segments)
    return places(xp, keep)[:, None, :] >= first[:, :, None]


@wrong("value", around=see_raw, url=GITHUB + "state-spaces/mamba/issues/783")
def padding_joins_the_last_sequence(xp: Any, keep: Any, segments: Any) -> Any:
    """Counts padding as more of its row's last sequence."""
    last = number_at(xp, keep, segments, after_last(xp, keep) - 1)
    return same(xp.where(keep, segments, last))


@wrong("padding-content", around=see_raw, url=GITHUB + "Biohub/esm/issues/299")
def compares_numbers_alone(xp: Any, keep: Any, segments: Any) -> Any:
    """Compares the numbers alone: padding that has a sequence's number counts."""
    del xp, keep
    return same(segments)


@wrong("value", url=GITHUB + "NVIDIA/Megatron-LM/pull/5454")
def first_rows_sequences(xp: Any, keep: Any, segments: Any) -> Any:
    """Takes the first row's boundaries for those of every row."""
    return xp.broadcast_to(same(segments[:1]), (*keep.shape, keep.shape[1]))


@wrong("value", raw=True, url=GITHUB + "fla-org/flash-linear-attention/pull/839")
def rows_flattened(
    xp: Any, query: Any, key: Any, value: Any, segments: Any, mask: Any, **options: Any
) -> Any:
    """Flattens the rows into one, in which each number comes again."""
    keep, whole = read_mask(xp, query, mask), (1, query.shape[0] * query.shape[1])
    q, k, v = (xp.reshape(x, (*whole, *x.shape[2:])) for x in (query, key, value))
    numbers, kept = (xp.reshape(x, whole) for x in (segments, keep))
    found = correct(xp, q, k, v, numbers, kept, **options)
    return xp.reshape(found, query.shape)


@wrong("value", url=GITHUB + "Tencent-Hunyuan/HunyuanVideo/pull/310")
def first_boundary_alone(xp: Any, keep: Any, segments: Any) -> Any:
    """Cuts each row at its first boundary alone."""
    return same(segments == first_number(xp, keep, segments))


@wrong("alone", url=GITHUB + "OpenEvaByte/evabyte/issues/10")
def boundaries_one_late(xp: Any, keep: Any, segments: Any) -> Any:
    """Gives each sequence's first position to the one before it."""
    del keep
    return same(xp.concat([segments[:, :1], segments[:, :-1]], axis=1))


@wrong("one-sequence", url=GITHUB + "swiss-ai/Megatron-LM/pull/40")
def hides_the_first_key(xp: Any, keep: Any, segments: Any) -> Any:
    """Hides the first key of each sequence together with those before it."""
    first = begin(xp, keep, segments)
    return same(segments) & (places(xp, keep) != first)[:, None, :]


@wrong("value", url=HF + "pull/39341")
def first_length_for_the_longest(xp: Any, keep: Any, segments: Any) -> Any:
    """Reads no further into a sequence than the row's first one is long."""
    own = keep & (segments == first_number(xp, keep, segments))
    longest = xp.sum(xp.astype(own, xp.int32), axis=1, keepdims=True)
    inside = places(xp, keep) - begin(xp, keep, segments) < longest
    return same(segments) & inside[:, None, :]


@wrong("value", variants=CAUSAL, url=GITHUB + "NVIDIA/TransformerEngine/pull/2523")
def counts_keys_in_the_row(xp: Any, keep: Any, segments: Any) -> Any:
    """Counts queries within their sequence, and keys within the row."""
    here = places(xp, keep) - begin(xp, keep, segments)
    return same(segments) & (places(xp, keep)[:, None, :] <= here[:, :, None])


@wrong("value", raw=True, url=GITHUB + "tensorflow/tensorflow/issues/43941")
def sequences_after_the_softmax(
    xp: Any, query: Any, key: Any, value: Any, segments: Any, mask: Any, *, causal: bool
) -> Any:
    """Takes the softmax over the whole row, and each sequence's part after that."""
    keep = read_mask(xp, query, mask)
    q, k, v = (clean(xp, each, keep) for each in (query, key, value))
    seen = reach(xp, keep, causal)[:, None] & keep[:, None, None, :]
    weights = shares(xp, scores(xp, q, k) / q.shape[3] ** 0.5, seen)
    weights = xp.where(same(segments)[:, None], weights, 0.0)
    return finish(xp, mix_values(xp, weights, v), keep, query)


@wrong("sequence-order", raw=True, url=GITHUB + "explosion/thinc/pull/302")
def sequences_stay_sorted(
    xp: Any, query: Any, key: Any, value: Any, segments: Any, mask: Any, **options: Any
) -> Any:
    """Sorts a row's sequences by length and does not sort the answers back."""
    keep = read_mask(xp, query, mask)
    own = same(segments) & keep[:, None, :]
    size = xp.sum(xp.astype(own, xp.int32), axis=2)
    order = xp.argsort(xp.where(keep, -size, 1), axis=1, stable=True)
    found = correct(xp, query, key, value, segments, mask, **options)
    return xp.take_along_axis(found, order[:, :, None, None], axis=1)


@gradient(raw=True)
def gradient_crosses_the_boundary(
    xp: Any, query: Any, key: Any, value: Any, segments: Any, mask: Any, **options: Any
) -> Any:
    """Sends a gradient to the keys of other sequences, behind a right value."""
    keep = read_mask(xp, query, mask)
    found = correct(xp, query, key, value, segments, mask, **options)
    others = xp.logical_not(same(segments)) & keep[:, None, :] & keep[:, :, None]
    leak = clean(xp, key - key.detach(), keep)
    apart = xp.astype(others, leak.dtype)[:, None]
    return found + 0.5 * xp.astype(mix_values(xp, apart, leak), found.dtype)


@gradient(raw=True, url=GITHUB + "Dao-AILab/flash-attention/pull/2324")
def gradient_at_padding_is_nan(
    xp: Any, query: Any, key: Any, value: Any, segments: Any, mask: Any, **options: Any
) -> Any:
    """Leaves the gradient behind the last sequence unwritten: NaN."""
    # The root has an infinite slope at zero, which the cotangent's zero multiplies.
    keep = read_mask(xp, query, mask)[:, :, None, None]
    held = query + 0 * xp.sqrt(xp.where(keep, 1.0, 0 * query))
    return correct(xp, held, key, value, segments, mask, **options)


@wrong(
    "route",
    raw=True,
    url=GITHUB + "vllm-project/flash-attention/pull/18",
    **compiled(),
)
def compiled_with_the_first_sequences(
    xp: Any, query: Any, key: Any, value: Any, segments: Any, mask: Any, **options: Any
) -> Any:
    """Bakes the first call's sequences into the compiled function."""
    try:
        known = [[int(number) for number in row] for row in segments]
    except TypeError:  # a tracer has no value: what is left is one sequence
        known = [[1] * query.shape[1]] * query.shape[0]
    return correct(xp, query, key, value, xp.asarray(known), mask, **options)
