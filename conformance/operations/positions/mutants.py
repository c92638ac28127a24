"""Positions made wrong on purpose: padding, starts, sequences, rows and numbers."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import (
    after_last,
    all_true,
    invert,
    last_rows,
    lengths,
    places,
    read_mask,
    through_bfloat16,
    unless_alone,
)
from conformance.operations._common.mutant import Mutants, compiled
from conformance.operations.packed_attention.mutants_formulas import (
    begin,
    first_number,
)
from conformance.operations.positions.mutants_formulas import (
    change_mask,
    correct,
    count,
    count_before,
    find_first,
    finish,
    rank_boundaries,
    regroup,
)

GITHUB = "https://github.com/"
HF = GITHUB + "huggingface/transformers/"
ROW = ("positions.row.*",)
SEGMENT = ("positions.segment.*",)
FROM_ZERO = ("positions.*.0",)
FROM_TWO = ("positions.*.2",)


MUTANTS = Mutants("positions", correct, around=count)
wrong = MUTANTS.wrong
MUTANTS.add(
    "inverts-the-mask",
    "value",
    "takes the valid positions for padding and padding for valid",
    partial(change_mask, invert),
    url=GITHUB + "speechbrain/speechbrain/issues/2276",
)
MUTANTS.add(
    "last-rows-mask",
    "value",
    "uses the last row's mask for all rows",
    partial(change_mask, last_rows),
    url=GITHUB + "pytorch/pytorch/issues/95118",
)
MUTANTS.add(
    "no-mask-for-one-row",
    "front-padding",
    "ignores the mask when the batch has one row",
    partial(change_mask, unless_alone),
    url=HF + "pull/46773",
)
MUTANTS.add(
    "numbers-padding-as-well",
    "value",
    "ignores the mask, at padding too",
    partial(change_mask, all_true),
    url=HF + "issues/1761",
)


@wrong(
    "front-padding",
    variants=ROW,
    url=GITHUB + "TransformerLensOrg/TransformerLens/issues/1609",
)
def counts_padding(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Counts along the row, padding in front of a token included."""
    del segments, within
    return places(xp, keep)


@wrong(
    "left-padding", variants=ROW, url=GITHUB + "rasbt/reasoning-from-scratch/issues/33"
)
def first_rows_padding(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Takes away the padding in front of the first row, not of each row."""
    del segments, within
    return places(xp, keep) - find_first(xp, keep)[0]


@wrong(
    "gaps", variants=ROW, url=GITHUB + "TransformerLensOrg/TransformerLens/pull/1610"
)
def counts_gaps(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Counts along the row from its first token on, padding in between included."""
    del segments, within
    return places(xp, keep) - find_first(xp, keep)


@wrong("value", variants=ROW, url=GITHUB + "verl-project/verl/pull/4243")
def aligned_at_the_padded_end(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Takes every row for one that is padded on the left."""
    del segments, within
    return places(xp, keep) - (keep.shape[1] - lengths(xp, keep))


@wrong("value", url=GITHUB + "PrimeIntellect-ai/prime-rl/pull/3466")
def counts_from_one(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Counts each token itself as well: one too many."""
    return count_before(xp, keep, segments, within) + 1


@wrong("value")
def counts_from_the_end(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Counts the valid tokens behind each one."""
    turned = count_before(xp, keep[:, ::-1], segments[:, ::-1], within)
    return turned[:, ::-1]


@wrong("value", variants=FROM_TWO, raw=True, url=HF + "issues/47496")
def starts_at_zero(
    xp: Any, segments: Any, mask: Any, *, within: str, start: int
) -> Any:
    """Starts at 0, whatever the first position is said to be."""
    del start
    return correct(xp, segments, mask, within=within, start=0)


@wrong("value", variants=FROM_TWO, raw=True, url=HF + "issues/19265")
def starts_at_the_padding_id(xp: Any, segments: Any, mask: Any, **how: Any) -> Any:
    """Starts at the padding id, 1, which is one before the first position."""
    return correct(xp, segments, mask, **how | {"start": 1})


@wrong("value", variants=FROM_ZERO, raw=True)
def starts_at_two(xp: Any, segments: Any, mask: Any, **how: Any) -> Any:
    """Starts at 2, whatever the first position is said to be."""
    return correct(xp, segments, mask, **how | {"start": 2})


@wrong("value", raw=True, url=GITHUB + "hiyouga/LlamaFactory/pull/7754")
def number_one_alone_counts(xp: Any, segments: Any, mask: Any, **how: Any) -> Any:
    """Takes the number 1 for valid, and all others for padding."""
    keep = read_mask(xp, segments, mask) & (segments == 1)
    return correct(xp, segments, keep, **how)


@wrong("value", raw=True)
def rows_flattened(
    xp: Any, segments: Any, mask: Any, *, within: str, start: int
) -> Any:
    """Counts on from one row to the next."""
    keep = read_mask(xp, segments, mask)
    flat, kept = (xp.reshape(each, (1, -1)) for each in (segments, keep))
    counts = xp.reshape(count_before(xp, kept, flat, within), tuple(keep.shape))
    return finish(xp, counts, keep, start)


@wrong("value", variants=ROW, url=GITHUB + "QwenLM/Qwen3.8/issues/104")
def sequences_in_a_plain_row(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Starts again where the number changes, though the row is asked for."""
    del within
    return count_before(xp, keep, segments, "segment")


@wrong("value", variants=SEGMENT, url=GITHUB + "huggingface/nanoVLM/issues/201")
def never_starts_again(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Counts on through the row, whatever the sequences in it."""
    del within
    return count_before(xp, keep, segments, "row")


@wrong("full-mask", variants=SEGMENT, url=HF + "pull/46634")
def forgets_the_sequences_without_padding(
    xp: Any, keep: Any, segments: Any, within: str
) -> Any:
    """Forgets the sequences where the mask hides nothing."""
    del within
    inside, whole = (
        count_before(xp, keep, segments, each) for each in ("segment", "row")
    )
    return xp.where(xp.all(keep), whole, inside)


@wrong(
    "value", variants=SEGMENT, url=GITHUB + "fla-org/flash-linear-attention/issues/838"
)
def mask_replaces_the_sequences(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Forgets the sequences where the mask hides something."""
    del within
    inside, whole = (
        count_before(xp, keep, segments, each) for each in ("segment", "row")
    )
    return xp.where(xp.all(keep), inside, whole)


@wrong("gaps", variants=SEGMENT)
def counts_gaps_in_sequences(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Counts from each sequence's first token on, padding in between included."""
    del within
    return places(xp, keep) - begin(xp, keep, segments)


@wrong("value", variants=SEGMENT, around=regroup)
def first_boundary_alone(xp: Any, keep: Any, segments: Any) -> Any:
    """Starts again at each row's first boundary alone."""
    return segments == first_number(xp, keep, segments)


@wrong("value", variants=SEGMENT, around=regroup)
def boundaries_one_late(xp: Any, keep: Any, segments: Any) -> Any:
    """Gives each sequence's first token to the one before it."""
    del keep
    return xp.concat([segments[:, :1], segments[:, :-1]], axis=1)


@wrong(
    "value",
    variants=SEGMENT,
    around=regroup,
    url=GITHUB + "NVIDIA/Megatron-LM/pull/5454",
)
def first_rows_sequences(xp: Any, keep: Any, segments: Any) -> Any:
    """Takes the first row's boundaries for those of every row."""
    return xp.broadcast_to(segments[:1], tuple(keep.shape))


@wrong(
    "value",
    variants=SEGMENT,
    around=regroup,
    url=GITHUB + "modelscope/ms-swift/pull/9904",
)
def joins_sequences_of_one_token(xp: Any, keep: Any, segments: Any) -> Any:
    """Finds a boundary where a position falls, not behind a sequence of one token."""
    at = count_before(xp, keep, segments, "segment")
    return rank_boundaries(xp, at[:, 1:] < at[:, :-1])


@wrong("renumbered", variants=SEGMENT, around=regroup)
def boundaries_where_numbers_rise(xp: Any, keep: Any, segments: Any) -> Any:
    """Finds a boundary only where the number is larger than the one before."""
    del keep
    return rank_boundaries(xp, segments[:, 1:] > segments[:, :-1])


@wrong("renumbered", variants=SEGMENT, around=regroup)
def numbers_in_eight_bits(xp: Any, keep: Any, segments: Any) -> Any:
    """Compares the last eight bits of the numbers."""
    del xp, keep
    return segments % 256


@wrong("far-positions", url=GITHUB + "pytorch/pytorch/issues/3304")
def counts_in_eight_bits(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Counts in eight bits, which go round."""
    return count_before(xp, keep, segments, within) % 256


@wrong("far-positions", url=GITHUB + "EleutherAI/gpt-neox/pull/1016")
def counts_in_bfloat16(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Keeps positions in bfloat16, which has no odd number beyond 256."""
    counts = xp.astype(count_before(xp, keep, segments, within), xp.float32)
    return xp.astype(through_bfloat16(xp, counts), xp.int32)


@wrong("far-positions", url=GITHUB + "jax-ml/jax/pull/4455")
def clipped_at_the_table(xp: Any, keep: Any, segments: Any, within: str) -> Any:
    """Gives all tokens beyond the table's 512 the last position in it."""
    return xp.clip(count_before(xp, keep, segments, within), 0, 511)


@wrong("empty-row", raw=True)
def minus_one_in_an_empty_row(
    xp: Any, segments: Any, mask: Any, *, within: str, start: int
) -> Any:
    """Gives the position before the first one in a row without tokens."""
    some = xp.any(read_mask(xp, segments, mask), axis=1, keepdims=True)
    found = correct(xp, segments, mask, within=within, start=start)
    return xp.where(some, found, start - 1)


@wrong("value", raw=True)
def rows_stay_sorted(xp: Any, segments: Any, mask: Any, **how: Any) -> Any:
    """Sorts the rows by length and does not sort the answers back."""
    order = xp.argsort(
        -after_last(xp, read_mask(xp, segments, mask))[:, 0], stable=True
    )
    return correct(xp, segments, mask, **how)[order]


@wrong("mask-form", raw=True)
def inverts_the_mask_bitwise(xp: Any, segments: Any, mask: Any, **how: Any) -> Any:
    """Inverts the mask with ~, which is right for booleans only."""
    whole = mask is None or mask.dtype.kind == "f"
    keep = read_mask(xp, segments, mask) if whole else ~mask == 0
    return correct(xp, segments, keep, **how)


@wrong("contract", raw=True)
def answers_in_floats(xp: Any, *tensors: Any, **how: Any) -> Any:
    """Answers with floating-point numbers, which index no table."""
    return xp.astype(correct(xp, *tensors, **how), xp.float32)


@wrong("contract", raw=True)
def zeroes_its_input(xp: Any, segments: Any, mask: Any, **how: Any) -> Any:
    """Sets padding to zero in the caller's own segments."""
    found = correct(xp, segments, mask, **how)
    segments[~read_mask(xp, segments, mask)] = 0
    return found


@wrong("layout", raw=True, variants=SEGMENT)
def reads_memory(xp: Any, segments: Any, mask: Any, **how: Any) -> Any:
    """Reads memory in the order it lies in, not elements."""
    return correct(xp, segments.ravel(order="K").reshape(segments.shape), mask, **how)


@wrong("length-one", raw=True)
def squeezes_the_batch(xp: Any, *tensors: Any, **how: Any) -> Any:
    """Squeezes the batch's axis when there is one row."""
    found = correct(xp, *tensors, **how)
    return found[0] if found.shape[0] == 1 else found


@wrong(
    "route", raw=True, url=GITHUB + "tensorflow/tensorflow/issues/31636", **compiled()
)
def compiled_with_the_padded_length(
    xp: Any, segments: Any, mask: Any, **how: Any
) -> Any:
    """Bakes the padded length into the compiled function."""
    try:
        known = [int(n) for n in lengths(xp, read_mask(xp, segments, mask))[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [segments.shape[1]] * segments.shape[0]
    keep = xp.arange(segments.shape[1])[None] < xp.asarray(known)[:, None]
    return correct(xp, segments, keep, **how)
