"""Attentions whose scores or weights are wrong."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.family import add_masks
from conformance.operations._common.mutant import Mutants
from conformance.operations.attention.mutants_formulas import (
    INFINITE,
    add_fill,
    change_mask,
    correct,
    fill,
    shares,
    softmax,
    weigh_clean,
    weigh_raw,
)

TORCH = "https://github.com/pytorch/pytorch/"
MUTANTS = Mutants("attention", correct)
wrong = MUTANTS.wrong
add_masks(MUTANTS, change_mask)
MUTANTS.add(
    "adds-minus-1e4",
    "value",
    "adds -1e4 to the scores of padding, which keeps what they were",
    partial(weigh_raw, partial(add_fill, -10000.0)),
)
MUTANTS.add(
    "adds-minus-1e9",
    "large-values",
    "adds -1e9 to the scores of padding, which keeps what they were",
    partial(weigh_raw, partial(add_fill, -1000000000.0)),
    url="https://github.com/NVIDIA/apex/issues/93",
)


@wrong(
    "value",
    url="https://github.com/huggingface/pytorch-image-models/pull/2236",
    around=weigh_raw,
)
def masks_after_without_normalising(xp: Any, numbers: Any, sees: Any) -> Any:
    """Applies the mask after the softmax and does not normalise again."""
    return xp.where(sees, softmax(xp, numbers), 0.0)


@wrong(
    "value",
    url="https://github.com/tensorflow/tensorflow/issues/43941",
    around=weigh_raw,
)
def masks_after_and_normalises(xp: Any, numbers: Any, sees: Any) -> Any:
    """Applies the mask after the softmax, where padding took everything."""
    found = masks_after_without_normalising(xp, numbers, sees)
    return found / (xp.sum(found, axis=3, keepdims=True) + 1e-9)


@wrong(
    "value", url="https://github.com/gabrielmittag/NISQA/issues/17", around=weigh_raw
)
def minus_infinity_after(xp: Any, numbers: Any, sees: Any) -> Any:
    """Writes minus infinity into the probabilities, not the scores."""
    return xp.where(sees, softmax(xp, numbers), INFINITE)


MUTANTS.add(
    "fills-minus-1e4",
    "large-values",
    "fills the scores of padding with -1e4, which smaller ones lose to",
    partial(weigh_raw, partial(fill, -10000.0)),
    url="https://github.com/hyunwoongko/transformer/pull/40",
)
MUTANTS.add(
    "fills-minus-1e9",
    "large-values",
    "fills the scores of padding with -1e9, which smaller ones lose to",
    partial(weigh_raw, partial(fill, -1000000000.0)),
    url="https://github.com/facebookresearch/fairseq/issues/3575",
)


@wrong("empty-row", around=weigh_raw)
def fills_the_smallest_number(xp: Any, numbers: Any, sees: Any) -> Any:
    """Fills padding's scores with the dtype's smallest number."""
    return fill(float(xp.finfo(numbers.dtype).min), xp, numbers, sees)


@wrong("empty-row", url=TORCH + "issues/41508", around=weigh_raw)
def empty_row_is_nan(xp: Any, numbers: Any, sees: Any) -> Any:
    """Gives NaN where a query sees no key."""
    return softmax(xp, xp.where(sees, numbers, INFINITE))


MUTANTS.add(
    "multiplies-padded-values-by-zero",
    "wild-padding",
    "multiplies padded values by a probability of zero, which NaN survives",
    partial(weigh_raw, shares),
)


@wrong("key-shift", around=weigh_clean)
def zeroes_scores(xp: Any, numbers: Any, sees: Any) -> Any:
    """Sets the scores of padding to zero, which takes its share."""
    some = xp.any(sees, axis=3, keepdims=True)
    return xp.where(some, softmax(xp, xp.where(sees, numbers, 0.0)), 0.0)


@wrong("value", around=weigh_clean)
def over_the_queries(xp: Any, numbers: Any, sees: Any) -> Any:
    """Normalises over the queries, not over the keys."""
    found = softmax(xp, xp.where(sees, numbers, -1e30), axis=2)
    return xp.where(sees, found, 0.0)


@wrong("heads-apart", around=weigh_clean)
def over_the_heads(xp: Any, numbers: Any, sees: Any) -> Any:
    """Normalises over the heads, not over the keys."""
    return xp.where(sees, softmax(xp, numbers, axis=1), 0.0)


@wrong("value", around=weigh_clean)
def epsilon_in_the_sum(xp: Any, numbers: Any, sees: Any) -> Any:
    """Adds 1e-5 of the sum to the divisor."""
    return shares(xp, numbers, sees) / (1 + 1e-5)
