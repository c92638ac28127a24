# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2"]
# [tool.mask-conformance]
# system = "JAX, as specified"
# library = "jax"
# family = "JAX and what is built on it"
# role = "reference"
# framework = "jax"
# environment = "jax"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["compiled", "eager", "vmap", "jvp"]
# zero-time = "empty-rows"
# zero-batch = "empty"
# empty = "usual"
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "float", "int8", "uint8", "none", "rank-3"]
# [tool.mask-conformance.padding]
# reverse_sequence = "kept"
# "*" = "usual"
# ///
"""JAX, written the way the specification asks: select, never multiply."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

Array: TypeAlias = jax.Array


def masked_mean(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    total = jnp.where(valid, _wide(x), 0).sum(axis=1)
    return (total / valid.sum(axis=1).clip(min=1)).astype(x.dtype)


def masked_max(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    scores = jnp.where(valid, _wide(x), -jnp.inf)
    return scores.max(axis=1, initial=-jnp.inf).astype(x.dtype)


def masked_softmax(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    scores = jnp.where(valid, _wide(x), -jnp.inf)
    # The softmax of nothing but negative infinities is nan, and so is its gradient.
    scores = jnp.where(valid.any(axis=1, keepdims=True), scores, 0)
    return jnp.where(valid, jax.nn.softmax(scores, axis=1), 0).astype(x.dtype)


def masked_loss(
    predictions: Array, targets: Array, mask: Array | None, *, kind: str, reduction: str
) -> Array:
    valid = _valid(mask, predictions)
    # Cleaned before the loss, so that no value there can reach it or its gradient.
    scores = jnp.where(_like(valid, predictions), _wide(predictions), 0)
    goals = jnp.where(_like(valid, targets), targets, 0)
    losses = jnp.where(valid, _losses(kind, scores, goals), 0)
    return _reduced(reduction, losses, valid).astype(predictions.dtype)


def accumulated_loss(
    predictions: Array,
    targets: Array,
    mask: Array | None,
    *,
    reduction: str,
    rows: int,
    labels: str,
    length: int,
) -> Array:
    valid = _valid(mask, predictions)
    logits, goals, counts = _wide(predictions), targets, valid
    if labels == "next":
        logits, goals = logits[:, :-1], goals[:, 1:]
        counts = valid[:, :-1] & valid[:, 1:]
    logits = jnp.where(counts[..., None], logits, 0)
    losses = _losses("cross_entropy", logits, jnp.where(counts, goals, 0))
    losses = jnp.where(counts, losses, 0)
    if reduction == "seq_mean_token_mean":
        losses = losses / counts.sum(axis=1, keepdims=True).clip(min=1)
    # What the whole batch divides by is counted before any micro-batch is.
    divisor = _divisor(reduction, counts, length)
    whole = jnp.zeros((), losses.dtype)
    for first in range(0, len(losses), rows):
        whole = whole + losses[first : first + rows].sum() / divisor
    return whole.astype(predictions.dtype)


def masked_criterion(
    predictions: Array,
    targets: Array,
    mask: Array | None,
    *,
    kind: str,
    reduction: str,
    delta: float,
    smoothing: float,
    class_weights: tuple[float, ...],
) -> Array:
    valid = _valid(mask, predictions)
    scores = jnp.where(_like(valid, predictions), _wide(predictions), 0)
    goals = jnp.where(_like(valid, targets), targets, 0)
    weights = jnp.asarray(class_weights or (1.0,), scores.dtype)
    if kind == "normal_nll":
        losses = _densities(scores, goals.astype(scores.dtype))
    elif kind in {"l1", "huber"}:
        losses = _distances(kind, scores, goals.astype(scores.dtype), delta)
    elif kind == "kl":
        shares = goals.astype(scores.dtype)
        own = jax.scipy.special.xlogy(shares, shares).sum(axis=-1)
        losses = _divergences(scores, shares) + own
    else:
        even = jax.nn.one_hot(goals, scores.shape[-1], dtype=scores.dtype)
        shares = _smoothed(even, smoothing) * weights
        losses = _divergences(scores, shares)
    losses = jnp.where(valid, losses, 0)
    if reduction != "weighted_mean":
        return _reduced(reduction, losses, valid).astype(predictions.dtype)
    worth = jnp.where(valid, weights[goals.astype(int)], 0).sum()
    return (losses.sum() / jnp.where(worth > 0, worth, 1)).astype(predictions.dtype)


def moe_routing(
    logits: Array, mask: Array | None, *, part: str, top: int, capacity: int
) -> Array:
    valid = _valid(mask, logits)[..., None]
    # Padding is cleaned and has a choice all the same, which nothing may count.
    scores = jnp.where(valid, _wide(logits), 0)
    if part == "z_loss":
        logs = jax.nn.logsumexp(scores, axis=2, keepdims=True)
        found = _reduced("mean", jnp.where(valid, logs**2, 0), valid)
        return found.astype(logits.dtype)
    best = jax.lax.top_k(jax.lax.stop_gradient(scores), top)[1]
    experts = jnp.arange(logits.shape[2])
    choices = [valid & (best[..., rank, None] == experts) for rank in range(top)]
    chosen = jnp.stack(choices).any(axis=0)
    if part == "balance":
        number = valid.sum().clip(min=1)
        picked = chosen.sum(axis=(0, 1)) / number
        share = jnp.where(valid, jax.nn.softmax(scores, axis=2), 0)
        likely = share.sum(axis=(0, 1)) / number
        return (len(experts) * (picked * likely).sum()).astype(logits.dtype)
    if top > 1:
        scores = jnp.where(chosen | ~valid, scores, -jnp.inf)
    seated = _seated(choices, capacity)
    return jnp.where(seated, jax.nn.softmax(scores, axis=2), 0).astype(logits.dtype)


def _seated(choices: list[Array], capacity: int) -> Array:
    """Which choices have a place; second ones queue behind all first ones."""
    taken = jnp.zeros_like(choices[0][:, :1], dtype=int)
    seated = jnp.zeros_like(choices[0])
    for each in choices:
        seated = seated | (each & (taken + each.cumsum(axis=1) <= capacity))
        taken = taken + each.sum(axis=1, keepdims=True)
    return seated


def weighted_loss(
    predictions: Array,
    targets: Array,
    weight: Array,
    mask: Array | None,
    *,
    kind: str,
    reduction: str,
) -> Array:
    valid = _valid(mask, predictions)
    scores = jnp.where(_like(valid, predictions), _wide(predictions), 0)
    goals = jnp.where(_like(valid, targets), targets, 0)
    share = jnp.where(valid, _wide(weight), 0)
    losses = jnp.where(valid, _losses(kind, scores, goals), 0) * share
    if reduction in {"sum", "none"}:
        return _reduced(reduction, losses, valid).astype(predictions.dtype)
    counted = {"by_weights": share, "by_count": valid, "by_nonzero": share != 0}
    total = counted[reduction].sum()
    return (losses.sum() / jnp.where(total > 0, total, 1)).astype(predictions.dtype)


def apply_mask(x: Array, mask: Array | None) -> Array:
    return jnp.where(_like(_valid(mask, x), x), x, 0)


def mask_from_ids(ids: Array, padding_id: int) -> Array:
    return ids != padding_id


def mask_from_features(x: Array) -> Array:
    return (x != 0).any(axis=-1)


def mask_from_lengths(lengths: Array, x: Array, *, side: str) -> Array:
    valid = jnp.arange(x.shape[1]) < lengths[:, None]
    return valid if side == "right" else valid[:, ::-1]


def lengths_from_mask(x: Array, mask: Array | None, *, by: str) -> Array:
    valid = _valid(mask, x)
    if by == "count":
        return valid.sum(axis=1)
    return (valid * jnp.arange(1, x.shape[1] + 1)).max(axis=1, initial=0)


def pack(x: Array, mask: Array | None, *, order: str) -> Array:
    valid = _valid(mask, x)
    flat = x.reshape(valid.size, *x.shape[2:])
    packed = flat[_sources(valid, order)].reshape(x.shape)
    return jnp.where(_like(_first(valid), x), packed, 0)


def unpack(values: Array, x: Array, mask: Array | None, *, order: str) -> Array:
    valid, features = _valid(mask, x), values.shape[2:]
    flat = values.reshape(values.shape[0] * values.shape[1], *features)
    place = jnp.argsort(_sources(valid, order)).clip(max=len(flat) - 1)
    found = flat[place].reshape(*valid.shape, *features)
    return jnp.where(_like(valid, found), found, 0)


def _sources(valid: Array, order: str) -> Array:
    """The flat place that each packed position comes from, padding behind all."""
    key = jnp.arange(valid.size).reshape(valid.shape)
    if order == "steps":
        place = jnp.argsort(jnp.argsort(-valid.sum(axis=1)))  # stable, as JAX sorts
        key = (valid.cumsum(axis=1) - 1) * len(valid) + place[:, None]
    return jnp.argsort(jnp.where(valid, key, valid.size).reshape(-1))


def _first(valid: Array) -> Array:
    """As many of the first places, row by row, as there are valid positions."""
    return (jnp.arange(valid.size) < valid.sum()).reshape(valid.shape)


def positions(segments: Array, mask: Array | None, *, within: str, start: int) -> Array:
    valid = _valid(mask, segments)
    at = jnp.arange(segments.shape[1])
    earlier = valid[:, None] & (at[:, None] > at)
    if within == "segment":
        earlier = earlier & (segments[:, :, None] == segments[:, None])
    return jnp.where(valid, start + earlier.sum(axis=2), 0)


def rotary(x: Array, mask: Array | None, *, layout: str) -> Array:
    valid = _like(_valid(mask, x), x)
    # Cleaned before any product, so that nothing at padding is multiplied by zero.
    wide, half = jnp.where(valid, _wide(x), 0), x.shape[3] // 2
    rate = 10000.0 ** (-jnp.arange(half, dtype=wide.dtype) / half)
    angle = (valid.cumsum(axis=1) - 1).clip(0) * rate
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    apart = layout == "half"
    a, b = jnp.split(wide, 2, axis=3) if apart else (wide[..., ::2], wide[..., 1::2])
    pairs = (a * cos - b * sin, a * sin + b * cos)
    if apart:
        found = jnp.concatenate(pairs, axis=3)
    else:
        found = jnp.stack(pairs, axis=4).reshape(x.shape)
    return jnp.where(valid, found, 0).astype(x.dtype)


def masked_sum(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    return jnp.where(valid, _wide(x), 0).sum(axis=1).astype(x.dtype)


def masked_prod(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    return jnp.where(valid, _wide(x), 1).prod(axis=1).astype(x.dtype)


def masked_median(x: Array, mask: Array | None, *, middle: str) -> Array:
    if not x.shape[1]:
        return jnp.full((len(x), *x.shape[2:]), jnp.nan, x.dtype)
    valid = _like(_valid(mask, x), x)
    number = jnp.broadcast_to(valid, x.shape).sum(axis=1, keepdims=True)
    ordered = jnp.sort(jnp.where(valid, _wide(x), jnp.inf), axis=1)
    low = jnp.take_along_axis(ordered, (number - 1).clip(0) // 2, axis=1)[:, 0]
    upper = (number - 1).clip(0) // 2 if middle == "lower" else number // 2
    high = jnp.take_along_axis(ordered, upper, axis=1)[:, 0]
    found = jnp.where(low == high, low, low / 2 + high / 2)
    unknown = (valid & jnp.isnan(x)).any(axis=1) | (number[:, 0] == 0)
    return jnp.where(unknown, jnp.nan, found).astype(x.dtype)


def masked_arg(x: Array, mask: Array | None, *, of: str) -> Array:
    if not x.shape[1]:
        return jnp.zeros((len(x), *x.shape[2:]), jnp.int32)
    valid = _like(_valid(mask, x), x)
    wide = jnp.where(valid, _wide(x) if of == "max" else -_wide(x), -jnp.inf)
    # Padding is filled with a number that a row may hold, too.
    return (valid & (wide == wide.max(axis=1, keepdims=True))).argmax(axis=1)


def masked_cumsum(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    sums = jnp.where(valid, _wide(x), 0).cumsum(axis=1)
    return jnp.where(valid, sums, 0).astype(x.dtype)


def masked_cummax(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    largest = jax.lax.cummax(jnp.where(valid, _wide(x), -jnp.inf), axis=1)
    return jnp.where(valid, largest, 0).astype(x.dtype)


def masked_topk(x: Array, mask: Array | None, *, k: int) -> Array:
    valid = _like(_valid(mask, x), x)
    wide = jnp.where(valid, _wide(x), -jnp.inf)
    # As many places as are asked for, however few positions there are.
    none = jnp.full((len(x), k, *x.shape[2:]), -jnp.inf, wide.dtype)
    ordered = jnp.concatenate([wide, none], axis=1)
    return jax.lax.top_k(ordered, k, axis=1)[0].astype(x.dtype)


def weighted_mean(x: Array, weight: Array, mask: Array | None) -> Array:
    valid = _valid(mask, x)
    share = _like(jnp.where(valid, _wide(weight), 0), x)
    total = share.sum(axis=1)
    # Selected before the product, so that no value at padding can reach it.
    terms = jnp.where(_like(valid, x), _wide(x), 0) * share
    return (terms.sum(axis=1) / jnp.where(total == 0, 1, total)).astype(x.dtype)


def attention_pooling(
    x: Array, score: Array, mask: Array | None, *, pool: str, per: str, floor: float
) -> Array:
    weight = masked_softmax(_wide(score), mask)
    weight = weight if per == "feature" else weight[..., None]
    valid = _like(_valid(mask, x), x)
    # Selected before the product, so that no value at padding can reach it.
    values = jnp.where(valid, _wide(x), 0)
    mean = (weight * values).sum(axis=1)
    if pool == "mean":
        return mean.astype(x.dtype)
    away = jnp.where(valid, values - mean[:, None], 0)
    variance = (weight * away**2).sum(axis=1)
    root = jnp.sqrt(jnp.where(variance < floor, floor, variance))
    root = jnp.where(valid.any(axis=1), root, 0)
    return jnp.concatenate([mean, root], axis=1).astype(x.dtype)


def masked_min(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    scores = jnp.where(valid, _wide(x), jnp.inf)
    return scores.min(axis=1, initial=jnp.inf).astype(x.dtype)


def last_valid(x: Array, mask: Array | None) -> Array:
    valid = _valid(mask, x)
    # One position is selected: its sum with zeros is what stood there.
    behind = valid[:, ::-1].cumsum(axis=1)[:, ::-1]
    here = _like(valid & (behind == 1), x)
    return jnp.where(here, _wide(x), 0).sum(axis=1).astype(x.dtype)


def masked_logsumexp(x: Array, mask: Array | None) -> Array:
    valid = _valid(mask, x)
    scores = jnp.where(valid, _wide(x), -jnp.inf)
    # That of nothing but negative infinities has the gradient nan.
    there = valid.any(axis=1)
    total = jax.nn.logsumexp(jnp.where(there[:, None], scores, 0), axis=1)
    return jnp.where(there, total, -jnp.inf).astype(x.dtype)


def masked_log_softmax(x: Array, mask: Array | None) -> Array:
    valid = _valid(mask, x)
    scores = jnp.where(valid, _wide(x), -jnp.inf)
    scores = jnp.where(valid.any(axis=1, keepdims=True), scores, 0)
    logs = jax.nn.log_softmax(scores, axis=1)
    return jnp.where(valid, logs, -jnp.inf).astype(x.dtype)


def masked_variance(x: Array, mask: Array | None) -> Array:
    return _variance(x, mask, 0).astype(x.dtype)


def _variance(x: Array, mask: Array | None, ddof: int) -> Array:
    valid = _like(_valid(mask, x), x)
    clean, count = jnp.where(valid, _wide(x), 0), valid.sum(axis=1)
    mean = clean.sum(axis=1) / count.clip(min=1)
    away = jnp.where(valid, clean - mean[:, None], 0)
    return jnp.square(away).sum(axis=1) / (count - ddof).clip(min=1)


def masked_std(x: Array, mask: Array | None, *, ddof: int) -> Array:
    variance = _variance(x, mask, ddof)
    root = jnp.sqrt(jnp.where(variance == 0, 1, variance))
    return jnp.where(variance == 0, 0, root).astype(x.dtype)


def reverse_sequence(x: Array, mask: Array | None) -> Array:
    source = _like(_reversed(_valid(mask, x)), x)
    return jnp.take_along_axis(x, source, axis=1)


def _reversed(valid: Array) -> Array:
    """Return where each position reads from; padding reads itself."""
    rank = valid.cumsum(axis=1)
    order = jnp.argsort(~valid, axis=1, stable=True)
    back = jnp.where(valid, rank[:, -1:] - rank, 0)
    source = jnp.take_along_axis(order, back, axis=1)
    return jnp.where(valid, source, jnp.arange(valid.shape[1]))


def attention(
    query: Array, key: Array, value: Array, mask: Array | None, *, causal: bool
) -> Array:
    whole = query.shape[1]
    return windowed_attention(query, key, value, mask, causal=causal, window=whole)


def windowed_attention(
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    *,
    causal: bool,
    window: int,
) -> Array:
    at = jnp.arange(query.shape[1])
    behind = at[:, None] - at
    near = (-(0 if causal else window) <= behind) & (behind <= window)
    return _attend_near(query, key, value, mask, near)


def packed_attention(
    query: Array,
    key: Array,
    value: Array,
    segments: Array,
    mask: Array | None,
    *,
    causal: bool,
) -> Array:
    at = jnp.arange(query.shape[1])
    own = (segments[:, :, None] == segments[:, None])[:, None]
    near = own & (at[:, None] >= at) if causal else own
    return _attend_near(query, key, value, mask, near)


def alibi_attention(
    query: Array, key: Array, value: Array, mask: Array | None, *, causal: bool
) -> Array:
    at = jnp.cumsum(_valid(mask, query), axis=1) - 1
    behind = at[:, :, None] - at[:, None]
    slopes = jnp.asarray(_alibi_slopes(query.shape[2]), _wide(query).dtype)
    bias = -slopes[:, None, None] * jnp.abs(behind)[:, None]
    near = behind >= 0 if causal else jnp.ones_like(behind, dtype=bool)
    return _attend_near(query, key, value, mask, near[:, None], bias)


def sink_attention(
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    sink: Array,
    *,
    causal: bool,
) -> Array:
    valid = _valid(mask, query)
    q, k, v = (jnp.where(_like(valid, x), _wide(x), 0) for x in (query, key, value))
    # One key more, whose score is the sink and whose value is zero.
    k, v = (jnp.pad(x, ((0, 0), (0, 1), (0, 0), (0, 0))) for x in (k, v))
    sees = valid[:, None, None] & (jnp.tri(q.shape[1], dtype=bool) | (not causal))
    sees = jnp.pad(sees, ((0, 0), (0, 0), (0, 0), (0, 1)), constant_values=True)
    bias = jnp.pad(_wide(sink)[:, None, None], ((0, 0), (0, 0), (k.shape[1] - 1, 0)))
    found = _attend(q, k, v, sees, bias)
    return jnp.where(_like(valid, found), found, 0).astype(query.dtype)


def _alibi_slopes(heads: int) -> list[float]:
    """Return each head's slope, as the authors' code gives them."""
    power = 2 ** int(math.log2(heads))
    whole = [2 ** (-8 * head / power) for head in range(1, power + 1)]
    between = [2 ** (-4 * head / power) for head in range(1, 2 * power, 2)]
    return whole + between[: heads - power]


def _attend_near(
    query: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    near: Array,
    bias: Array | float = 0,
) -> Array:
    valid = _valid(mask, query)
    # Cleaned before any product, so that nothing at padding is multiplied by zero.
    q, k, v = (jnp.where(_like(valid, x), _wide(x), 0) for x in (query, key, value))
    found = _attend(q, k, v, valid[:, None, None] & near, bias)
    return jnp.where(_like(valid, found), found, 0).astype(query.dtype)


def cross_attention(
    query: Array,
    query_mask: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    *,
    grouped: bool,
) -> Array:
    valid, asks = _valid(mask, key), _like(query_mask, query)
    k, v = (jnp.where(_like(valid, x), _wide(x), 0) for x in (key, value))
    if grouped:
        k, v = (jnp.repeat(x, query.shape[2] // x.shape[2], axis=2) for x in (k, v))
    found = _attend(jnp.where(asks, _wide(query), 0), k, v, valid[:, None, None])
    return jnp.where(asks, found, 0).astype(query.dtype)


def decode(
    query: Array,
    step_key: Array,
    step_value: Array,
    step_mask: Array,
    key: Array,
    value: Array,
    mask: Array | None,
    *,
    chunk: bool,
) -> Array:
    valid, asks = _valid(mask, key), _like(step_mask, query)
    keys, values = (jnp.where(_like(valid, x), _wide(x), 0) for x in (key, value))
    q, k, v = (jnp.where(asks, _wide(x), 0) for x in (query, step_key, step_value))
    time, steps = key.shape[1], query.shape[1]
    size = steps if chunk else 1
    behind = [(0, 0), (0, steps)]
    # As long from the start as it will be: slots that are not written yet are hidden.
    begun = (
        jnp.pad(keys, [*behind, (0, 0), (0, 0)]),
        jnp.pad(values, [*behind, (0, 0), (0, 0)]),
        jnp.pad(valid, behind),
    )

    def call(cache: tuple[Array, ...], at: Array) -> tuple[tuple[Array, ...], Array]:
        q_now, *new = (
            jax.lax.dynamic_slice_in_dim(x, at, size, axis=1)
            for x in (q, k, v, step_mask)
        )
        keys, values, valid = written = tuple(
            jax.lax.dynamic_update_slice_in_dim(old, now, time + at, axis=1)
            for old, now in zip(cache, new, strict=True)
        )
        own = time + at + jnp.arange(size)
        before = jnp.arange(time + steps) <= own[:, None]
        return written, _attend(q_now, keys, values, valid[:, None, None] & before)

    found = jax.lax.scan(call, begun, jnp.arange(0, steps, size))[1]
    together = jnp.moveaxis(found, 0, 1).reshape(query.shape)
    return jnp.where(asks, together, 0).astype(query.dtype)


def _attend(
    q: Array, k: Array, v: Array, seen: Array, bias: Array | float = 0
) -> Array:
    scores = jnp.einsum("bqnd,bknd->bnqk", q, k) / q.shape[3] ** 0.5 + bias
    # The softmax of nothing but negative infinities is nan, and so is its gradient.
    scores = jnp.where(seen, scores, -jnp.inf)
    scores = jnp.where(seen.any(axis=3, keepdims=True), scores, 0)
    shares = jnp.where(seen, jax.nn.softmax(scores, axis=3), 0)
    return jnp.einsum("bnqk,bknd->bqnd", shares, v)


def conv1d(
    x: Array,
    mask: Array | None,
    kernel: Array,
    bias: Array,
    *,
    padding: str,
    dilation: int,
) -> Array:
    valid, reach = _valid(mask, x), (len(kernel) - 1) * dilation
    left = {"same": reach // 2, "causal": reach, "valid": 0}[padding]
    right = 0 if padding == "valid" else reach - left
    length = x.shape[1] + left + right - reach
    if length <= 0:
        return jnp.zeros((len(x), 0, kernel.shape[2]), x.dtype)
    found = jax.lax.conv_general_dilated(
        jnp.where(valid[..., None], _wide(x), 0),
        _wide(kernel),
        window_strides=(1,),
        padding=[(left, right)],
        rhs_dilation=(dilation,),
        dimension_numbers=("NWC", "WIO", "NWC"),
    )
    # Again: the bias, and the row's end, have turned padding into signal.
    counts = _windows(valid, reach) if padding == "valid" else valid
    return jnp.where(counts[..., None], found + _wide(bias), 0).astype(x.dtype)


def _windows(valid: Array, reach: int) -> Array:
    """Return which windows lie between a row's first and last valid position."""
    begun = valid.cumsum(axis=1) > 0
    goes_on = valid[:, ::-1].cumsum(axis=1)[:, ::-1] > 0
    return begun[:, : valid.shape[1] - reach] & goes_on[:, reach:]


def strided_conv1d(
    x: Array,
    mask: Array | None,
    kernel: Array,
    bias: Array,
    *,
    padding: str,
    stride: int,
    dilation: int,
) -> Array:
    valid, reach = _valid(mask, x), (len(kernel) - 1) * dilation
    left = {"valid": 0, "half": reach // 2, "causal": reach}[padding]
    right = 0 if padding == "valid" else reach - left
    if x.shape[1] + left + right <= reach:
        return jnp.zeros((len(x), 0, kernel.shape[2]), x.dtype)
    found = jax.lax.conv_general_dilated(
        jnp.where(valid[..., None], _wide(x), 0),
        _wide(kernel),
        window_strides=(stride,),
        padding=[(left, right)],
        rhs_dilation=(dilation,),
        dimension_numbers=("NWC", "WIO", "NWC"),
    )
    here = _come_out(valid, found.shape[1], reach, padding, stride)
    return jnp.where(here[..., None], found + _wide(bias), 0).astype(x.dtype)


def _come_out(valid: Array, time: int, reach: int, padding: str, stride: int) -> Array:
    """Return which of ``time`` positions come out of each row, padded on the right."""
    # A window that is whole ends inside the row; any other one begins there.
    last = jnp.arange(time) * stride + (reach if padding == "valid" else 0)
    return last < valid.sum(axis=1, keepdims=True)


def pool1d(
    x: Array, mask: Array | None, *, of: str, padding: str, window: int, stride: int
) -> Array:
    valid = _valid(mask, x)
    left = {"half": (window - 1) // 2, "causal": window - 1}.get(padding, 0)
    right = 0 if padding == "valid" else window - 1 - left
    starts = jnp.arange(0, max(x.shape[1] + left + right - window + 1, 0), stride)
    places = starts[:, None] + jnp.arange(window)
    there = jnp.pad(valid, ((0, 0), (left, right)))[:, places][..., None]
    seen = jnp.pad(_wide(x), ((0, 0), (left, right), (0, 0)))[:, places]
    if of == "average":
        total = jnp.where(there, seen, 0).sum(axis=2)
        found = total / there.sum(axis=2).clip(min=1)
    else:
        found = jnp.where(there, seen, -jnp.inf).max(axis=2)
    here = _come_out(valid, len(starts), window - 1, padding, stride)
    return jnp.where(here[..., None], found, 0).astype(x.dtype)


def gated_scan(
    initial: Array, x: Array, decay: Array, mask: Array | None, *, output: str
) -> Array:
    here = _like(_valid(mask, x), x)
    added = jnp.where(here, _wide(x), 0)
    factor = jnp.where(here, _wide(decay), 1)
    state, states = _scan(_wide(initial), added, factor)
    if output == "final":
        return state.astype(x.dtype)
    return jnp.where(here, states, 0).astype(x.dtype)


@jax.jit  # type: ignore[untyped-decorator]
def _scan(initial: Array, added: Array, factor: Array) -> tuple[Array, Array]:
    """Return the last state and all states of h_t = factor_t h_(t-1) + added_t."""

    def advance(state: Array, step: tuple[Array, Array]) -> tuple[Array, Array]:
        state = step[1] * state + step[0]
        return state, state

    steps = (jnp.moveaxis(added, 1, 0), jnp.moveaxis(factor, 1, 0))
    state, states = jax.lax.scan(advance, initial, steps)
    return state, jnp.moveaxis(states, 0, 1)


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _BiRnn:
    parameters = [
        jnp.stack([getattr(forward, part), getattr(backward, part)])
        for part in ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    ]
    return _BiRnn(parameters=parameters, cell=cell, merge=merge, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _BiRnn:
    """Both directions as one: the second reads the rows from their end."""

    parameters: list[Array]
    cell: str
    merge: str
    output: str

    def __call__(self, x: Array, mask: Array | None) -> Array:
        return self.apply(self.parameters, x, mask)

    def apply(self, parameters: list[Array], x: Array, mask: Array | None) -> Array:
        valid, kind = _valid(mask, x), (self.cell, self.merge, self.output)
        return _birnn(parameters, x, valid, kind)


# Jitted here, not in the layer: every layer of the same shapes shares one program.
@partial(jax.jit, static_argnames="kind")
def _birnn(
    parameters: list[Array], x: Array, valid: Array, kind: tuple[str, str, str]
) -> Array:
    cell, merge, output = kind
    kernel, recurrent, bias, recurrent_bias = map(_wide, parameters)
    clean = jnp.where(valid[..., None], _wide(x), 0)
    pair = jnp.stack([clean, clean[:, ::-1]])
    keep = jnp.stack([valid, valid[:, ::-1]])[..., None]
    inputs = pair @ kernel[:, None] + bias[:, None, None]

    def advance(
        state: tuple[Array, Array], here: tuple[Array, Array]
    ) -> tuple[tuple[Array, Array], Array]:
        (h, c), (left, kept) = state, here
        right = h @ recurrent + recurrent_bias[:, None]
        new_h, new_c = _step(cell, left, right, h, c)
        # A masked step is no step.
        h, c = jnp.where(kept, new_h, h), jnp.where(kept, new_c, c)
        return (h, c), jnp.where(kept, h, 0)

    zero = jnp.zeros((2, len(x), recurrent.shape[1]), pair.dtype)
    steps = (jnp.moveaxis(inputs, 2, 0), jnp.moveaxis(keep, 2, 0))
    (h, _), outputs = jax.lax.scan(advance, (zero, zero), steps)
    if output == "final":
        return _merged(merge, h[0], h[1]).astype(x.dtype)
    both = jnp.moveaxis(outputs, 0, 2)
    return _merged(merge, both[0], both[1, :, ::-1]).astype(x.dtype)


def build_rnn(weights: Any, *, cell: str, direction: str, output: str) -> _Rnn:
    parts = ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    own = [getattr(weights, part) for part in parts]
    return _Rnn(parameters=own, cell=cell, direction=direction, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rnn:
    """One direction, whose state is given and given back."""

    parameters: list[Array]
    cell: str
    direction: str
    output: str

    def __call__(self, initial: Array, x: Array, mask: Array | None) -> Array:
        return self.apply(self.parameters, initial, x, mask)

    def apply(
        self, parameters: list[Array], initial: Array, x: Array, mask: Array | None
    ) -> Array:
        valid, kind = _valid(mask, x), (self.cell, self.direction, self.output)
        return _rnn(parameters, initial, x, valid, kind)


@partial(jax.jit, static_argnames="kind")
def _rnn(
    parameters: list[Array],
    initial: Array,
    x: Array,
    valid: Array,
    kind: tuple[str, str, str],
) -> Array:
    cell, direction, output = kind
    kernel, recurrent, bias, recurrent_bias = map(_wide, parameters)
    inputs = jnp.where(valid[..., None], _wide(x), 0) @ kernel + bias
    units, begun = recurrent.shape[0], _wide(initial)

    def advance(
        state: tuple[Array, Array], given: tuple[Array, Array]
    ) -> tuple[tuple[Array, Array], Array]:
        (h, c), (left, here) = state, given
        new_h, new_c = _step(cell, left, h @ recurrent + recurrent_bias, h, c)
        # A masked step is no step.
        h, c = jnp.where(here, new_h, h), jnp.where(here, new_c, c)
        return (h, c), jnp.where(here, h, 0)

    steps = (jnp.moveaxis(inputs, 1, 0), jnp.moveaxis(valid[..., None], 1, 0))
    start = (begun[:, :units], begun[:, units:])
    last, outputs = jax.lax.scan(advance, start, steps, reverse=direction == "backward")
    if output == "final":
        return jnp.concatenate(last, axis=1).astype(x.dtype)
    return jnp.moveaxis(outputs, 0, 1).astype(x.dtype)


def build_stack(
    first_forward: Any,
    first_backward: Any,
    convolution: Any,
    second_forward: Any,
    second_backward: Any,
    *,
    cell: str,
    output: str,
) -> _Stack:
    how = {"cell": cell, "merge": "concat"}
    return _Stack(
        first=build_birnn(first_forward, first_backward, **how, output="sequence"),
        convolution=[convolution.kernel, convolution.bias],
        second=build_birnn(second_forward, second_backward, **how, output=output),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stack:
    """Three layers, each of which is given the mask."""

    first: _BiRnn
    convolution: list[Array]
    second: _BiRnn

    @property
    def parameters(self) -> list[list[Array]]:
        return [self.first.parameters, self.convolution, self.second.parameters]

    def __call__(self, x: Array, mask: Array | None) -> Array:
        return self.apply(self.parameters, x, mask)

    def apply(
        self, parameters: list[list[Array]], x: Array, mask: Array | None
    ) -> Array:
        first, own, second = parameters
        now = self.first.apply(first, x, mask)
        now = conv1d(now, mask, *own, padding="same", dilation=1)
        return self.second.apply(second, now, mask)


def crf_log_likelihood(
    emissions: Array,
    tags: Array,
    mask: Array | None,
    transitions: Array,
    start: Array,
    end: Array,
) -> Array:
    valid = _valid(mask, emissions)
    return _log_likelihood(emissions, tags, valid, transitions, start, end)


# Jitted here, as a scan over a function made anew is compiled at every eager call.
@jax.jit  # type: ignore[untyped-decorator]
def _log_likelihood(
    emissions: Array,
    tags: Array,
    valid: Array,
    transitions: Array,
    start: Array,
    end: Array,
) -> Array:
    scores = jnp.where(valid[..., None], _wide(emissions), 0)
    path, rows = jnp.where(valid, tags, 0), jnp.arange(len(tags))
    transitions, start, end = _wide(transitions), _wide(start), _wide(end)

    def advance(
        state: tuple[Array, ...], step: tuple[Array, Array, Array]
    ) -> tuple[tuple[Array, ...], None]:
        (reached, total, before, begun), (here, now, tag) = state, step
        moved = jnp.where(begun, transitions[before], start) + now
        total = jnp.where(here[:, 0], total + moved[rows, tag], total)
        new = jax.nn.logsumexp(reached[:, :, None] + transitions, axis=1)
        reached = jnp.where(here, jnp.where(begun, new, start) + now, reached)
        # A padded position is no step: the next one follows the last valid one.
        before = jnp.where(here[:, 0], tag, before)
        return (reached, total, before, begun | here), None

    zero = jnp.zeros((len(scores), len(start)), scores.dtype)
    begun = jnp.zeros((len(scores), 1), bool)
    begin = (zero, zero[:, 0], jnp.zeros_like(rows, path.dtype), begun)
    steps = (valid[..., None], scores, path)
    steps = tuple(jnp.moveaxis(each, 1, 0) for each in steps)
    (reached, total, before, begun), _ = jax.lax.scan(advance, begin, steps)
    total += end[before] - jax.nn.logsumexp(reached + end, axis=1)
    return jnp.where(begun[:, 0], total, 0).astype(emissions.dtype)


def crf_partition(
    emissions: Array,
    mask: Array | None,
    transitions: Array,
    start: Array | None = None,
    end: Array | None = None,
    *,
    ends: str,
) -> Array:
    del ends  # without scores there are none to add
    chain = _chain(emissions, mask, transitions, start, end)
    return _add_paths(*chain).astype(emissions.dtype)


def crf_marginals(
    emissions: Array,
    mask: Array | None,
    transitions: Array,
    start: Array | None = None,
    end: Array | None = None,
    *,
    ends: str,
) -> Array:
    del ends
    chain = _chain(emissions, mask, transitions, start, end)
    return _share_paths(*chain).astype(emissions.dtype)


def _chain(
    emissions: Array, mask: Array | None, transitions: Array, *ends: Array | None
) -> tuple[Array, ...]:
    valid, transitions = _valid(mask, emissions), _wide(transitions)
    none = jnp.zeros_like(transitions[0])
    start, end = (none if one is None else _wide(one) for one in ends)
    scores = jnp.where(valid[..., None], _wide(emissions), 0)
    return valid, scores, transitions, start, end


@jax.jit  # type: ignore[untyped-decorator]
def _add_paths(
    valid: Array, scores: Array, transitions: Array, start: Array, end: Array
) -> Array:
    last = _walk_chain(valid, scores, transitions, start)[0]
    return jnp.where(valid.any(axis=1), jax.nn.logsumexp(last + end, axis=1), 0)


@jax.jit  # type: ignore[untyped-decorator]
def _share_paths(
    valid: Array, scores: Array, transitions: Array, start: Array, end: Array
) -> Array:
    ahead = _walk_chain(valid, scores, transitions, start)[2]
    turned = valid[:, ::-1], scores[:, ::-1]
    behind = _walk_chain(*turned, transitions.T, end)[1]
    # From behind comes all but the position's own emission, which counts once.
    shares = jax.nn.softmax(jnp.moveaxis(ahead + behind[::-1], 0, 1), axis=2)
    return jnp.where(valid[..., None], shares, 0)


def _walk_chain(
    valid: Array, scores: Array, transitions: Array, start: Array
) -> tuple[Array, Array, Array]:
    """Return what reaches the end, and each position, without and with its own."""

    def advance(
        state: tuple[Array, Array], step: tuple[Array, Array]
    ) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        (reached, begun), (here, now) = state, step
        new = jax.nn.logsumexp(reached[:, :, None] + transitions, axis=1)
        without = jnp.where(begun, new, start)
        # A padded position is no step: the next one follows the last valid one.
        reached = jnp.where(here, without + now, reached)
        return (reached, begun | here), (without, reached)

    zero = jnp.zeros((len(scores), len(start)), scores.dtype)
    begin = (zero, jnp.zeros((len(valid), 1), bool))
    steps = (jnp.moveaxis(valid[..., None], 1, 0), jnp.moveaxis(scores, 1, 0))
    (last, _), (without, reached) = jax.lax.scan(advance, begin, steps)
    return last, without, reached


def ctc_loss(
    labels: Array,
    label_mask: Array,
    logits: Array,
    mask: Array | None,
    *,
    blank: str,
    reduction: str,
    zero_infinity: bool,
) -> Array:
    name = 0 if blank == "first" else logits.shape[2] - 1
    valid = _valid(mask, logits)
    losses = _path_losses(labels, label_mask, logits, valid, name)
    if zero_infinity:
        losses = jnp.where(jnp.isinf(losses), 0, losses)
    if reduction == "mean":
        framed = valid.any(axis=1)
        losses = jnp.where(framed, losses / label_mask.sum(axis=1).clip(min=1), 0)
        losses = losses.sum() / framed.sum().clip(min=1)
    return losses.astype(logits.dtype)


@partial(jax.jit, static_argnames="name")
def _path_losses(
    labels: Array, label_mask: Array, logits: Array, valid: Array, name: int
) -> Array:
    scores = jnp.where(valid[..., None], _wide(logits), 0)
    shares = jax.nn.log_softmax(scores, axis=2)
    # A path's states: the labels, with a blank before, between and behind them.
    states = jnp.full((len(labels), 2 * labels.shape[1] + 1), name, labels.dtype)
    states = states.at[:, 1::2].set(jnp.where(label_mask, labels, name))
    at, number = jnp.arange(states.shape[1]), label_mask.sum(axis=1, keepdims=True)
    # Between equal labels the blank must stand.
    skips = (at > 1) & (at % 2 == 1) & (states != _behind(states, 2, name))
    emitted = jnp.take_along_axis(shares, states[:, None], axis=2)

    def advance(reached: Array, step: tuple[Array, Array]) -> tuple[Array, None]:
        here, now = step
        two = jnp.where(skips, _behind(reached, 2, -jnp.inf), -jnp.inf)
        one = _behind(reached, 1, -jnp.inf)
        new = _log_sum(jnp.stack([reached, one, two], axis=1)) + now
        # A padded frame is no step: the next one follows the last valid one.
        return jnp.where(here, new, reached), None

    begin = jnp.where(at == 0, jnp.zeros_like(states, scores.dtype), -jnp.inf)
    steps = valid.T[..., None], jnp.moveaxis(emitted, 1, 0)
    reached, _ = jax.lax.scan(advance, begin, steps)
    ends = (at == 2 * number) | (at == 2 * number - 1)
    return -_log_sum(jnp.where(ends, reached, -jnp.inf))


def _behind(states: Array, by: int, fill: float) -> Array:
    """Return what stands so many states before, ``[B, K]``."""
    return jnp.pad(states, ((0, 0), (by, 0)), constant_values=fill)[:, :-by]


def _log_sum(scores: Array) -> Array:
    """Return log sum exp over axis 1, of nothing minus infinity that none moves."""
    top = jax.lax.stop_gradient(scores).max(axis=1, keepdims=True)
    top = jnp.where(jnp.isfinite(top), top, 0)
    power = jnp.exp(scores - top).sum(axis=1)
    nothing = power == 0
    return jnp.where(
        nothing, -jnp.inf, jnp.log(jnp.where(nothing, 1, power)) + top[:, 0]
    )


def crf_decode(
    emissions: Array, mask: Array | None, transitions: Array, start: Array, end: Array
) -> Array:
    return _decode(emissions, _valid(mask, emissions), transitions, start, end)


@jax.jit  # type: ignore[untyped-decorator]
def _decode(
    emissions: Array, valid: Array, transitions: Array, start: Array, end: Array
) -> Array:
    rows = jnp.arange(len(emissions))
    scores = jnp.where(valid[..., None], _wide(emissions), 0)
    transitions, start, end = _wide(transitions), _wide(start), _wide(end)

    def advance(
        state: tuple[Array, Array], step: tuple[Array, Array]
    ) -> tuple[tuple[Array, Array], Array]:
        (reached, begun), (here, now) = state, step
        steps = reached[:, :, None] + transitions
        # A padded step is none, and nothing comes before the first valid one.
        came = jnp.where(here & begun, steps.argmax(axis=1), jnp.arange(len(start)))
        new = jnp.where(begun, steps.max(axis=1), start) + now
        return (jnp.where(here, new, reached), begun | here), came

    begin = (jnp.zeros((len(scores), len(start)), scores.dtype), rows[:, None] < 0)
    steps = (jnp.moveaxis(valid[..., None], 1, 0), jnp.moveaxis(scores, 1, 0))
    (reached, _), came = jax.lax.scan(advance, begin, steps)
    tags = (reached + end).argmax(axis=1)
    _, path = jax.lax.scan(
        lambda tag, back: (back[rows, tag], tag), tags, came, reverse=True
    )
    return jnp.where(valid, path.T, -1)


def _step(
    cell: str, left: Array, right: Array, h: Array, c: Array
) -> tuple[Array, Array]:
    if cell == "simple":
        return jnp.tanh(left + right), c
    if cell == "lstm":
        i, f, g, o = jnp.split(left + right, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(c), c
    r_left, z_left, n_left = jnp.split(left, 3, axis=-1)
    r_right, z_right, n_right = jnp.split(right, 3, axis=-1)
    r, z = jax.nn.sigmoid(r_left + r_right), jax.nn.sigmoid(z_left + z_right)
    return (1 - z) * jnp.tanh(n_left + r * n_right) + z * h, c


def _merged(merge: str, forward: Array, backward: Array) -> Array:
    if merge == "concat":
        return jnp.concatenate([forward, backward], axis=-1)
    return forward + backward


def _losses(kind: str, scores: Array, goals: Array) -> Array:
    if kind == "mse":
        return jnp.square(scores - goals.astype(scores.dtype)).mean(axis=-1)
    if kind == "cross_entropy":
        logs = jax.nn.log_softmax(scores, axis=-1)
        return -jnp.take_along_axis(logs, goals[..., None], axis=-1)[..., 0]
    # Not max and abs: each has a slope of its own at zero, and together a wrong one.
    above = jnp.where(scores >= 0, scores, 0)
    below = jnp.where(scores >= 0, -scores, scores)
    return above - scores * goals.astype(scores.dtype) + jnp.log1p(jnp.exp(below))


def _distances(kind: str, scores: Array, goals: Array, delta: float) -> Array:
    # Not abs: its slope where both are equal is one of two sides'.
    away = scores - goals
    far = jnp.where(away == 0, 0, jnp.abs(away))
    if kind == "l1":
        return far.mean(axis=-1)
    bent = jnp.where(far <= delta, away * away / 2, delta * (far - delta / 2))
    return bent.mean(axis=-1)


def _densities(scores: Array, goals: Array) -> Array:
    log = scores[..., 1]
    squares = jnp.square(scores[..., 0] - goals) * jnp.exp(-log)
    return ((squares + log + math.log(math.tau)) / 2).mean(axis=-1)


def _smoothed(shares: Array, smoothing: float) -> Array:
    return (1 - smoothing) * shares + smoothing / shares.shape[-1]


def _divergences(scores: Array, shares: Array) -> Array:
    # A class without a share is no term, however impossible it is.
    logs = jnp.where(shares > 0, jax.nn.log_softmax(scores, axis=-1), 0)
    return -(shares * logs).sum(axis=-1)


def _reduced(reduction: str, losses: Array, valid: Array) -> Array:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction == "mean":
        return losses.sum() / valid.sum().clip(min=1)
    means = losses.sum(axis=1) / valid.sum(axis=1).clip(min=1)
    return means.sum() / valid.any(axis=1).sum().clip(min=1)


def _divisor(reduction: str, counts: Array, length: int) -> Array | int:
    if reduction in {"sum", "sum_norm"}:
        return length if reduction == "sum_norm" else 1
    if reduction == "token_mean":
        return jnp.maximum(counts.sum(), 1)
    there = jnp.maximum(counts.any(axis=1).sum(), 1)
    return there * length if reduction == "seq_mean_token_sum_norm" else there


def _valid(mask: Array | None, x: Array) -> Array:
    """Return any form of the mask as booleans ``[B, T]``."""
    if mask is None:
        return jnp.ones(x.shape[:2], dtype=bool)
    # Not `!= 0`, whose weak type has every program that it enters compiled twice.
    return mask.reshape(mask.shape[:2]).astype(bool)


def _like(valid: Array, x: Array) -> Array:
    """Return ``valid`` with as many axes as ``x``."""
    return valid.reshape(valid.shape + (1,) * (x.ndim - 2))


def _wide(x: Array) -> Array:
    """Return half precision in float32: it is for storing, not for summing."""
    return x.astype(jnp.promote_types(x.dtype, jnp.float32))


def build_nested(
    first: Any, second: Any = None, norm: Any = None, *, inner: str
) -> Any:
    return _Nested(first, second, norm, inner=inner)


class _Nested:
    """Layers inside a layer, told apart by name."""

    def __init__(self, first: Any, second: Any, norm: Any, *, inner: str) -> None:
        weights = {
            f"{owner}.{part}": getattr(layer, part)
            for owner, layer, parts in (
                ("first", first, ("kernel", "bias")),
                ("second", second, ("kernel", "bias")),
                ("norm", norm, ("scale", "offset", "mean", "variance")),
            )
            for part in (parts if layer is not None else ())
        }
        still = {"norm.mean", "norm.variance"}
        still |= {"first.kernel", "first.bias"} if inner == "frozen" else set()
        self.state = {name: weights[name] for name in weights if name in still}
        self.parameters = {n: weights[n] for n in weights if n not in still}

    @property
    def names(self) -> list[str]:
        return [*sorted(self.parameters), *sorted(self.state)]

    def __call__(self, x: Array, mask: Array | None) -> Array:
        return self.apply(self.parameters, x, mask)

    def apply(
        self, parameters: dict[str, Array], x: Array, mask: Array | None
    ) -> Array:
        valid = _valid(mask, x)[..., None]
        w = {name: _wide(one) for name, one in (parameters | self.state).items()}
        y, _ = _nested(w, jnp.where(valid, _wide(x), 0), training=False)
        return jnp.where(valid, y, 0).astype(x.dtype)

    def step(self, x: Array, mask: Array | None, cotangent: Array) -> None:
        valid = _valid(mask, x)
        rows, pull = _wide(x)[valid], _wide(cotangent)[valid]

        def total(parameters: dict[str, Array]) -> tuple[Array, dict[str, Array]]:
            w = {name: _wide(one) for name, one in (parameters | self.state).items()}
            y, moved = _nested(w, rows, training=True)
            return (y * pull).sum(), moved

        slopes, moved = jax.grad(total, has_aux=True)(self.parameters)
        self.parameters = jax.tree.map(
            lambda old, slope: (_wide(old) - 0.25 * _wide(slope)).astype(old.dtype),
            self.parameters,
            slopes,
        )
        for name, new in moved.items():
            old = self.state[name]
            kept = (0.9 * _wide(old) + 0.1 * new).astype(old.dtype)
            self.state = {**self.state, name: kept}

    def saved(self) -> tuple[dict[str, Array], dict[str, Array]]:
        return self.parameters, self.state

    def restore(self, saved: tuple[dict[str, Array], dict[str, Array]]) -> None:
        self.parameters, self.state = saved


def _nested(
    w: dict[str, Array], x: Array, *, training: bool
) -> tuple[Array, dict[str, Array]]:
    """Return the answer, and what training makes the state of."""
    h, moved = jnp.tanh(x @ w["first.kernel"] + w["first.bias"]), {}
    if "norm.scale" in w:
        mean, variance = w["norm.mean"], w["norm.variance"]
        if training:
            mean, variance = h.mean(axis=0), h.var(axis=0)
            moved = {"norm.mean": mean, "norm.variance": variance}
        h = (h - mean) / jnp.sqrt(variance + 1e-3) * w["norm.scale"] + w["norm.offset"]
    last = "second" if "second.kernel" in w else "first"
    return jax.nn.sigmoid(h @ w[f"{last}.kernel"] + w[f"{last}.bias"]), moved


def masked_batch_norm(
    x: Array, mask: Array | None, scale: Array, offset: Array
) -> Array:
    valid = _valid(mask, x)[..., None]
    clean, count = jnp.where(valid, _wide(x), 0), valid.sum().clip(min=1)
    mean = clean.sum(axis=(0, 1)) / count
    away = jnp.where(valid, clean - mean, 0)
    variance = jnp.square(away).sum(axis=(0, 1)) / count
    found = away / jnp.sqrt(variance + 1e-3) * _wide(scale) + _wide(offset)
    return jnp.where(valid, found, 0).astype(x.dtype)


def row_norm(
    x: Array, mask: Array | None, *, over: str, ddof: int, epsilon: str
) -> Array:
    valid = _valid(mask, x)[..., None]
    clean, axes = jnp.where(valid, _wide(x), 0), (1, 2) if over == "group" else (1,)
    number = valid.sum(axis=1, keepdims=True) * (x.shape[2] if over == "group" else 1)
    mean = clean.sum(axis=axes, keepdims=True) / number.clip(1).astype(clean.dtype)
    away = jnp.where(valid, clean - mean, 0)
    # A row of one token has no deviation, and is zero.
    left = (number - ddof).clip(1).astype(clean.dtype)
    variance = (away * away).sum(axis=axes, keepdims=True) / left
    if epsilon == "inside":
        divisor = jnp.sqrt(variance + 1e-3)
    else:
        # The root of zero has no derivative, and NaN spreads from it.
        root = jnp.sqrt(jnp.where(variance == 0, 1, variance))
        divisor = jnp.where(variance == 0, 0, root) + 1e-3
    return jnp.where(valid, away / divisor, 0).astype(x.dtype)


def layer_norm(x: Array, mask: Array | None, scale: Array, offset: Array) -> Array:
    valid = _valid(mask, x)[..., None]
    clean = jnp.where(valid, _wide(x), 0)
    away = clean - clean.mean(axis=2, keepdims=True)
    variance = jnp.square(away).mean(axis=2, keepdims=True)
    found = away / jnp.sqrt(variance + 1e-3) * _wide(scale) + _wide(offset)
    return jnp.where(valid, found, 0).astype(x.dtype)
