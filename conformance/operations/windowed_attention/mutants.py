"""Windowed attentions made wrong on purpose: their windows, then all of attention."""

# ruff: noqa: PLR0917 - as many arguments as attention has

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.operations import load_mutants
from conformance.operations._common.arrays import (
    clean,
    lengths,
    read_mask,
)
from conformance.operations._common.mutant import ANY, Mutants
from conformance.operations.attention.mutants_formulas import (
    attend_seen,
    correct,
    distance,
    finish,
    mix_values,
    scores,
    shares,
    softmax,
    triangle,
)

GITHUB = "https://github.com/"
FULL = ("windowed_attention.full.*",)
CAUSAL = ("windowed_attention.causal.*",)


def see(
    formula: Any, xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Attend to the valid keys that ``formula(xp, keep, causal, window)`` lets be seen.

    It returns ``[query, key]``, or the same for each row and head.
    """
    keep = read_mask(xp, query, mask)
    near = _near(formula, xp, keep, **options)
    return attend_seen(xp, query, key, value, keep, near)


def _near(formula: Any, xp: Any, keep: Any, **options: Any) -> Any:
    return formula(xp, keep, **options) & keep[:, None, None, :]


def band(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Return which position ``[query, key]`` is within the window, rightly."""
    behind = distance(xp, keep)
    return (xp.abs(behind) <= window) & ((behind >= 0) | (not causal))


MUTANTS = Mutants("windowed_attention", correct, around=see)
wrong = MUTANTS.wrong
# Attention's own, behind a right window. A mask that is ignored is here one that the
# window replaces, which people met.
MUTANTS.extend(
    replace(
        mutant,
        operation="windowed_attention",
        variants=ANY if mutant.variants == ANY else CAUSAL,
    )
    for mutant in load_mutants("attention")
    if mutant.name != "ignores-the-mask"
)


@wrong("outside-the-window", url=GITHUB + "jax-ml/jax/issues/32300")
def ignores_the_window(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Sees the whole row, whatever the window."""
    return band(xp, keep, causal=causal, window=window + keep.shape[1])


@wrong("outside-the-window", url=GITHUB + "huggingface/transformers/issues/39408")
def window_one_too_wide(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Lets the window reach one position farther than it says."""
    return band(xp, keep, causal=causal, window=window + 1)


@wrong("value", url=GITHUB + "lightseekorg/tokenspeed/pull/578")
def window_counts_itself(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Counts the query's own position as one of the window's."""
    return band(xp, keep, causal=causal, window=window - 1)


@wrong("value", variants=FULL, url=GITHUB + "sgl-project/sglang/pull/33600")
def looks_back_alone(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Looks back alone where the window is on both sides."""
    del causal
    return band(xp, keep, causal=True, window=window)


@wrong("value", variants=FULL, url=GITHUB + "vllm-project/vllm/pull/31406")
def looks_ahead_alone(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Looks ahead alone where the window is on both sides."""
    del causal
    return band(xp, keep, causal=False, window=window) & (distance(xp, keep) <= 0)


@wrong("causal", variants=CAUSAL, url=GITHUB + "jax-ml/jax/pull/39576")
def bounds_the_left_alone(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Bounds the window on the left alone, so that all that follows is seen."""
    del causal
    return distance(xp, keep) <= window


@wrong("value", raw=True, url=GITHUB + "NVIDIA/Megatron-LM/issues/7039")
def window_replaces_the_mask(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Puts the window's mask in place of the padding mask."""
    keep = read_mask(xp, query, mask)
    near = band(xp, keep, **options)
    numbers = scores(xp, clean(xp, query, keep), key) / query.shape[3] ** 0.5
    found = mix_values(xp, shares(xp, numbers, near[None, None]), value)
    return finish(xp, found, keep, query)


@wrong("outside-the-window", url=GITHUB + "enpasos/jax2onnx/pull/217")
def mask_replaces_the_window(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Puts the padding mask, if there is padding, in place of the window."""
    some = xp.logical_not(xp.all(keep))
    near = band(xp, keep, causal=causal, window=window)
    return near | (some & (triangle(xp, keep) | (not causal)))


@wrong("value", url=GITHUB + "huggingface/transformers/issues/41184")
def hides_the_window(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Hides what is within the window, and shows what is beyond it."""
    near = band(xp, keep, causal=False, window=window)
    return xp.logical_not(near) & (triangle(xp, keep) | (not causal))


@wrong("value", url=GITHUB + "maxjcohen/transformer/issues/12")
def own_block_alone(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Cuts the row into blocks, and sees its own block alone."""
    block = xp.arange(keep.shape[1]) // (window + 1)
    same = block[:, None] == block[None, :]
    return same & (triangle(xp, keep) | (not causal))


@wrong("outside-the-window", url=GITHUB + "allenai/longformer/issues/157")
def own_and_next_blocks(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Cuts the row into blocks, and sees all of its own and of those beside it."""
    block = xp.arange(keep.shape[1]) // (window + 1)
    near = xp.abs(block[:, None] - block[None, :]) <= 1
    return near & (triangle(xp, keep) | (not causal))


@wrong("value", url=GITHUB + "NVIDIA/TransformerEngine/pull/1281")
def aligned_at_the_padded_end(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Puts the window where the row would be if its padding stood in front."""
    moved = distance(xp, keep)[None] + (keep.shape[1] - lengths(xp, keep))[..., None]
    near = (xp.abs(moved) <= window) & ((moved >= 0) | (not causal))
    return near[:, None]


@wrong("gaps")
def counts_valid_positions(xp: Any, keep: Any, *, causal: bool, window: int) -> Any:
    """Counts valid positions, so that a gap moves nothing out of the window."""
    rank = xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1)
    behind = rank[:, :, None] - rank[:, None, :]
    near = (xp.abs(behind) <= window) & ((behind >= 0) | (not causal))
    return near[:, None]


@wrong("wide-window", raw=True)
def zeros_beyond_the_ends(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Fills the windows that reach beyond T with keys of zero, which count."""
    keep, window = read_mask(xp, query, mask), options["window"]
    time = keep.shape[1]
    at = xp.arange(time)
    beyond = xp.clip(window - at, 0, window)
    if not options["causal"]:
        beyond = beyond + xp.clip(at + window - time + 1, 0, window)
    q, k, v = (clean(xp, each, keep) for each in (query, key, value))
    sees = _near(band, xp, keep, **options)
    numbers = scores(xp, q, k) / q.shape[3] ** 0.5
    filled = xp.zeros_like(numbers[..., :window])
    filled = xp.concat([filled, filled], axis=3)
    there = xp.arange(2 * window)[None, :] < beyond[:, None]
    shape = (*sees.shape[:3], 2 * window)
    sees = xp.concat([sees, xp.broadcast_to(there[None, None], shape)], axis=3)
    weights = shares(xp, xp.concat([numbers, filled], axis=3), sees)
    return finish(xp, mix_values(xp, weights[..., :time], v), keep, query)


@wrong("value", raw=True, url=GITHUB + "tensorflow/tensorflow/issues/43941")
def window_after_the_softmax(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Takes the softmax over the whole row, and the window of it after that."""
    keep = read_mask(xp, query, mask)
    q, k, v = (clean(xp, each, keep) for each in (query, key, value))
    numbers = scores(xp, q, k) / q.shape[3] ** 0.5
    weights = shares(xp, numbers, keep[:, None, None, :])
    weights = xp.where(band(xp, keep, **options), weights, 0.0)
    return finish(xp, mix_values(xp, weights, v), keep, query)


@wrong("large-values", raw=True)
def window_adds_minus_1e4(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Adds -1e4 to scores beyond the window, which larger ones outweigh."""
    keep = read_mask(xp, query, mask)
    q, k, v = (clean(xp, each, keep) for each in (query, key, value))
    numbers = scores(xp, q, k) / q.shape[3] ** 0.5
    near = xp.astype(band(xp, keep, **options), numbers.dtype)
    valid = xp.where(keep[:, None, None, :], numbers + (1 - near) * -1e4, float("-inf"))
    some = xp.any(keep, axis=1)[:, None, None, None]
    weights = softmax(xp, xp.where(some, valid, 0.0))
    return finish(xp, mix_values(xp, weights, v), keep, query)
