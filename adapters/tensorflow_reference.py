# /// script
# requires-python = ">=3.11"
# dependencies = ["tensorflow==2.21.0"]
# [tool.mask-conformance]
# system = "TensorFlow, as specified"
# library = "tensorflow"
# family = "TensorFlow and Keras"
# role = "reference"
# framework = "tensorflow"
# environment = "tensorflow"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["compiled", "eager", "xla", "dynamic", "vmap", "jvp"]
# zero-time = "empty-rows"
# zero-batch = "empty"
# empty = "usual"
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "float", "int8", "uint8", "none", "rank-3"]
# [tool.mask-conformance.padding]
# reverse_sequence = "kept"
# "*" = "usual"
# ///
"""TensorFlow, written the way the specification asks: select, never multiply."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import tensorflow as tf

Tensor: TypeAlias = tf.Tensor


def masked_mean(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    total = tf.reduce_sum(_where(valid, _wide(x), 0), axis=1)
    return tf.cast(total / _count(valid, total.dtype), x.dtype)


def masked_max(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    scores = _where(valid, _wide(x), float("-inf"))
    largest = tf.reduce_max(scores, axis=1)
    # XLA's maximum leaves NaN out.
    broken = tf.reduce_any(tf.math.is_nan(scores), axis=1)
    return tf.cast(_where(~broken, largest, float("nan")), x.dtype)


def masked_softmax(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    scores = _where(valid, _wide(x), float("-inf"))
    # The softmax of nothing but negative infinities is nan, and so is its gradient.
    scores = _where(tf.reduce_any(valid, axis=1, keepdims=True), scores, 0)
    return tf.cast(_where(valid, _shares(scores, axis=1), 0), x.dtype)


def masked_loss(
    predictions: Tensor,
    targets: Tensor,
    mask: Tensor | None,
    *,
    kind: str,
    reduction: str,
) -> Tensor:
    valid = _valid(mask, predictions)
    # Cleaned before the loss, so that no value there can reach it or its gradient.
    scores = _where(_like(valid, predictions), _wide(predictions), 0)
    goals = _where(_like(valid, targets), targets, 0)
    losses = _where(valid, _losses(kind, scores, goals), 0)
    return tf.cast(_reduced(reduction, losses, valid), predictions.dtype)


def accumulated_loss(
    predictions: Tensor,
    targets: Tensor,
    mask: Tensor | None,
    *,
    reduction: str,
    rows: int,
    labels: str,
    length: int,
) -> Tensor:
    valid = _valid(mask, predictions)
    logits, goals, counts = _wide(predictions), targets, valid
    if labels == "next":
        logits, goals = logits[:, :-1], goals[:, 1:]
        counts = valid[:, :-1] & valid[:, 1:]
    logits = _where(counts[..., None], logits, 0)
    losses = _losses("cross_entropy", logits, _where(counts, goals, 0))
    losses = _where(counts, losses, 0)
    if reduction == "seq_mean_token_mean":
        losses = losses / _count(counts, losses.dtype)[:, None]
    # What the whole batch divides by is counted before any micro-batch is.
    divisor = tf.cast(_divisor(reduction, counts, length), losses.dtype)
    # The rows' number may be unknown while a graph is built: each row's sum is added
    # to that of its micro-batch.
    each = tf.reduce_sum(losses, axis=1)
    part = tf.range(tf.shape(each)[0]) // rows
    size = (tf.shape(each)[0] + rows - 1) // rows
    sums = tf.math.unsorted_segment_sum(each, part, size)
    return tf.cast(tf.reduce_sum(sums / divisor), predictions.dtype)


def masked_criterion(
    predictions: Tensor,
    targets: Tensor,
    mask: Tensor | None,
    *,
    kind: str,
    reduction: str,
    delta: float,
    smoothing: float,
    class_weights: tuple[float, ...],
) -> Tensor:
    valid = _valid(mask, predictions)
    scores = _where(_like(valid, predictions), _wide(predictions), 0)
    goals = _where(_like(valid, targets), targets, 0)
    weights = tf.constant(class_weights or (1.0,), scores.dtype)
    if kind == "normal_nll":
        losses = _densities(scores, tf.cast(goals, scores.dtype))
    elif kind in {"l1", "huber"}:
        losses = _distances(kind, scores, tf.cast(goals, scores.dtype), delta)
    elif kind == "kl":
        shares = tf.cast(goals, scores.dtype)
        own = tf.reduce_sum(tf.math.xlogy(shares, shares), axis=-1)
        losses = _divergences(scores, shares) + own
    else:
        here = tf.one_hot(goals, scores.shape[-1], dtype=scores.dtype)
        shares = (1 - smoothing) * here + smoothing / scores.shape[-1]
        losses = _divergences(scores, shares * weights)
    losses = _where(valid, losses, 0)
    if reduction != "weighted_mean":
        return tf.cast(_reduced(reduction, losses, valid), predictions.dtype)
    worth = tf.reduce_sum(_where(valid, tf.gather(weights, goals), 0))
    divisor = tf.where(worth > 0, worth, tf.ones_like(worth))
    return tf.cast(tf.reduce_sum(losses) / divisor, predictions.dtype)


def moe_routing(
    logits: Tensor, mask: Tensor | None, *, part: str, top: int, capacity: int
) -> Tensor:
    valid = _valid(mask, logits)[..., None]
    # Padding is cleaned and has a choice all the same, which nothing may count.
    scores = _where(valid, _wide(logits), 0)
    if part == "z_loss":
        logs = tf.reduce_logsumexp(scores, axis=2)
        squares = _where(valid[..., 0], logs**2, 0)
        return tf.cast(_reduced("mean", squares, valid[..., 0]), logits.dtype)
    best = tf.math.top_k(scores, top).indices
    experts = tf.range(logits.shape[2])
    choices = [valid & (best[..., rank, None] == experts) for rank in range(top)]
    chosen = tf.reduce_any(tf.stack(choices), axis=0)
    if part == "balance":
        number = _count(tf.reshape(valid, [1, -1]), scores.dtype)[0]
        picked = tf.reduce_sum(tf.cast(chosen, scores.dtype), axis=[0, 1]) / number
        share = _where(valid, tf.nn.softmax(scores, axis=2), 0)
        likely = tf.reduce_sum(share, axis=[0, 1]) / number
        size = tf.cast(logits.shape[2], scores.dtype)
        return tf.cast(size * tf.reduce_sum(picked * likely), logits.dtype)
    if top > 1:
        scores = _where(chosen | ~valid, scores, float("-inf"))
    seated = _seated(choices, capacity)
    return tf.cast(_where(seated, tf.nn.softmax(scores, axis=2), 0), logits.dtype)


def _seated(choices: list[Tensor], capacity: int) -> Tensor:
    """Which choices have a place; second ones queue behind all first ones."""
    numbers = [tf.cast(each, tf.int32) for each in choices]
    taken = tf.zeros_like(numbers[0][:, :1])
    seated = tf.zeros_like(choices[0])
    for each, number in zip(choices, numbers, strict=True):
        seated |= each & (taken + tf.cumsum(number, axis=1) <= capacity)
        taken += tf.reduce_sum(number, axis=1, keepdims=True)
    return seated


def weighted_loss(
    predictions: Tensor,
    targets: Tensor,
    weight: Tensor,
    mask: Tensor | None,
    *,
    kind: str,
    reduction: str,
) -> Tensor:
    valid = _valid(mask, predictions)
    scores = _where(_like(valid, predictions), _wide(predictions), 0)
    goals = _where(_like(valid, targets), targets, 0)
    share = _where(valid, _wide(weight), 0)
    losses = _where(valid, _losses(kind, scores, goals), 0) * share
    if reduction in {"sum", "none"}:
        return tf.cast(_reduced(reduction, losses, valid), predictions.dtype)
    counted = {"by_weights": share, "by_count": valid, "by_nonzero": share != 0}
    total = tf.reduce_sum(tf.cast(counted[reduction], losses.dtype))
    divisor = tf.where(total > 0, total, tf.ones_like(total))
    return tf.cast(tf.reduce_sum(losses) / divisor, predictions.dtype)


def apply_mask(x: Tensor, mask: Tensor | None) -> Tensor:
    return _where(_like(_valid(mask, x), x), x, 0)


def mask_from_ids(ids: Tensor, padding_id: int) -> Tensor:
    return tf.not_equal(ids, padding_id)


def mask_from_features(x: Tensor) -> Tensor:
    return tf.reduce_any(tf.not_equal(x, 0), axis=-1)


def mask_from_lengths(lengths: Tensor, x: Tensor, *, side: str) -> Tensor:
    valid = tf.range(tf.shape(x)[1]) < tf.cast(lengths, tf.int32)[:, None]
    return valid if side == "right" else tf.reverse(valid, [1])


def lengths_from_mask(x: Tensor, mask: Tensor | None, *, by: str) -> Tensor:
    valid = tf.cast(_valid(mask, x), tf.int32)
    if by == "count":
        return tf.reduce_sum(valid, axis=1)
    # The largest of no number is the smallest integer.
    behind = valid * tf.range(1, tf.shape(x)[1] + 1)
    return tf.maximum(tf.reduce_max(behind, axis=1), 0)


def pack(x: Tensor, mask: Tensor | None, *, order: str) -> Tensor:
    valid = _valid(mask, x)
    flat = tf.reshape(x, tf.concat([[-1], tf.shape(x)[2:]], axis=0))
    packed = tf.reshape(tf.gather(flat, _sources(valid, order)), tf.shape(x))
    return _where(_like(_first(valid), x), packed, 0)


def unpack(values: Tensor, x: Tensor, mask: Tensor | None, *, order: str) -> Tensor:
    valid, features = _valid(mask, x), tf.shape(values)[2:]
    flat = tf.reshape(values, tf.concat([[-1], features], axis=0))
    place = tf.argsort(_sources(valid, order))
    found = tf.gather(flat, tf.minimum(place, tf.shape(flat)[0] - 1))
    found = tf.reshape(found, tf.concat([tf.shape(valid), features], axis=0))
    return _where(_like(valid, found), found, 0)


def _sources(valid: Tensor, order: str) -> Tensor:
    """The flat place that each packed position comes from, padding behind all."""
    key = tf.reshape(tf.range(tf.size(valid)), tf.shape(valid))
    if order == "steps":
        counts = tf.reduce_sum(tf.cast(valid, tf.int32), axis=1)
        longest = tf.argsort(counts, direction="DESCENDING", stable=True)
        step = tf.cumsum(tf.cast(valid, tf.int32), axis=1) - 1
        key = step * tf.shape(valid)[0] + tf.argsort(longest)[:, None]
    key = tf.where(valid, key, tf.size(valid))
    return tf.argsort(tf.reshape(key, [-1]), stable=True)


def _first(valid: Tensor) -> Tensor:
    """As many of the first places, row by row, as there are valid positions."""
    total = tf.reduce_sum(tf.cast(valid, tf.int32))
    return tf.reshape(tf.range(tf.size(valid)) < total, tf.shape(valid))


def positions(
    segments: Tensor, mask: Tensor | None, *, within: str, start: int
) -> Tensor:
    valid = _valid(mask, segments)
    at = tf.range(tf.shape(segments)[1])
    earlier = valid[:, None] & (at[:, None] > at)
    if within == "segment":
        earlier = earlier & (segments[:, :, None] == segments[:, None])
    counts = tf.reduce_sum(tf.cast(earlier, tf.int32), axis=2)
    return tf.where(valid, start + counts, 0)


def rotary(x: Tensor, mask: Tensor | None, *, layout: str) -> Tensor:
    valid = _like(_valid(mask, x), x)
    # Cleaned before any product, so that nothing at padding is multiplied by zero.
    wide, half = _where(valid, _wide(x), 0), x.shape[3] // 2
    exponent = -tf.cast(tf.range(half), wide.dtype) / half
    rate = tf.pow(tf.cast(10000.0, wide.dtype), exponent)
    seen = tf.cumsum(tf.cast(valid, tf.int32), axis=1)
    angle = tf.cast(tf.maximum(seen - 1, 0), wide.dtype) * rate
    cos, sin = tf.cos(angle), tf.sin(angle)
    apart = layout == "half"
    a, b = tf.split(wide, 2, axis=3) if apart else (wide[..., ::2], wide[..., 1::2])
    pairs = (a * cos - b * sin, a * sin + b * cos)
    if apart:
        found = tf.concat(pairs, axis=3)
    else:
        found = tf.reshape(tf.stack(pairs, axis=4), tf.shape(x))
    return tf.cast(_where(valid, found, 0), x.dtype)


def masked_sum(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    return tf.cast(tf.reduce_sum(_where(valid, _wide(x), 0), axis=1), x.dtype)


def masked_prod(x: Tensor, mask: Tensor | None) -> Tensor:
    factors = _where(_like(_valid(mask, x), x), _wide(x), 1)
    return tf.cast(tf.reduce_prod(factors, axis=1), x.dtype)


def masked_median(x: Tensor, mask: Tensor | None, *, middle: str) -> Tensor:
    if not x.shape[1]:
        return tf.fill((x.shape[0], *x.shape[2:]), tf.constant(float("nan"), x.dtype))
    valid = _like(_valid(mask, x), x) & tf.ones_like(x, tf.bool)
    number = tf.reduce_sum(tf.cast(valid, tf.int32), axis=1)
    # Time last, as sorting and gathering in batches want it.
    last = [0, *range(2, x.shape.rank), 1]
    wide = tf.transpose(_where(valid, _wide(x), float("inf")), last)
    ordered = tf.sort(wide, axis=-1)
    lower = tf.maximum(number - 1, 0) // 2
    upper = lower if middle == "lower" else number // 2
    low, high = (
        tf.gather(ordered, at[..., None], axis=-1, batch_dims=x.shape.rank - 1)[..., 0]
        for at in (lower, upper)
    )
    found = tf.where(low == high, low, low / 2 + high / 2)
    unknown = tf.reduce_any(valid & tf.math.is_nan(x), axis=1) | (number == 0)
    return tf.cast(_where(~unknown, found, float("nan")), x.dtype)


def masked_arg(x: Tensor, mask: Tensor | None, *, of: str) -> Tensor:
    valid = _like(_valid(mask, x), x)
    wide = _where(valid, _wide(x) if of == "max" else -_wide(x), -float("inf"))
    here = valid & (wide == tf.reduce_max(wide, axis=1, keepdims=True))
    # tf.argmax promises no particular one of several.
    time = tf.shape(x)[1]
    places = tf.reshape(tf.range(time), [1, -1] + [1] * (x.shape.rank - 2))
    first = tf.reduce_min(tf.where(here, places, time), axis=1)
    return tf.where(first < time, first, 0)


def masked_cumsum(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    sums = tf.cumsum(_where(valid, _wide(x), 0), axis=1)
    return tf.cast(_where(valid, sums, 0), x.dtype)


def masked_cummax(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    wide = _where(valid, _wide(x), float("-inf"))
    # TensorFlow has none: the largest of each position's triangle of values.
    time = tf.range(tf.shape(x)[1])
    before = tf.reshape(
        time[:, None] >= time,
        tf.concat([[1], tf.shape(time), tf.shape(time), [1] * (len(x.shape) - 2)], 0),
    )
    seen = _where(before, wide[:, None], float("-inf"))
    largest = tf.reduce_max(seen, axis=2)
    # XLA's maximum leaves NaN out.
    broken = tf.reduce_any(tf.math.is_nan(seen), axis=2)
    found = _where(~broken, largest, float("nan"))
    return tf.cast(_where(valid, found, 0), x.dtype)


def masked_topk(x: Tensor, mask: Tensor | None, *, k: int) -> Tensor:
    valid = _like(_valid(mask, x), x)
    # TensorFlow promises no order of NaN: they are counted, and come first.
    unknown = valid & tf.math.is_nan(x)
    broken = tf.reduce_sum(tf.cast(unknown, tf.int32), axis=1)
    wide = _where(valid, _where(~unknown, _wide(x), float("inf")), float("-inf"))
    # As many places as are asked for, however few positions there are.
    longer = tf.concat([wide, _more(wide, k, 1, -math.inf)], axis=1)
    last = [0, *range(2, x.shape.rank), 1]
    found = tf.math.top_k(tf.transpose(longer, last), k).values
    found = _where(tf.range(k) >= broken[..., None], found, float("nan"))
    back = [0, x.shape.rank - 1, *range(1, x.shape.rank - 1)]
    return tf.cast(tf.transpose(found, back), x.dtype)


def weighted_mean(x: Tensor, weight: Tensor, mask: Tensor | None) -> Tensor:
    valid = _valid(mask, x)
    share = _like(_where(valid, _wide(weight), 0), x)
    total = tf.reduce_sum(share, axis=1)
    # Selected before the product, so that no value at padding can reach it.
    terms = _where(_like(valid, x), _wide(x), 0) * share
    total = tf.where(total == 0, tf.ones_like(total), total)
    return tf.cast(tf.reduce_sum(terms, axis=1) / total, x.dtype)


def attention_pooling(
    x: Tensor, score: Tensor, mask: Tensor | None, *, pool: str, per: str, floor: float
) -> Tensor:
    weight = masked_softmax(_wide(score), mask)
    weight = weight if per == "feature" else weight[..., None]
    valid = _like(_valid(mask, x), x)
    # Selected before the product, so that no value at padding can reach it.
    values = _where(valid, _wide(x), 0)
    mean = tf.reduce_sum(weight * values, axis=1)
    if pool == "mean":
        return tf.cast(mean, x.dtype)
    away = _where(valid, values - mean[:, None], 0)
    variance = tf.reduce_sum(weight * away**2, axis=1)
    least = tf.constant(floor, variance.dtype)
    root = tf.sqrt(tf.where(variance < floor, least, variance))
    root = _where(tf.reduce_any(valid, axis=1), root, 0)
    return tf.cast(tf.concat([mean, root], axis=1), x.dtype)


def masked_min(x: Tensor, mask: Tensor | None) -> Tensor:
    return -masked_max(-x, mask)


def last_valid(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _valid(mask, x)
    # One position is selected: its sum with zeros is what stood there.
    behind = tf.cumsum(tf.cast(valid, tf.int32), axis=1, reverse=True)
    here = _like(valid & (behind == 1), x)
    return tf.cast(tf.reduce_sum(_where(here, _wide(x), 0), axis=1), x.dtype)


def masked_logsumexp(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _valid(mask, x)
    scores = _where(valid, _wide(x), float("-inf"))
    # That of nothing but negative infinities has the gradient nan.
    there = tf.reduce_any(valid, axis=1)
    total = tf.reduce_logsumexp(_where(there[:, None], scores, 0), axis=1)
    return tf.cast(_where(there, total, float("-inf")), x.dtype)


def masked_log_softmax(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _valid(mask, x)
    scores = _where(valid, _wide(x), float("-inf"))
    scores = _where(tf.reduce_any(valid, axis=1, keepdims=True), scores, 0)
    logs = tf.nn.log_softmax(scores, axis=1)
    return tf.cast(_where(valid, logs, float("-inf")), x.dtype)


def masked_variance(x: Tensor, mask: Tensor | None) -> Tensor:
    return tf.cast(_variance(x, mask, 0), x.dtype)


def _variance(x: Tensor, mask: Tensor | None, ddof: int) -> Tensor:
    valid = _like(_valid(mask, x), x)
    clean = _where(valid, _wide(x), 0)
    count = _count(valid, clean.dtype)
    away = _where(valid, clean - (tf.reduce_sum(clean, axis=1) / count)[:, None], 0)
    return tf.reduce_sum(tf.square(away), axis=1) / tf.maximum(count - ddof, 1)


def masked_std(x: Tensor, mask: Tensor | None, *, ddof: int) -> Tensor:
    variance = _variance(x, mask, ddof)
    root = tf.sqrt(tf.where(variance == 0, tf.ones_like(variance), variance))
    return tf.cast(tf.where(variance == 0, tf.zeros_like(root), root), x.dtype)


def reverse_sequence(x: Tensor, mask: Tensor | None) -> Tensor:
    return tf.gather(x, _reversed(_valid(mask, x)), axis=1, batch_dims=1)


def _reversed(valid: Tensor) -> Tensor:
    """Return where each position reads from; padding reads itself."""
    rank = tf.cumsum(tf.cast(valid, tf.int32), axis=1)
    order = tf.argsort(tf.cast(~valid, tf.int32), axis=1, stable=True)
    back = tf.where(valid, rank[:, -1:] - rank, 0)
    source = tf.gather(order, back, axis=1, batch_dims=1)
    return tf.where(valid, source, tf.range(valid.shape[1])[None])


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *, causal: bool
) -> Tensor:
    whole = tf.shape(query)[1]
    return windowed_attention(query, key, value, mask, causal=causal, window=whole)


def windowed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    *,
    causal: bool,
    window: int,
) -> Tensor:
    at = tf.range(tf.shape(query)[1])
    behind = at[:, None] - at
    near = (-(0 if causal else window) <= behind) & (behind <= window)
    return _attend_near(query, key, value, mask, near)


def packed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    segments: Tensor,
    mask: Tensor | None,
    *,
    causal: bool,
) -> Tensor:
    at = tf.range(tf.shape(query)[1])
    own = (segments[:, :, None] == segments[:, None])[:, None]
    near = own & (at[:, None] >= at) if causal else own
    return _attend_near(query, key, value, mask, near)


def alibi_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *, causal: bool
) -> Tensor:
    at = tf.cumsum(tf.cast(_valid(mask, query), tf.int32), axis=1) - 1
    behind = at[:, :, None] - at[:, None]
    slopes = tf.constant(_alibi_slopes(query.shape[2]), _wide(query).dtype)
    bias = -slopes[:, None, None] * tf.cast(tf.abs(behind)[:, None], slopes.dtype)
    near = behind >= 0 if causal else tf.ones_like(behind, tf.bool)
    return _attend_near(query, key, value, mask, near[:, None], bias)


def sink_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    sink: Tensor,
    *,
    causal: bool,
) -> Tensor:
    valid = _valid(mask, query)
    q, k, v = (_where(_like(valid, x), _wide(x), 0) for x in (query, key, value))
    # One key more, whose score is the sink and whose value is zero.
    k, v = (tf.pad(x, [(0, 0), (0, 1), (0, 0), (0, 0)]) for x in (k, v))
    at = tf.range(tf.shape(q)[1])
    near = (at[:, None] >= at) | (not causal)
    sees = valid[:, None, None] & near
    sees = tf.concat([sees, _more(sees, 1, 3, True)], axis=3)
    score = _wide(sink)[:, None, None]
    bias = tf.pad(score, [(0, 0), (0, 0), (tf.shape(k)[1] - 1, 0)])
    found = _attend(q, k, v, sees, bias)
    return tf.cast(_where(_like(valid, found), found, 0), query.dtype)


def _alibi_slopes(heads: int) -> list[float]:
    """Return each head's slope, as the authors' code gives them."""
    power = 2 ** int(math.log2(heads))
    whole = [2 ** (-8 * head / power) for head in range(1, power + 1)]
    between = [2 ** (-4 * head / power) for head in range(1, 2 * power, 2)]
    return whole + between[: heads - power]


def _attend_near(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    near: Tensor,
    bias: Tensor | float = 0,
) -> Tensor:
    valid = _valid(mask, query)
    # Cleaned before any product, so that nothing at padding is multiplied by zero.
    q, k, v = (_where(_like(valid, x), _wide(x), 0) for x in (query, key, value))
    found = _attend(q, k, v, valid[:, None, None] & near, bias)
    return tf.cast(_where(_like(valid, found), found, 0), query.dtype)


def cross_attention(
    query: Tensor,
    query_mask: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    *,
    grouped: bool,
) -> Tensor:
    valid, asks = _valid(mask, key), _like(query_mask, query)
    k, v = (_where(_like(valid, x), _wide(x), 0) for x in (key, value))
    if grouped:
        k, v = (tf.repeat(x, query.shape[2] // x.shape[2], axis=2) for x in (k, v))
    found = _attend(_where(asks, _wide(query), 0), k, v, valid[:, None, None])
    return tf.cast(_where(asks, found, 0), query.dtype)


def decode(
    query: Tensor,
    step_key: Tensor,
    step_value: Tensor,
    step_mask: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    *,
    chunk: bool,
) -> Tensor:
    valid, asks = _valid(mask, key), _like(step_mask, query)
    keys, values = (_where(_like(valid, x), _wide(x), 0) for x in (key, value))
    q, k, v = (_where(asks, _wide(x), 0) for x in (query, step_key, step_value))
    keys, values = tf.concat([keys, k], axis=1), tf.concat([values, v], axis=1)
    valid = tf.concat([valid, step_mask], axis=1)
    time, steps = tf.shape(key)[1], tf.shape(query)[1]

    def call(at: Tensor) -> Tensor:
        # Slots that are not written yet are hidden.
        before = tf.range(time + steps) <= time + at[:, None]
        now = tf.gather(q, at, axis=1)
        return _attend(now, keys, values, valid[:, None, None] & before)

    if chunk:
        found = call(tf.range(steps))
    elif query.shape[1] is None:
        each = tf.map_fn(lambda at: call(at[None])[:, 0], tf.range(steps), q.dtype)
        found = tf.transpose(each, [1, 0, 2, 3])
    else:  # unrolled: short rows compile no slower than a loop and run faster
        calls = [call(tf.constant([at])) for at in range(query.shape[1])]
        found = tf.concat(calls, axis=1)
    return tf.cast(_where(asks, found, 0), query.dtype)


def _attend(
    q: Tensor, k: Tensor, v: Tensor, seen: Tensor, bias: Tensor | float = 0
) -> Tensor:
    scores = tf.einsum("bqnd,bknd->bnqk", q, k) / q.shape[3] ** 0.5 + bias
    # The softmax of nothing but negative infinities is nan, and so is its gradient.
    scores = _where(seen, scores, float("-inf"))
    scores = _where(tf.reduce_any(seen, axis=3, keepdims=True), scores, 0)
    shares = _where(seen, _shares(scores, axis=3), 0)
    return tf.einsum("bnqk,bknd->bqnd", shares, v)


def _shares(scores: Tensor, *, axis: int) -> Tensor:
    # On some processors the softmax gives zeros beside a NaN.
    broken = tf.reduce_any(tf.math.is_nan(scores), axis=axis, keepdims=True)
    return _where(~broken, tf.nn.softmax(scores, axis=axis), float("nan"))


def conv1d(
    x: Tensor,
    mask: Tensor | None,
    kernel: Tensor,
    bias: Tensor,
    *,
    padding: str,
    dilation: int,
) -> Tensor:
    valid, reach = _valid(mask, x), (kernel.shape[0] - 1) * dilation
    left = {"same": reach // 2, "causal": reach, "valid": 0}[padding]
    right = 0 if padding == "valid" else reach - left
    clean = _where(valid[..., None], _wide(x), 0)
    padded = tf.pad(clean, [[0, 0], [left, right], [0, 0]])
    # Not tf.nn.conv1d, which refuses rows that are shorter than a window.
    length = tf.maximum(tf.shape(padded)[1] - reach, 0)
    steps = range(0, reach + 1, dilation)
    seen = tf.concat([padded[:, step : step + length] for step in steps], axis=-1)
    flat = tf.reshape(_wide(kernel), [-1, kernel.shape[2]])
    # Not @, which in a vectorized map reads other memory where one side has no batch.
    found = tf.einsum("btf,fc->btc", seen, flat) + _wide(bias)
    # Again: the bias, and the row's end, have turned padding into signal.
    counts = _windows(valid, reach, length) if padding == "valid" else valid
    return tf.cast(_where(counts[..., None], found, 0), x.dtype)


def _windows(valid: Tensor, reach: int, length: Tensor) -> Tensor:
    """Return which windows lie between a row's first and last valid position."""
    begun = tf.cumsum(tf.cast(valid, tf.int32), axis=1) > 0
    goes_on = tf.cumsum(tf.cast(valid, tf.int32), axis=1, reverse=True) > 0
    return begun[:, :length] & goes_on[:, reach:]


def strided_conv1d(
    x: Tensor,
    mask: Tensor | None,
    kernel: Tensor,
    bias: Tensor,
    *,
    padding: str,
    stride: int,
    dilation: int,
) -> Tensor:
    valid, reach = _valid(mask, x), (kernel.shape[0] - 1) * dilation
    left = {"valid": 0, "half": reach // 2, "causal": reach}[padding]
    right = 0 if padding == "valid" else reach - left
    clean = _where(valid[..., None], _wide(x), 0)
    padded = tf.pad(clean, [[0, 0], [left, right], [0, 0]])
    # Not tf.nn.conv1d, which refuses rows that are shorter than a window.
    length = tf.maximum(tf.shape(padded)[1] - reach, 0)
    steps = range(0, reach + 1, dilation)
    seen = tf.concat(
        [padded[:, step : step + length][:, ::stride] for step in steps], axis=-1
    )
    flat = tf.reshape(_wide(kernel), [-1, kernel.shape[2]])
    found = tf.einsum("btf,fc->btc", seen, flat) + _wide(bias)
    here = _come_out(valid, tf.shape(seen)[1], reach, padding, stride)
    return tf.cast(_where(here[..., None], found, 0), x.dtype)


def _come_out(
    valid: Tensor, time: Tensor, reach: int, padding: str, stride: int
) -> Tensor:
    """Return which of ``time`` positions come out of each row, padded on the right."""
    # A window that is whole ends inside the row; any other one begins there.
    last = tf.range(time) * stride + (reach if padding == "valid" else 0)
    return last < tf.reduce_sum(tf.cast(valid, tf.int32), axis=1, keepdims=True)


def pool1d(
    x: Tensor, mask: Tensor | None, *, of: str, padding: str, window: int, stride: int
) -> Tensor:
    valid = _valid(mask, x)
    left = {"half": (window - 1) // 2, "causal": window - 1}.get(padding, 0)
    right = 0 if padding == "valid" else window - 1 - left
    length = tf.maximum(tf.shape(x)[1] + left + right - window + 1, 0)

    def see(padded: Tensor) -> Tensor:
        taps = [padded[:, tap : tap + length][:, ::stride] for tap in range(window)]
        return tf.stack(taps, axis=2)

    there = see(tf.pad(valid, [[0, 0], [left, right]]))[..., None]
    seen = see(tf.pad(_wide(x), [[0, 0], [left, right], [0, 0]]))
    number = tf.reduce_sum(tf.cast(there, seen.dtype), axis=2)
    if of == "average":
        found = tf.reduce_sum(_where(there, seen, 0), axis=2) / tf.maximum(number, 1)
    else:
        scores = _where(there, seen, float("-inf"))
        # XLA's maximum leaves NaN out.
        broken = tf.reduce_any(tf.math.is_nan(scores), axis=2)
        found = _where(~broken, tf.reduce_max(scores, axis=2), float("nan"))
    here = _come_out(valid, tf.shape(seen)[1], window - 1, padding, stride)
    return tf.cast(_where(here[..., None], found, 0), x.dtype)


def gated_scan(
    initial: Tensor, x: Tensor, decay: Tensor, mask: Tensor | None, *, output: str
) -> Tensor:
    here = _like(_valid(mask, x), x)
    # The initial state is an input of its own, before all others.
    first = _wide(initial)[:, None]
    added = tf.concat([first, _where(here, _wide(x), 0)], axis=1)
    factor = tf.concat([tf.ones_like(first), _where(here, _wide(decay), 1)], axis=1)
    states = _scan(added, factor)
    if output == "final":
        return tf.cast(states[:, -1], x.dtype)
    return tf.cast(_where(here, states[:, 1:], 0), x.dtype)


def _scan(added: Tensor, factor: Tensor) -> Tensor:
    """Return h_t = factor_t h_(t-1) + added_t, from zero."""
    time, reach = added.shape[1], 1
    if time is None:
        steps = [tf.transpose(each, [1, 0, 2]) for each in (factor, added)]
        every = tf.scan(
            lambda h, now: now[0] * h + now[1], steps, tf.zeros_like(added[:, 0])
        )
        return tf.transpose(every, [1, 0, 2])
    while reach < time:  # log T steps: each adds the sums of twice as many
        before, product = (each[:, :-reach] for each in (added, factor))
        none, one = (each[:, :reach] for each in (added, factor))
        none, one = tf.zeros_like(none), tf.ones_like(one)
        added += factor * tf.concat([none, before], axis=1)
        factor *= tf.concat([one, product], axis=1)
        reach *= 2
    return added


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _BiRnn:
    parameters = [
        tf.Variable(tf.stack([getattr(forward, part), getattr(backward, part)]))
        for part in ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    ]
    return _BiRnn(parameters=parameters, cell=cell, merge=merge, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _BiRnn:
    """Both directions as one: the second reads the rows from their end."""

    parameters: list[tf.Variable]
    cell: str
    merge: str
    output: str

    def __call__(self, x: Tensor, mask: Tensor | None) -> Tensor:
        valid = _valid(mask, x)
        kernel, recurrent, bias, recurrent_bias = map(_wide, self.parameters)
        clean = _where(valid[..., None], _wide(x), 0)
        pair = tf.stack([clean, tf.reverse(clean, [1])])
        keep = tf.stack([valid, tf.reverse(valid, [1])])[..., None]
        inputs = pair @ kernel[:, None] + bias[:, None, None]
        own = recurrent_bias[:, None]

        def step(state: list[Tensor], given: list[Tensor]) -> list[Tensor]:
            h, c, _ = state
            now, counts = given
            right = h @ recurrent + own
            new_h, new_c = _step(self.cell, now, right, h, c)
            # A masked step is no step.
            kept = tf.where(counts, new_h, h)
            return [kept, tf.where(counts, new_c, c), _where(counts, kept, 0)]

        h = tf.zeros([2, tf.shape(x)[0], recurrent.shape[1]], pair.dtype)
        state = [h, h, h]
        if x.shape[1] is None:
            given = [tf.transpose(each, [2, 0, 1, 3]) for each in (inputs, keep)]
            every = tf.scan(step, given, state)
            state = [each[-1] for each in every]
            both = tf.transpose(every[2], [1, 2, 0, 3])
        else:
            # Unrolled: short rows compile no slower than a loop and run faster.
            outputs = []
            now, counts = (tf.unstack(one, axis=2) for one in (inputs, keep))
            for here in zip(now, counts, strict=True):
                state = step(state, list(here))
                outputs.append(state[2])
            none = h[:, :, None][:, :, :0]
            both = tf.stack(outputs, axis=2) if outputs else none
        if self.output == "final":
            return tf.cast(_merged(self.merge, *tf.unstack(state[0])), x.dtype)
        first, second = tf.unstack(both)
        return tf.cast(_merged(self.merge, first, tf.reverse(second, [1])), x.dtype)


def build_rnn(weights: Any, *, cell: str, direction: str, output: str) -> _Rnn:
    parts = ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    own = [tf.Variable(getattr(weights, part)) for part in parts]
    return _Rnn(parameters=own, cell=cell, direction=direction, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rnn:
    """One direction, whose state is given and given back."""

    parameters: list[tf.Variable]
    cell: str
    direction: str
    output: str

    def __call__(self, initial: Tensor, x: Tensor, mask: Tensor | None) -> Tensor:
        valid = _valid(mask, x)[..., None]
        kernel, recurrent, bias, recurrent_bias = map(_wide, self.parameters)
        inputs = _where(valid, _wide(x), 0) @ kernel + bias
        units, begun = recurrent.shape[0], _wide(initial)

        def step(state: list[Tensor], given: list[Tensor]) -> list[Tensor]:
            h, c, _ = state
            left, here = given
            new_h, new_c = _step(self.cell, left, h @ recurrent + recurrent_bias, h, c)
            # A masked step is no step.
            h, c = tf.where(here, new_h, h), tf.where(here, new_c, c)
            return [h, c, _where(here, h, 0)]

        h = begun[:, :units]
        state = [h, begun[:, units:], h]
        back = self.direction == "backward"
        if x.shape[1] is None:
            steps = [tf.transpose(each, [1, 0, 2]) for each in (inputs, valid)]
            found = tf.scan(step, steps, state, reverse=back)
            state = [each[0 if back else -1] for each in found]
            every = tf.transpose(found[2], [1, 0, 2])
        else:
            # Unrolled: short rows compile no slower than a loop and run faster.
            order = -1 if back else 1
            lefts, heres = (tf.unstack(each, axis=1) for each in (inputs, valid))
            outputs = []
            for given in zip(lefts[::order], heres[::order], strict=True):
                state = step(state, list(given))
                outputs.append(state[2])
            none = h[:, None][:, :0]
            every = tf.stack(outputs[::order], axis=1) if outputs else none
        if self.output == "final":
            return tf.cast(tf.concat(state[:2], axis=1), x.dtype)
        return tf.cast(every, x.dtype)


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
        kernel=tf.Variable(convolution.kernel),
        bias=tf.Variable(convolution.bias),
        second=build_birnn(second_forward, second_backward, **how, output=output),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stack:
    """Three layers, each of which is given the mask."""

    first: _BiRnn
    kernel: tf.Variable
    bias: tf.Variable
    second: _BiRnn

    @property
    def parameters(self) -> list[tf.Variable]:
        convolution = [self.kernel, self.bias]
        return [*self.first.parameters, *convolution, *self.second.parameters]

    def __call__(self, x: Tensor, mask: Tensor | None) -> Tensor:
        own = (self.kernel, self.bias)
        now = conv1d(self.first(x, mask), mask, *own, padding="same", dilation=1)
        return self.second(now, mask)


def crf_log_likelihood(
    emissions: Tensor,
    tags: Tensor,
    mask: Tensor | None,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
) -> Tensor:
    valid = _valid(mask, emissions)
    scores = _where(valid[..., None], _wide(emissions), 0)
    transitions, start, end = _wide(transitions), _wide(start), _wide(end)
    path = _where(valid, tags, 0)

    def advance(
        t: Tensor, reached: Tensor, total: Tensor, before: Tensor, begun: Tensor
    ) -> tuple[Tensor, ...]:
        here, now, tag = valid[:, t, None], scores[:, t], path[:, t]
        moved = tf.where(begun, tf.gather(transitions, before), start) + now
        own = tf.gather(moved, tag, batch_dims=1)
        total = tf.where(here[:, 0], total + own, total)
        new = tf.reduce_logsumexp(reached[:, :, None] + transitions, axis=1)
        reached = tf.where(here, tf.where(begun, new, start) + now, reached)
        # A padded position is no step: the next one follows the last valid one.
        before = tf.where(here[:, 0], tag, before)
        return t + 1, reached, total, before, begun | here

    rows, time = tf.unstack(tf.shape(valid))
    zero = tf.zeros([rows, len(start)], scores.dtype)
    begin = (0, zero, zero[:, 0], tf.zeros([rows], path.dtype), zero[:, :1] > 0)
    # A loop: an unrolled row of 2049 positions takes a minute to trace.
    _, reached, total, before, begun = tf.while_loop(
        lambda t, *_: t < time, advance, begin
    )
    total += tf.gather(end, before) - tf.reduce_logsumexp(reached + end, axis=1)
    return tf.cast(_where(begun[:, 0], total, 0), emissions.dtype)


def crf_partition(
    emissions: Tensor,
    mask: Tensor | None,
    transitions: Tensor,
    start: Tensor | None = None,
    end: Tensor | None = None,
    *,
    ends: str,
) -> Tensor:
    del ends  # without scores there are none to add
    valid, scores, transitions, start, end = _chain(
        emissions, mask, transitions, start, end
    )
    _, reached = _walk_chain(valid, scores, transitions, start)
    # Of no position at all there is no last one.
    zero = tf.zeros([1, tf.shape(valid)[0], len(start)], scores.dtype)
    last = tf.concat([zero, reached], axis=0)[-1]
    whole = tf.reduce_logsumexp(last + end, axis=1)
    return tf.cast(_where(tf.reduce_any(valid, axis=1), whole, 0), emissions.dtype)


def crf_marginals(
    emissions: Tensor,
    mask: Tensor | None,
    transitions: Tensor,
    start: Tensor | None = None,
    end: Tensor | None = None,
    *,
    ends: str,
) -> Tensor:
    del ends
    valid, scores, transitions, start, end = _chain(
        emissions, mask, transitions, start, end
    )
    _, ahead = _walk_chain(valid, scores, transitions, start)
    turned = tf.reverse(valid, [1]), tf.reverse(scores, [1])
    behind, _ = _walk_chain(*turned, tf.transpose(transitions), end)
    # From behind comes all but the position's own emission, which counts once.
    logs = tf.transpose(ahead + tf.reverse(behind, [0]), [1, 0, 2])
    # Not tf.nn.softmax, which gives 0 beside a NaN.
    shares = tf.exp(logs - tf.reduce_logsumexp(logs, axis=2, keepdims=True))
    shares = _where(valid[..., None], shares, 0)
    return tf.cast(shares, emissions.dtype)


def _chain(
    emissions: Tensor, mask: Tensor | None, transitions: Tensor, *ends: Tensor | None
) -> tuple[Tensor, ...]:
    valid, transitions = _valid(mask, emissions), _wide(transitions)
    none = tf.zeros_like(transitions[0])
    start, end = (none if one is None else _wide(one) for one in ends)
    scores = _where(valid[..., None], _wide(emissions), 0)
    return valid, scores, transitions, start, end


def _walk_chain(
    valid: Tensor, scores: Tensor, transitions: Tensor, start: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what reaches each position ``[T, B, K]``, without and with its own."""

    def advance(state: tuple[Tensor, ...], step: tuple[Tensor, Tensor]) -> Any:
        (_, reached, begun), (here, now) = state, step
        new = tf.reduce_logsumexp(reached[:, :, None] + transitions, axis=1)
        without = tf.where(begun, new, start)
        # A padded position is no step: the next one follows the last valid one.
        return without, tf.where(here, without + now, reached), begun | here

    zero = tf.zeros([tf.shape(valid)[0], len(start)], scores.dtype)
    steps = tf.transpose(valid)[..., None], tf.transpose(scores, [1, 0, 2])
    without, reached, _ = tf.scan(advance, steps, (zero, zero, zero[:, :1] > 0))
    return without, reached


def ctc_loss(
    labels: Tensor,
    label_mask: Tensor,
    logits: Tensor,
    mask: Tensor | None,
    *,
    blank: str,
    reduction: str,
    zero_infinity: bool,
) -> Tensor:
    valid, never = _valid(mask, logits), float("-inf")
    shares = tf.nn.log_softmax(_where(valid[..., None], _wide(logits), 0), axis=2)
    name = 0 if blank == "first" else logits.shape[2] - 1
    rows, width = tf.unstack(tf.shape(labels))
    # A path's states: the labels, with a blank before, between and behind them.
    own = _where(label_mask, labels, name)
    states = tf.stack([tf.zeros_like(own) + name, own], axis=2)
    states = tf.reshape(states, [rows, 2 * width])
    states = tf.concat([states, _more(states, 1, 1, name)], axis=1)
    at = tf.range(2 * width + 1)
    number = tf.reduce_sum(tf.cast(label_mask, tf.int32), axis=1, keepdims=True)
    # Between equal labels the blank must stand.
    skips = (at > 1) & (at % 2 == 1) & (states != _behind(states, 2, name))
    emitted = tf.gather(shares, states, axis=2, batch_dims=1)

    def advance(t: Tensor, reached: Tensor) -> tuple[Tensor, Tensor]:
        two = _where(skips, _behind(reached, 2, never), never)
        one = _behind(reached, 1, never)
        new = _log_sum(tf.stack([reached, one, two], axis=1)) + emitted[:, t]
        # A padded frame is no step: the next one follows the last valid one.
        return t + 1, tf.where(valid[:, t, None], new, reached)

    begin = _where(at == 0, tf.zeros([rows, 2 * width + 1], shares.dtype), never)
    time = tf.shape(valid)[1]
    _, reached = tf.while_loop(lambda t, _: t < time, advance, (0, begin))
    ends = (at == 2 * number) | (at == 2 * number - 1)
    losses = -_log_sum(_where(ends, reached, never))
    if zero_infinity:
        losses = _where(~tf.math.is_inf(losses), losses, 0)
    if reduction == "mean":
        labelled = tf.cast(tf.maximum(number[:, 0], 1), losses.dtype)
        framed = tf.reduce_any(valid, axis=1)
        count = tf.reduce_sum(tf.cast(framed, losses.dtype))
        losses = tf.reduce_sum(_where(framed, losses / labelled, 0))
        losses = losses / tf.maximum(count, 1)
    return tf.cast(losses, logits.dtype)


def _behind(states: Tensor, by: int, fill: float) -> Tensor:
    """Return what stands so many states before, ``[B, K]``."""
    padded = tf.concat([_more(states, by, 1, fill), states], axis=1)
    return padded[:, :-by]


def _more(x: Tensor, size: int, axis: int, fill: float) -> Tensor:
    """Return one number over and over, to be joined to x along an axis."""
    # Inside of a vectorized_map tf.pad fills with zero, whatever it is given.
    around = tf.shape(x)
    sizes = tf.concat([around[:axis], [size], around[axis + 1 :]], axis=0)
    return tf.fill(sizes, tf.cast(fill, x.dtype))


def _log_sum(scores: Tensor) -> Tensor:
    """Return log sum exp over axis 1, of nothing minus infinity that none moves."""
    top = tf.stop_gradient(tf.reduce_max(scores, axis=1, keepdims=True))
    top = _where(tf.math.is_finite(top), top, 0)
    power = tf.reduce_sum(tf.exp(scores - top), axis=1)
    nothing = power == 0
    logs = tf.math.log(_where(~nothing, power, 1)) + top[:, 0]
    return _where(~nothing, logs, float("-inf"))


def crf_decode(
    emissions: Tensor,
    mask: Tensor | None,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
) -> Tensor:
    valid = _valid(mask, emissions)
    scores = _where(valid[..., None], _wide(emissions), 0)
    transitions, start, end = _wide(transitions), _wide(start), _wide(end)

    def advance(state: tuple[Tensor, ...], step: tuple[Tensor, ...]) -> Any:
        (reached, begun, _), (here, now) = state, step
        steps = reached[:, :, None] + transitions
        # A padded step is none, and nothing comes before the first valid one.
        back = tf.argmax(steps, axis=1, output_type=tf.int32)
        came = tf.where(here & begun, back, tf.range(len(start)))
        new = tf.where(begun, tf.reduce_max(steps, axis=1), start) + now
        return tf.where(here, new, reached), begun | here, came

    rows, time = tf.unstack(tf.shape(valid))
    zero = tf.zeros([rows, len(start)], scores.dtype)
    begin = (zero, zero[:, :1] > 0, tf.cast(zero, tf.int32))
    steps = tf.transpose(valid)[..., None], tf.transpose(scores, [1, 0, 2])
    reached, _, came = tf.scan(advance, steps, begin)
    # Of no position at all there is no last one.
    last = tf.concat([zero[None], reached], axis=0)[-1] + end
    tags = tf.argmax(last, axis=1, output_type=tf.int32)
    path = tf.scan(
        lambda tag, back: tf.gather(back, tag, batch_dims=1), came, tags, reverse=True
    )
    # What came before each position stands there: the tags are those one later.
    path = tf.transpose(tf.concat([path, tags[None]], axis=0)[1:])
    return _where(valid, path[:, :time], -1)


def _step(
    cell: str, left: Tensor, right: Tensor, h: Tensor, c: Tensor
) -> tuple[Tensor, Tensor]:
    if cell == "simple":
        return tf.tanh(left + right), c
    if cell == "lstm":
        i, f, g, o = tf.split(left + right, 4, axis=-1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c
    r_left, z_left, n_left = tf.split(left, 3, axis=-1)
    r_right, z_right, n_right = tf.split(right, 3, axis=-1)
    r, z = tf.sigmoid(r_left + r_right), tf.sigmoid(z_left + z_right)
    return (1 - z) * tf.tanh(n_left + r * n_right) + z * h, c


def _merged(merge: str, forward: Tensor, backward: Tensor) -> Tensor:
    if merge == "concat":
        return tf.concat([forward, backward], axis=-1)
    return forward + backward


def _losses(kind: str, scores: Tensor, goals: Tensor) -> Tensor:
    if kind == "mse":
        return tf.reduce_mean(tf.square(scores - tf.cast(goals, scores.dtype)), axis=-1)
    if kind == "cross_entropy":
        return tf.nn.sparse_softmax_cross_entropy_with_logits(goals, scores)
    wide = tf.cast(goals, scores.dtype)
    return tf.nn.sigmoid_cross_entropy_with_logits(wide, scores)


def _distances(kind: str, scores: Tensor, goals: Tensor, delta: float) -> Tensor:
    far = tf.abs(scores - goals)
    if kind == "l1":
        return tf.reduce_mean(far, axis=-1)
    bent = tf.where(far <= delta, far * far / 2, delta * (far - delta / 2))
    return tf.reduce_mean(bent, axis=-1)


def _densities(scores: Tensor, goals: Tensor) -> Tensor:
    log = scores[..., 1]
    squares = tf.square(scores[..., 0] - goals) * tf.exp(-log)
    return tf.reduce_mean((squares + log + math.log(math.tau)) / 2, axis=-1)


def _divergences(scores: Tensor, shares: Tensor) -> Tensor:
    # A class without a share is no term, however impossible it is.
    logs = _where(shares > 0, tf.nn.log_softmax(scores, axis=-1), 0)
    return -tf.reduce_sum(shares * logs, axis=-1)


def _reduced(reduction: str, losses: Tensor, valid: Tensor) -> Tensor:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return tf.reduce_sum(losses)
    if reduction == "mean":
        every = tf.reshape(valid, [1, -1])
        return tf.reduce_sum(losses) / _count(every, losses.dtype)[0]
    means = tf.reduce_sum(losses, axis=1) / _count(valid, losses.dtype)
    rows = tf.reduce_any(valid, axis=1)[None]
    return tf.reduce_sum(means) / _count(rows, losses.dtype)[0]


def _divisor(reduction: str, counts: Tensor, length: int) -> Tensor | int:
    if reduction in {"sum", "sum_norm"}:
        return length if reduction == "sum_norm" else 1
    if reduction == "token_mean":
        return tf.maximum(tf.reduce_sum(tf.cast(counts, tf.int32)), 1)
    there = tf.reduce_any(counts, axis=1)
    there = tf.maximum(tf.reduce_sum(tf.cast(there, tf.int32)), 1)
    return there * length if reduction == "seq_mean_token_sum_norm" else there


def _valid(mask: Tensor | None, x: Tensor) -> Tensor:
    """Return any form of the mask as booleans ``[B, T]``."""
    if mask is None:
        return tf.ones(x.shape[:2], tf.bool)
    return tf.cast(mask[..., 0] if mask.shape.rank == 3 else mask, tf.bool)  # noqa: PLR2004 - [B, T, 1]


def _like(valid: Tensor, x: Tensor) -> Tensor:
    """Return ``valid`` with as many axes as ``x``."""
    return valid[(..., *(None,) * (x.shape.rank - 2))]


def _count(valid: Tensor, dtype: tf.DType) -> Tensor:
    counts = tf.reduce_sum(tf.cast(valid, tf.int32), axis=1)
    return tf.cast(tf.maximum(counts, 1), dtype)


def _where(valid: Tensor, x: Tensor, other: float) -> Tensor:
    return tf.where(valid, x, tf.constant(other, x.dtype))


def _wide(x: Tensor) -> Tensor:
    """Return half precision in float32: it is for storing, not for summing."""
    return tf.cast(x, tf.float32) if x.dtype.size == 2 else tf.identity(x)  # noqa: PLR2004 - bytes


def build_nested(
    first: Any, second: Any = None, norm: Any = None, *, inner: str
) -> Any:
    return _Nested(first, second, norm, inner=inner)


class _Dense(tf.Module):  # type: ignore[misc, unused-ignore]
    """An inner layer."""

    def __init__(self, weights: Any, name: str, *, trainable: bool = True) -> None:
        super().__init__(name=name)
        with self.name_scope:
            self.kernel = tf.Variable(weights.kernel, trainable, name="kernel")
            self.bias = tf.Variable(weights.bias, trainable, name="bias")

    def __call__(self, x: Tensor) -> Tensor:
        # With @, tf.vectorized_map of this ends the process in one run of two.
        return tf.tensordot(x, _wide(self.kernel), 1) + _wide(self.bias)


class _Norm(tf.Module):  # type: ignore[misc, unused-ignore]
    """An inner batch norm."""

    def __init__(self, weights: Any) -> None:
        super().__init__(name="norm")
        with self.name_scope:
            self.scale = tf.Variable(weights.scale, name="scale")
            self.offset = tf.Variable(weights.offset, name="offset")
            self.mean = tf.Variable(weights.mean, trainable=False, name="mean")
            self.variance = tf.Variable(
                weights.variance, trainable=False, name="variance"
            )

    def __call__(self, x: Tensor, *, training: bool = False) -> Tensor:
        mean, variance = _wide(self.mean), _wide(self.variance)
        if training:
            new = tf.nn.moments(x, axes=[0])
            for old, one in zip((self.mean, self.variance), new, strict=True):
                old.assign(tf.cast(0.9 * _wide(old) + 0.1 * one, old.dtype))
            mean, variance = new
        away = (x - mean) / tf.sqrt(variance + 1e-3)
        return away * _wide(self.scale) + _wide(self.offset)


class _Nested(tf.Module):  # type: ignore[misc, unused-ignore]
    """Layers inside a layer: tf.Module finds the variables of what it holds."""

    def __init__(self, first: Any, second: Any, norm: Any, *, inner: str) -> None:
        super().__init__(name="nested")
        with self.name_scope:
            self._first = _Dense(first, "first", trainable=inner != "frozen")
            self._last = self._first if inner == "twice" else _Dense(second, "second")
            self._norm = _Norm(norm) if inner == "normed" else None

    @property
    def parameters(self) -> tuple[tf.Variable, ...]:
        return self.trainable_variables

    @property
    def state(self) -> tuple[tf.Variable, ...]:
        return self.non_trainable_variables

    @property
    def names(self) -> list[str]:
        return [one.name for one in (*self.parameters, *self.state)]

    def __call__(self, x: Tensor, mask: Tensor | None) -> Tensor:
        valid = _valid(mask, x)[..., None]
        found = self._answer(_where(valid, _wide(x), 0), training=False)
        return tf.cast(_where(valid, found, 0), x.dtype)

    def _answer(self, x: Tensor, *, training: bool) -> Tensor:
        h = tf.tanh(self._first(x))
        h = h if self._norm is None else self._norm(h, training=training)
        return tf.sigmoid(self._last(h))

    def step(self, x: Tensor, mask: Tensor | None, cotangent: Tensor) -> None:
        valid = _valid(mask, x)
        rows, pull = (tf.boolean_mask(_wide(each), valid) for each in (x, cotangent))
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(self._answer(rows, training=True) * pull)
        for one, slope in zip(
            self.parameters, tape.gradient(total, self.parameters), strict=True
        ):
            one.assign_sub(tf.cast(0.25 * _wide(slope), one.dtype))

    def saved(self) -> list[Tensor]:
        return [tf.identity(one) for one in self.variables]

    def restore(self, saved: list[Tensor]) -> None:
        for one, value in zip(self.variables, saved, strict=True):
            one.assign(value)


def masked_batch_norm(
    x: Tensor, mask: Tensor | None, scale: Tensor, offset: Tensor
) -> Tensor:
    valid = _valid(mask, x)[..., None]
    clean = _where(valid, _wide(x), 0)
    count = _count(tf.reshape(valid, [1, -1]), clean.dtype)
    mean = tf.reduce_sum(clean, axis=[0, 1]) / count
    away = _where(valid, clean - mean, 0)
    variance = tf.reduce_sum(tf.square(away), axis=[0, 1]) / count
    found = away / tf.sqrt(variance + 1e-3) * _wide(scale) + _wide(offset)
    return tf.cast(_where(valid, found, 0), x.dtype)


def row_norm(
    x: Tensor, mask: Tensor | None, *, over: str, ddof: int, epsilon: str
) -> Tensor:
    valid = _valid(mask, x)[..., None]
    clean, axes = _where(valid, _wide(x), 0), [1, 2] if over == "group" else [1]
    number = tf.reduce_sum(tf.cast(valid, clean.dtype), axis=1, keepdims=True)
    number *= x.shape[2] if over == "group" else 1
    mean = tf.reduce_sum(clean, axis=axes, keepdims=True) / tf.maximum(number, 1)
    away = _where(valid, clean - mean, 0)
    # A row of one token has no deviation, and is zero.
    left = tf.maximum(number - ddof, 1)
    variance = tf.reduce_sum(away * away, axis=axes, keepdims=True) / left
    if epsilon == "inside":
        divisor = tf.sqrt(variance + 1e-3)
    else:
        # The root of zero has no derivative, and NaN spreads from it.
        some = variance != 0
        divisor = _where(some, tf.sqrt(_where(some, variance, 1)), 0) + 1e-3
    return tf.cast(_where(valid, away / divisor, 0), x.dtype)


def layer_norm(x: Tensor, mask: Tensor | None, scale: Tensor, offset: Tensor) -> Tensor:
    valid = _valid(mask, x)[..., None]
    clean = _where(valid, _wide(x), 0)
    away = clean - tf.reduce_mean(clean, axis=2, keepdims=True)
    variance = tf.reduce_mean(tf.square(away), axis=2, keepdims=True)
    found = away / tf.sqrt(variance + 1e-3) * _wide(scale) + _wide(offset)
    return tf.cast(_where(valid, found, 0), x.dtype)
