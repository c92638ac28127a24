# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "NumPy, as specified"
# library = "numpy"
# family = "Other"
# role = "reference"
# framework = "numpy"
# environment = "numpy"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["eager"]
# zero-time = "empty-rows"
# zero-batch = "empty"
# subnormals = "kept"
# empty = "usual"
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "float", "int8", "uint8", "none", "rank-3"]
# [tool.mask-conformance.padding]
# reverse_sequence = "kept"
# "*" = "usual"
# ///
"""NumPy, written the way the specification asks: select, never multiply."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any  # what NumPy's arithmetic gives on arrays of any dtype


@np.errstate(all="ignore")
def masked_mean(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    total = np.where(valid, _wide(x), 0).sum(axis=1)
    return (total / _count(valid, total.dtype)).astype(x.dtype)


@np.errstate(all="ignore")
def masked_max(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    scores = np.where(valid, _wide(x), -np.inf)
    return np.asarray(scores.max(axis=1, initial=-np.inf), dtype=x.dtype)


@np.errstate(all="ignore")
def masked_softmax(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    scores = np.where(valid, _wide(x), -np.inf)
    # A row without valid positions has no maximum to subtract.
    scores = np.where(valid.any(axis=1, keepdims=True), scores, 0)
    shares = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
    shares /= shares.sum(axis=1, keepdims=True)
    return np.where(valid, shares, 0).astype(x.dtype)


@np.errstate(all="ignore")
def masked_loss(
    predictions: Array, targets: Array, mask: Array | None, *, kind: str, reduction: str
) -> Array:
    valid = _valid(mask, predictions)
    # Cleaned before the loss, so that no value there can reach it.
    scores = np.where(_like(valid, predictions), _wide(predictions), 0)
    goals = np.where(_like(valid, targets), targets, 0)
    losses = np.where(valid, _losses(kind, scores, goals), 0)
    return _reduced(reduction, losses, valid).astype(predictions.dtype)


@np.errstate(all="ignore")
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
    logits = np.where(counts[..., None], logits, 0)
    losses = _losses("cross_entropy", logits, np.where(counts, goals, 0))
    losses = np.where(counts, losses, 0)
    if reduction == "seq_mean_token_mean":
        losses = losses / _count(counts, losses.dtype)[:, None]
    # What the whole batch divides by is counted before any micro-batch is.
    divisor = _divisor(reduction, counts, length)
    parts = (losses[at : at + rows].sum() for at in range(0, len(losses), rows))
    whole = sum((part / divisor for part in parts), start=losses.dtype.type(0))
    return np.asarray(whole, dtype=predictions.dtype)


@np.errstate(all="ignore")
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
    scores = np.where(_like(valid, predictions), _wide(predictions), 0)
    goals = np.where(_like(valid, targets), targets, 0)
    weights = np.asarray(class_weights or (1.0,), scores.dtype)
    if kind == "normal_nll":
        losses = _densities(scores, goals.astype(scores.dtype))
    elif kind in {"l1", "huber"}:
        losses = _distances(kind, scores, goals.astype(scores.dtype), delta)
    elif kind == "kl":
        shares = goals.astype(scores.dtype)
        own = np.log(np.where(shares > 0, shares, 1))
        losses = _divergences(scores, shares) + (shares * own).sum(axis=-1)
    else:
        shares = _smoothed(scores, goals, smoothing) * weights
        losses = _divergences(scores, shares)
    losses = np.where(valid, losses, 0)
    if reduction != "weighted_mean":
        return _reduced(reduction, losses, valid).astype(predictions.dtype)
    worth = np.where(valid, weights[goals.astype(np.int64)], 0).sum()
    return np.asarray(losses.sum() / (worth or 1), dtype=predictions.dtype)


@np.errstate(all="ignore")
def moe_routing(
    logits: Array, mask: Array | None, *, part: str, top: int, capacity: int
) -> Array:
    valid = _valid(mask, logits)[..., None]
    # Padding is cleaned and has a choice all the same, which nothing may count.
    scores = np.where(valid, _wide(logits), 0)
    peak = scores.max(axis=2, keepdims=True)
    powers = np.exp(scores - peak)
    total = powers.sum(axis=2, keepdims=True)
    if part == "z_loss":
        squares = np.where(valid, (np.log(total) + peak) ** 2, 0)
        return _reduced("mean", squares, valid).astype(logits.dtype)
    best = np.argsort(-scores, axis=2, kind="stable")[..., :top]
    experts = np.arange(logits.shape[2])
    choices = [valid & (best[..., [rank]] == experts) for rank in range(top)]
    if part == "balance":
        number = max(valid.sum(), 1)
        picked = sum(each.sum(axis=(0, 1)) for each in choices) / number
        likely = np.where(valid, powers / total, 0).sum(axis=(0, 1)) / number
        return np.asarray(len(experts) * (picked * likely).sum(), logits.dtype)
    if top > 1:
        powers = np.where(sum(choices) > 0, powers, 0)
        total = powers.sum(axis=2, keepdims=True)
    seated = _seated(choices, capacity)
    return np.where(seated, powers / total, 0).astype(logits.dtype)


def _seated(choices: list[Array], capacity: int) -> Array:
    """Which choices have a place; second ones queue behind all first ones."""
    taken = np.zeros_like(choices[0][:, :1], int)
    seated = np.zeros_like(choices[0])
    for each in choices:
        seated |= each & (taken + each.cumsum(axis=1) <= capacity)
        taken = taken + each.sum(axis=1, keepdims=True)
    return seated


@np.errstate(all="ignore")
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
    scores = np.where(_like(valid, predictions), _wide(predictions), 0)
    goals = np.where(_like(valid, targets), targets, 0)
    share = np.where(valid, _wide(weight), 0)
    losses = np.where(valid, _losses(kind, scores, goals), 0) * share
    if reduction in {"sum", "none"}:
        return _reduced(reduction, losses, valid).astype(predictions.dtype)
    counted = {"by_weights": share, "by_count": valid, "by_nonzero": share != 0}
    total = counted[reduction].sum()
    return np.asarray(losses.sum() / (total or 1), dtype=predictions.dtype)


def apply_mask(x: Array, mask: Array | None) -> Array:
    return np.where(_like(_valid(mask, x), x), x, np.zeros((), x.dtype))


def mask_from_ids(ids: Array, padding_id: int) -> Array:
    return ids != padding_id


def mask_from_features(x: Array) -> Array:
    return (x != 0).any(axis=-1)


def mask_from_lengths(lengths: Array, x: Array, *, side: str) -> Array:
    valid = np.arange(x.shape[1]) < lengths[:, None]
    return valid if side == "right" else valid[:, ::-1]


def lengths_from_mask(x: Array, mask: Array | None, *, by: str) -> Array:
    valid = _valid(mask, x)
    if by == "count":
        return valid.sum(axis=1)
    return (valid * np.arange(1, x.shape[1] + 1)).max(axis=1, initial=0)


def pack(x: Array, mask: Array | None, *, order: str) -> Array:
    valid = _valid(mask, x)
    packed = np.zeros((valid.size, *x.shape[2:]), x.dtype)
    row, at = _packed(valid, order)
    packed[: len(row)] = x[row, at]
    return packed.reshape(x.shape)


def unpack(values: Array, x: Array, mask: Array | None, *, order: str) -> Array:
    valid, features = _valid(mask, x), values.shape[2:]
    found = np.zeros((*valid.shape, *features), values.dtype)
    row, at = _packed(valid, order)
    found[row, at] = values.reshape(-1, *features)[: len(row)]
    return found


def _packed(valid: Array, order: str) -> tuple[Array, Array]:
    """The row and the position of each valid position, in the order of the pack."""
    row, at = np.nonzero(valid)
    if order == "rows":
        return row, at
    place = np.argsort(np.argsort(-valid.sum(axis=1), kind="stable"))
    step = valid.cumsum(axis=1)[row, at]
    first = np.lexsort((place[row], step))
    return row[first], at[first]


def positions(segments: Array, mask: Array | None, *, within: str, start: int) -> Array:
    valid = _valid(mask, segments)
    at = np.arange(segments.shape[1])
    earlier = valid[:, None] & (at[:, None] > at)
    if within == "segment":
        earlier = earlier & (segments[:, :, None] == segments[:, None])
    return np.where(valid, start + earlier.sum(axis=2), 0)


@np.errstate(all="ignore")
def rotary(x: Array, mask: Array | None, *, layout: str) -> Array:
    valid = _like(_valid(mask, x), x)
    # Cleaned before any product, so that nothing at padding is multiplied by zero.
    wide, half = np.where(valid, _wide(x), 0), x.shape[3] // 2
    rate = 10000.0 ** (-np.arange(half, dtype=wide.dtype) / half)
    angle = (valid.cumsum(axis=1) - 1).clip(0) * rate
    cos, sin = np.cos(angle), np.sin(angle)
    apart = layout == "half"
    a, b = np.split(wide, 2, axis=3) if apart else (wide[..., ::2], wide[..., 1::2])
    pairs = (a * cos - b * sin, a * sin + b * cos)
    if apart:
        found = np.concatenate(pairs, axis=3)
    else:
        found = np.stack(pairs, axis=4).reshape(x.shape)
    return np.where(valid, found, 0).astype(x.dtype)


@np.errstate(all="ignore")
def masked_sum(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    return np.where(valid, _wide(x), 0).sum(axis=1).astype(x.dtype)


@np.errstate(all="ignore")
def masked_prod(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    return np.where(valid, _wide(x), 1).prod(axis=1).astype(x.dtype)


@np.errstate(all="ignore")
def masked_median(x: Array, mask: Array | None, *, middle: str) -> Array:
    if not x.shape[1]:
        return np.full((len(x), *x.shape[2:]), np.nan, x.dtype)
    valid = _valid(mask, x)
    number = _like(valid.sum(axis=1, keepdims=True), x)
    ordered = np.sort(np.where(_like(valid, x), _wide(x), np.inf), axis=1)
    places = [
        (number - 1) // 2,
        (number - 1) // 2 if middle == "lower" else number // 2,
    ]
    low, high = (
        np.take_along_axis(
            ordered, np.broadcast_to(at.clip(0), (len(x), 1, *x.shape[2:])), axis=1
        )[:, 0]
        for at in places
    )
    found = np.where(low == high, low, low / 2 + high / 2)
    unknown = (_like(valid, x) & np.isnan(x)).any(axis=1)
    nothing = number[:, 0] == 0
    return np.where(unknown | nothing, np.nan, found).astype(x.dtype)


def masked_arg(x: Array, mask: Array | None, *, of: str) -> Array:
    if not x.shape[1]:
        return np.zeros((len(x), *x.shape[2:]), np.int64)
    valid = _like(_valid(mask, x), x)
    wide = np.where(valid, _wide(x) if of == "max" else -_wide(x), -np.inf)
    # Padding is filled with a number that a row may hold, too.
    return (valid & (wide == wide.max(axis=1, keepdims=True))).argmax(axis=1)


@np.errstate(all="ignore")
def masked_cumsum(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    sums = np.where(valid, _wide(x), 0).cumsum(axis=1)
    return np.where(valid, sums, 0).astype(x.dtype)


@np.errstate(all="ignore")
def masked_cummax(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    largest = np.maximum.accumulate(np.where(valid, _wide(x), -np.inf), axis=1)
    return np.where(valid, largest, 0).astype(x.dtype)


@np.errstate(all="ignore")
def masked_topk(x: Array, mask: Array | None, *, k: int) -> Array:
    valid = _like(_valid(mask, x), x)
    wide = np.where(valid, _wide(x), -np.inf)
    # As many places as are asked for, however few positions there are.
    none = np.full((len(x), k, *x.shape[2:]), -np.inf, wide.dtype)
    ordered = np.sort(np.concatenate([wide, none], axis=1), axis=1)
    return ordered[:, ::-1][:, :k].astype(x.dtype)


@np.errstate(all="ignore")
def weighted_mean(x: Array, weight: Array, mask: Array | None) -> Array:
    valid = _valid(mask, x)
    share = _like(np.where(valid, _wide(weight), 0), x)
    total = share.sum(axis=1)
    # Selected before the product, so that no value at padding can reach it.
    terms = np.where(_like(valid, x), _wide(x), 0) * share
    return (terms.sum(axis=1) / np.where(total == 0, 1, total)).astype(x.dtype)


@np.errstate(all="ignore")
def attention_pooling(
    x: Array, score: Array, mask: Array | None, *, pool: str, per: str, floor: float
) -> Array:
    weight = masked_softmax(_wide(score), mask)
    weight = weight if per == "feature" else weight[..., None]
    valid = _like(_valid(mask, x), x)
    # Selected before the product, so that no value at padding can reach it.
    values = np.where(valid, _wide(x), 0)
    mean = (weight * values).sum(axis=1)
    if pool == "mean":
        return mean.astype(x.dtype)
    away = np.where(valid, values - mean[:, None], 0)
    variance = (weight * away**2).sum(axis=1)
    root = np.sqrt(np.where(variance < floor, floor, variance))
    root = np.where(valid.any(axis=1), root, 0)
    return np.concatenate([mean, root], axis=1).astype(x.dtype)


@np.errstate(all="ignore")
def masked_min(x: Array, mask: Array | None) -> Array:
    valid = _like(_valid(mask, x), x)
    scores = np.where(valid, _wide(x), np.inf)
    return np.asarray(scores.min(axis=1, initial=np.inf), dtype=x.dtype)


@np.errstate(all="ignore")
def last_valid(x: Array, mask: Array | None) -> Array:
    valid = _valid(mask, x)
    # One position is selected: its sum with zeros is what stood there.
    behind = valid[:, ::-1].cumsum(axis=1)[:, ::-1]
    here = _like(valid & (behind == 1), x)
    return np.where(here, _wide(x), 0).sum(axis=1).astype(x.dtype)


@np.errstate(all="ignore")
def masked_logsumexp(x: Array, mask: Array | None) -> Array:
    valid = _valid(mask, x)
    total = _log_sum(np.where(valid, _wide(x), -np.inf))
    return np.where(valid.any(axis=1), total, -np.inf).astype(x.dtype)


@np.errstate(all="ignore")
def masked_log_softmax(x: Array, mask: Array | None) -> Array:
    valid = _valid(mask, x)
    scores, top = _lifted(valid, x)
    below = scores - top
    logs = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
    return np.where(valid, logs, -np.inf).astype(x.dtype)


def _lifted(valid: Array, x: Array) -> tuple[Array, Array]:
    """Return minus infinity at padding, and the maximum; zeros for an empty row."""
    scores = np.where(valid, _wide(x), -np.inf)
    scores = np.where(valid.any(axis=1, keepdims=True), scores, 0)
    return scores, scores.max(axis=1, keepdims=True, initial=-np.inf)


@np.errstate(all="ignore")
def masked_variance(x: Array, mask: Array | None) -> Array:
    return _variance(x, mask, 0).astype(x.dtype)


def _variance(x: Array, mask: Array | None, ddof: int) -> Array:
    valid = _like(_valid(mask, x), x)
    clean = np.where(valid, _wide(x), 0)
    count = _count(valid, clean.dtype)
    away = np.where(valid, clean - (clean.sum(axis=1) / count)[:, None], 0)
    return (away * away).sum(axis=1) / np.maximum(count - ddof, 1)


@np.errstate(all="ignore")
def masked_std(x: Array, mask: Array | None, *, ddof: int) -> Array:
    return np.sqrt(_variance(x, mask, ddof)).astype(x.dtype)


def reverse_sequence(x: Array, mask: Array | None) -> Array:
    source = _like(_reversed(_valid(mask, x)), x)
    return np.take_along_axis(x, source, axis=1)


def _reversed(valid: Array) -> Array:
    """Return where each position reads from; padding reads itself."""
    rank = valid.cumsum(axis=1)
    order = np.argsort(~valid, axis=1, kind="stable")
    back = np.where(valid, rank[:, -1:] - rank, 0)
    source = np.take_along_axis(order, back, axis=1)
    return np.where(valid, source, np.arange(valid.shape[1]))


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
    at = np.arange(query.shape[1])
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
    at = np.arange(query.shape[1])
    own = (segments[:, :, None] == segments[:, None])[:, None]
    near = own & (at[:, None] >= at) if causal else own
    return _attend_near(query, key, value, mask, near)


@np.errstate(all="ignore")
def alibi_attention(
    query: Array, key: Array, value: Array, mask: Array | None, *, causal: bool
) -> Array:
    at = np.cumsum(_valid(mask, query), axis=1) - 1
    behind = at[:, :, None] - at[:, None]
    slopes = np.asarray(_alibi_slopes(query.shape[2]), _wide(query).dtype)
    bias = -slopes[:, None, None] * np.abs(behind)[:, None].astype(slopes.dtype)
    near = behind[:, None] >= 0 if causal else np.full((), fill_value=True)
    return _attend_near(query, key, value, mask, near, bias)


@np.errstate(all="ignore")
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
    q, k, v = (np.where(_like(valid, x), _wide(x), 0) for x in (query, key, value))
    # One key more, whose score is the sink and whose value is zero.
    k, v = (np.pad(x, ((0, 0), (0, 1), (0, 0), (0, 0))) for x in (k, v))
    sees = valid[:, None, None] & (np.tri(q.shape[1], dtype=bool) | (not causal))
    sees = np.pad(sees, ((0, 0), (0, 0), (0, 0), (0, 1)), constant_values=True)
    bias = np.zeros((len(sink), 1, k.shape[1]), k.dtype)
    bias[:, 0, -1] = sink
    found = _attend(q, k, v, sees, bias)
    return np.where(_like(valid, found), found, 0).astype(query.dtype)


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
    q, k, v = (np.where(_like(valid, x), _wide(x), 0) for x in (query, key, value))
    found = _attend(q, k, v, valid[:, None, None] & near, bias)
    return np.where(_like(valid, found), found, 0).astype(query.dtype)


@np.errstate(all="ignore")
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
    k, v = (np.where(_like(valid, x), _wide(x), 0) for x in (key, value))
    if grouped:
        k, v = (np.repeat(x, query.shape[2] // x.shape[2], axis=2) for x in (k, v))
    seen = np.broadcast_to(valid[:, None, None], (len(k), 1, 1, k.shape[1]))
    found = _attend(np.where(asks, _wide(query), 0), k, v, seen)
    return np.where(asks, found, 0).astype(query.dtype)


@np.errstate(all="ignore")
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
    keys, values = (np.where(_like(valid, x), _wide(x), 0) for x in (key, value))
    q, k, v = (np.where(asks, _wide(x), 0) for x in (query, step_key, step_value))
    found, steps = [], query.shape[1]
    size = steps if chunk else 1
    for at in range(0, steps, size):
        now = slice(at, at + size)
        keys, values, valid = (
            np.concatenate([cache, new[:, now]], axis=1)
            for cache, new in ((keys, k), (values, v), (valid, step_mask))
        )
        # The last query sees all that is cached, each one before it a key less.
        before = np.tri(size, keys.shape[1], keys.shape[1] - size, dtype=bool)
        found.append(_attend(q[:, now], keys, values, valid[:, None, None] & before))
    return np.where(asks, np.concatenate(found, axis=1), 0).astype(query.dtype)


def _attend(
    q: Array, k: Array, v: Array, seen: Array, bias: Array | float = 0
) -> Array:
    root = np.sqrt(q.dtype.type(q.shape[3]))
    scores = np.einsum("bqnd,bknd->bnqk", q, k) / root + bias
    scores = np.where(seen, scores, -np.inf)
    # A query that sees no key has no maximum to subtract.
    scores = np.where(seen.any(axis=3, keepdims=True), scores, 0)
    shares = np.exp(scores - scores.max(axis=3, keepdims=True, initial=-np.inf))
    shares /= shares.sum(axis=3, keepdims=True)
    return np.einsum("bnqk,bknd->bqnd", np.where(seen, shares, 0), v)


@np.errstate(all="ignore")
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
    clean = np.where(valid[..., None], _wide(x), 0)
    padded = np.pad(clean, ((0, 0), (left, right), (0, 0)))
    length = max(padded.shape[1] - reach, 0)
    seen = np.concatenate(
        [padded[:, k * dilation :][:, :length] for k in range(len(kernel))], axis=-1
    )
    found = seen @ _wide(kernel).reshape(-1, kernel.shape[2]) + _wide(bias)
    # Again: the bias, and the row's end, have turned padding into signal.
    counts = _windows(valid, reach) if padding == "valid" else valid
    return np.where(counts[..., None], found, 0).astype(x.dtype)


def _windows(valid: Array, reach: int) -> Array:
    """Return which windows lie between a row's first and last valid position."""
    begun = np.maximum.accumulate(valid, axis=1)
    goes_on = np.maximum.accumulate(valid[:, ::-1], axis=1)[:, ::-1]
    length = max(valid.shape[1] - reach, 0)
    return begun[:, :length] & goes_on[:, reach:]


@np.errstate(all="ignore")
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
    clean = np.where(valid[..., None], _wide(x), 0)
    padded = np.pad(clean, ((0, 0), (left, right), (0, 0)))
    starts = np.arange(0, max(padded.shape[1] - reach, 0), stride)
    seen = padded[:, starts[:, None] + np.arange(len(kernel)) * dilation]
    found = np.einsum("btkf,kfc->btc", seen, _wide(kernel)) + _wide(bias)
    here = _come_out(valid, len(starts), reach, padding, stride)
    return np.where(here[..., None], found, 0).astype(x.dtype)


def _come_out(valid: Array, time: int, reach: int, padding: str, stride: int) -> Array:
    """Return which of ``time`` positions come out of each row, padded on the right."""
    # A window that is whole ends inside the row; any other one begins there.
    last = np.arange(time) * stride + (reach if padding == "valid" else 0)
    return last < valid.sum(axis=1, keepdims=True)


@np.errstate(all="ignore")
def pool1d(
    x: Array, mask: Array | None, *, of: str, padding: str, window: int, stride: int
) -> Array:
    valid = _valid(mask, x)
    left = {"half": (window - 1) // 2, "causal": window - 1}.get(padding, 0)
    right = 0 if padding == "valid" else window - 1 - left
    starts = np.arange(0, max(x.shape[1] + left + right - window + 1, 0), stride)
    places = starts[:, None] + np.arange(window)
    there = np.pad(valid, ((0, 0), (left, right)))[:, places][..., None]
    seen = np.pad(_wide(x), ((0, 0), (left, right), (0, 0)))[:, places]
    if of == "average":
        total = np.where(there, seen, 0).sum(axis=2)
        found = total / np.maximum(there.sum(axis=2), 1).astype(total.dtype)
    else:
        found = np.where(there, seen, -np.inf).max(axis=2)
    here = _come_out(valid, len(starts), window - 1, padding, stride)
    return np.where(here[..., None], found, 0).astype(x.dtype)


@np.errstate(all="ignore")
def gated_scan(
    initial: Array, x: Array, decay: Array, mask: Array | None, *, output: str
) -> Array:
    here = _like(_valid(mask, x), x)
    added, factor = np.where(here, _wide(x), 0), np.where(here, _wide(decay), 1)
    state, found = _wide(initial), np.zeros(x.shape, added.dtype)
    for at in range(x.shape[1]):
        state = factor[:, at] * state + added[:, at]
        found[:, at] = state
    return (state if output == "final" else np.where(here, found, 0)).astype(x.dtype)


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _BiRnn:
    kernel, recurrent, bias, recurrent_bias = (
        np.stack([getattr(forward, part), getattr(backward, part)])
        for part in ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    )
    parameters = [kernel, recurrent, bias, recurrent_bias]
    return _BiRnn(parameters=parameters, cell=cell, merge=merge, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _BiRnn:
    """Both directions as one: the second reads the rows from their end."""

    parameters: list[Array]
    cell: str
    merge: str
    output: str

    @np.errstate(all="ignore")
    def __call__(self, x: Array, mask: Array | None) -> Array:
        valid = _valid(mask, x)
        kernel, recurrent, bias, recurrent_bias = map(_wide, self.parameters)
        clean = np.where(valid[..., None], _wide(x), 0)
        pair = np.stack([clean, clean[:, ::-1]])
        keep = np.stack([valid, valid[:, ::-1]])[..., None]
        inputs = pair @ kernel[:, None] + bias[:, None, None]
        h = np.zeros((2, len(x), recurrent.shape[1]), pair.dtype)
        c, outputs = h, np.zeros((*pair.shape[:3], h.shape[2]), pair.dtype)
        own = recurrent_bias[:, None]
        for t in range(x.shape[1]):
            right = h @ recurrent + own
            new_h, new_c = _step(self.cell, inputs[:, :, t], right, h, c)
            # A masked step is no step.
            h, c = np.where(keep[:, :, t], new_h, h), np.where(keep[:, :, t], new_c, c)
            outputs[:, :, t] = np.where(keep[:, :, t], h, 0)
        if self.output == "final":
            return _merged(self.merge, h[0], h[1]).astype(x.dtype)
        return _merged(self.merge, outputs[0], outputs[1, :, ::-1]).astype(x.dtype)


def build_rnn(weights: Any, *, cell: str, direction: str, output: str) -> _Rnn:
    parts = ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    parameters = [getattr(weights, part) for part in parts]
    return _Rnn(parameters=parameters, cell=cell, direction=direction, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rnn:
    """One direction, whose state is given and given back."""

    parameters: list[Array]
    cell: str
    direction: str
    output: str

    @np.errstate(all="ignore")
    def __call__(self, initial: Array, x: Array, mask: Array | None) -> Array:
        valid = _valid(mask, x)
        kernel, recurrent, bias, recurrent_bias = map(_wide, self.parameters)
        inputs = np.where(valid[..., None], _wide(x), 0) @ kernel + bias
        units = recurrent.shape[0]
        h, c = _wide(initial)[:, :units], _wide(initial)[:, units:]
        outputs = np.zeros((*valid.shape, units), inputs.dtype)
        steps = range(x.shape[1])
        for t in steps if self.direction == "forward" else reversed(steps):
            right = h @ recurrent + recurrent_bias
            new_h, new_c = _step(self.cell, inputs[:, t], right, h, c)
            # A masked step is no step.
            here = valid[:, t, None]
            h, c = np.where(here, new_h, h), np.where(here, new_c, c)
            outputs[:, t] = np.where(here, h, 0)
        if self.output == "final":
            return np.concatenate([h, c], axis=1).astype(x.dtype)
        return outputs.astype(x.dtype)


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
        kernel=convolution.kernel,
        bias=convolution.bias,
        second=build_birnn(second_forward, second_backward, **how, output=output),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stack:
    """Three layers, each of which is given the mask."""

    first: _BiRnn
    kernel: Array
    bias: Array
    second: _BiRnn

    @property
    def parameters(self) -> list[Array]:
        convolution = [self.kernel, self.bias]
        return [*self.first.parameters, *convolution, *self.second.parameters]

    def __call__(self, x: Array, mask: Array | None) -> Array:
        own = (self.kernel, self.bias)
        now = conv1d(self.first(x, mask), mask, *own, padding="same", dilation=1)
        return self.second(now, mask)


@np.errstate(all="ignore")
def crf_log_likelihood(
    emissions: Array,
    tags: Array,
    mask: Array | None,
    transitions: Array,
    start: Array,
    end: Array,
) -> Array:
    valid = _valid(mask, emissions)
    scores = np.where(valid[..., None], _wide(emissions), 0)
    path, rows = np.where(valid, tags, 0), np.arange(len(tags))
    transitions, start, end = _wide(transitions), _wide(start), _wide(end)
    reached = np.zeros((len(path), len(start)), scores.dtype)
    total, before = np.zeros_like(reached, shape=len(path)), np.zeros_like(rows)
    begun = np.zeros_like(valid, shape=(len(path), 1))
    for t in range(valid.shape[1]):
        here, now, tag = valid[:, t, None], scores[:, t], path[:, t]
        step = np.where(begun, transitions[before], start) + now
        total = np.where(here[:, 0], total + step[rows, tag], total)
        new = _log_sum(reached[:, :, None] + transitions)
        reached = np.where(here, np.where(begun, new, start) + now, reached)
        # A padded position is no step: the next one follows the last valid one.
        before, begun = np.where(here[:, 0], tag, before), begun | here
    total += end[before] - _log_sum((reached + end)[:, :, None])[:, 0]
    return np.where(begun[:, 0], total, 0).astype(emissions.dtype)


@np.errstate(all="ignore")
def crf_decode(
    emissions: Array, mask: Array | None, transitions: Array, start: Array, end: Array
) -> Array:
    valid, rows = _valid(mask, emissions), np.arange(len(emissions))
    scores = np.where(valid[..., None], _wide(emissions), 0)
    transitions, start, end = _wide(transitions), _wide(start), _wide(end)
    reached = np.zeros_like(scores, shape=(len(scores), len(start)))
    begun, came = np.zeros_like(valid, shape=(len(scores), 1)), []
    for t in range(valid.shape[1]):
        here, steps = valid[:, t, None], reached[:, :, None] + transitions
        # A padded step is none, and nothing comes before the first valid one.
        came.append(np.where(here & begun, steps.argmax(1), np.arange(len(start))))
        new = np.where(begun, steps.max(axis=1), start) + scores[:, t]
        reached, begun = np.where(here, new, reached), begun | here
    tags, path = (reached + end).argmax(axis=1), np.full(valid.shape, -1)
    for t in reversed(range(valid.shape[1])):
        path[:, t] = np.where(valid[:, t], tags, -1)
        tags = came[t][rows, tags]
    return path


@np.errstate(all="ignore")
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
    valid, scores, transitions, start, end = _chain(
        emissions, mask, transitions, start, end
    )
    reached = _walk_chain(valid, scores, transitions, start)[2]
    whole = _log_sum((reached + end)[:, :, None])[:, 0]
    return np.where(valid.any(axis=1), whole, 0).astype(emissions.dtype)


@np.errstate(all="ignore")
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
    valid, scores, transitions, start, end = _chain(
        emissions, mask, transitions, start, end
    )
    ahead = _walk_chain(valid, scores, transitions, start)[1]
    behind = _walk_chain(valid[:, ::-1], scores[:, ::-1], transitions.T, end)[0]
    # From behind comes all but the position's own emission, which counts once.
    logs = ahead + behind[:, ::-1]
    shares = np.exp(logs - logs.max(axis=2, keepdims=True))
    shares /= shares.sum(axis=2, keepdims=True)
    return np.where(valid[..., None], shares, 0).astype(emissions.dtype)


def _chain(
    emissions: Array, mask: Array | None, transitions: Array, *ends: Array | None
) -> tuple[Array, ...]:
    valid, transitions = _valid(mask, emissions), _wide(transitions)
    none = np.zeros_like(transitions[0])
    start, end = (none if one is None else _wide(one) for one in ends)
    scores = np.where(valid[..., None], _wide(emissions), 0)
    return valid, scores, transitions, start, end


def _walk_chain(
    valid: Array, scores: Array, transitions: Array, start: Array
) -> tuple[Array, Array, Array]:
    """Return what reaches each position, without and with its own, and the end."""
    reached, begun = np.zeros_like(scores, shape=(len(scores), len(start))), False
    without, whole = np.zeros_like(scores), np.zeros_like(scores)
    for t in range(valid.shape[1]):
        here = valid[:, t, None]
        without[:, t] = np.where(
            begun, _log_sum(reached[:, :, None] + transitions), start
        )
        # A padded position is no step: the next one follows the last valid one.
        reached = np.where(here, without[:, t] + scores[:, t], reached)
        whole[:, t], begun = reached, begun | here
    return without, whole, reached


@np.errstate(all="ignore")
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
    valid = _valid(mask, logits)
    scores = np.where(valid[..., None], _wide(logits), 0)
    shares = scores - _log_sum(scores.swapaxes(1, 2))[..., None]
    name = 0 if blank == "first" else logits.shape[2] - 1
    # A path's states: the labels, with a blank before, between and behind them.
    states = np.full((len(labels), 2 * labels.shape[1] + 1), name, labels.dtype)
    states[:, 1::2] = np.where(label_mask, labels, name)
    at, number = np.arange(states.shape[1]), label_mask.sum(axis=1, keepdims=True)
    # Between equal labels the blank must stand.
    skips = (at > 1) & (at % 2 == 1) & (states != _behind(states, 2, name))
    emitted = np.take_along_axis(shares, states[:, None], axis=2)
    reached = np.where(at == 0, np.zeros_like(states, scores.dtype), -np.inf)
    for t in range(valid.shape[1]):
        two = np.where(skips, _behind(reached, 2, -np.inf), -np.inf)
        new = _log_sum(np.stack([reached, _behind(reached, 1, -np.inf), two], axis=1))
        # A padded frame is no step: the next one follows the last valid one.
        reached = np.where(valid[:, t, None], new + emitted[:, t], reached)
    ends = (at == 2 * number) | (at == 2 * number - 1)
    losses = -_log_sum(np.where(ends, reached, -np.inf))
    losses = np.where(zero_infinity & np.isinf(losses), 0, losses)
    if reduction == "mean":
        labelled = np.maximum(number[:, 0], 1).astype(losses.dtype)
        framed = valid.any(axis=1)
        losses = np.where(framed, losses / labelled, 0).sum() / max(framed.sum(), 1)
    return losses.astype(logits.dtype)


def _behind(states: Array, by: int, fill: float) -> Array:
    """Return what stands so many states before, ``[B, K]``."""
    found = np.full_like(states, fill)
    found[:, by:] = states[:, :-by]
    return found


def _log_sum(scores: Array) -> Array:
    top = scores.max(axis=1, keepdims=True, initial=-np.inf)
    # Nothing but minus infinities sums up to nothing, not to their NaN difference.
    top = np.where(np.isfinite(top), top, 0)
    return np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0]


def _step(
    cell: str, left: Array, right: Array, h: Array, c: Array
) -> tuple[Array, Array]:
    if cell == "simple":
        return np.tanh(left + right), c
    if cell == "lstm":
        i, f, g, o = _parts(left + right, 4)
        c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
        return _sigmoid(o) * np.tanh(c), c
    r_left, z_left, n_left = _parts(left, 3)
    r_right, z_right, n_right = _parts(right, 3)
    r, z = _sigmoid(r_left + r_right), _sigmoid(z_left + z_right)
    return (1 - z) * np.tanh(n_left + r * n_right) + z * h, c


def _parts(gates: Array, count: int) -> list[Array]:
    """Return the last axis in ``count`` parts: views, without ``np.split``'s checks."""
    width = gates.shape[-1] // count
    return [gates[..., at * width : (at + 1) * width] for at in range(count)]


def _merged(merge: str, forward: Array, backward: Array) -> Array:
    if merge == "concat":
        return np.concatenate([forward, backward], axis=-1)
    return forward + backward


def _losses(kind: str, scores: Array, goals: Array) -> Array:
    if kind == "mse":
        return np.mean((scores - goals.astype(scores.dtype)) ** 2, axis=-1)
    if kind == "cross_entropy":
        below = scores - scores.max(axis=-1, keepdims=True)
        logs = below - np.log(np.exp(below).sum(axis=-1, keepdims=True))
        return -np.take_along_axis(logs, goals[..., None].astype(np.int64), -1)[..., 0]
    return (
        np.maximum(scores, 0)
        - scores * goals.astype(scores.dtype)
        + np.log1p(np.exp(-np.abs(scores)))
    )


def _distances(kind: str, scores: Array, goals: Array, delta: float) -> Array:
    far = np.abs(scores - goals)
    if kind == "l1":
        return np.asarray(far.mean(axis=-1))
    bent = np.where(far <= delta, far * far / 2, delta * (far - delta / 2))
    return np.asarray(bent.mean(axis=-1))


def _densities(scores: Array, goals: Array) -> Array:
    log = scores[..., 1]
    squares = (scores[..., 0] - goals) ** 2 * np.exp(-log)
    return np.asarray(((squares + log + math.log(math.tau)) / 2).mean(axis=-1))


def _smoothed(scores: Array, goals: Array, smoothing: float) -> Array:
    classes = scores.shape[-1]
    here = goals[..., None] == np.arange(classes)
    return (1 - smoothing) * here.astype(scores.dtype) + smoothing / classes


def _divergences(scores: Array, shares: Array) -> Array:
    below = scores - scores.max(axis=-1, keepdims=True)
    logs = below - np.log(np.exp(below).sum(axis=-1, keepdims=True))
    # A class without a share is no term, however impossible it is.
    return np.asarray(-(shares * np.where(shares > 0, logs, 0)).sum(axis=-1))


def _reduced(reduction: str, losses: Array, valid: Array) -> Array:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return np.asarray(losses.sum())
    if reduction == "mean":
        return np.asarray(losses.sum() / max(valid.sum(), 1))
    means = losses.sum(axis=1) / _count(valid, losses.dtype)
    return np.asarray(means.sum() / max(valid.any(axis=1).sum(), 1))


def _divisor(reduction: str, counts: Array, length: int) -> int:
    if reduction == "token_mean":
        return max(int(counts.sum()), 1)
    rows = max(int(counts.any(axis=1).sum()), 1)
    return {
        "sum": 1,
        "sum_norm": length,
        "seq_mean_token_sum_norm": rows * length,
    }.get(reduction, rows)


def _valid(mask: Array | None, x: Array) -> Array:
    """Return any form of the mask as booleans ``[B, T]``."""
    if mask is None:
        return np.ones(x.shape[:2], dtype=bool)
    return (mask[..., 0] if mask.ndim == 3 else mask) != 0  # noqa: PLR2004 - [B, T, 1]


def _like(valid: Array, x: Array) -> Array:
    """Return ``valid`` with as many axes as ``x``."""
    return valid.reshape(valid.shape + (1,) * (x.ndim - 2))


def _count(valid: Array, dtype: np.dtype[Any]) -> Array:
    return np.maximum(valid.sum(axis=1), 1).astype(dtype)


def _wide(x: Array) -> Array:
    """Return half precision in float32: it is for storing, not for summing."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x  # noqa: PLR2004 - bytes


def _sigmoid(x: Array) -> Array:
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


def build_nested(
    first: Any, second: Any = None, norm: Any = None, *, inner: str
) -> Any:
    return _Nested(first, second, norm, inner=inner)


class _Nested:
    """Layers inside a layer, told apart by name; trained by hand."""

    def __init__(self, first: Any, second: Any, norm: Any, *, inner: str) -> None:
        self._weights = {
            f"{owner}.{part}": np.array(getattr(layer, part), copy=True)
            for owner, layer, parts in (
                ("first", first, ("kernel", "bias")),
                ("second", second, ("kernel", "bias")),
                ("norm", norm, ("scale", "offset", "mean", "variance")),
            )
            for part in (parts if layer is not None else ())
        }
        self._last = "first" if inner == "twice" else "second"
        still = {"norm.mean", "norm.variance"}
        still |= {"first.kernel", "first.bias"} if inner == "frozen" else set()
        self._still = [name for name in self._weights if name in still]
        self._trained = [name for name in self._weights if name not in still]

    @property
    def parameters(self) -> list[Array]:
        return [self._weights[name] for name in self._trained]

    @property
    def state(self) -> list[Array]:
        return [self._weights[name] for name in self._still]

    @property
    def names(self) -> list[str]:
        return [*self._trained, *self._still]

    @np.errstate(all="ignore")
    def __call__(self, x: Array, mask: Array | None) -> Array:
        valid = _valid(mask, x)[..., None]
        w = {name: _wide(each) for name, each in self._weights.items()}
        clean = np.where(valid, _wide(x), 0)
        h = np.tanh(clean @ w["first.kernel"] + w["first.bias"])
        if "norm.scale" in w:
            n = (h - w["norm.mean"]) / _root(w["norm.variance"])
            h = n * w["norm.scale"] + w["norm.offset"]
        y = _sigmoid(h @ w[f"{self._last}.kernel"] + w[f"{self._last}.bias"])
        return np.where(valid, y, 0).astype(x.dtype)

    def step(self, x: Array, mask: Array | None, cotangent: Array) -> None:
        valid, last = _valid(mask, x), self._last
        w = {name: _wide(each) for name, each in self._weights.items()}
        rows, pull = _wide(x)[valid], _wide(cotangent)[valid]
        a = h = np.tanh(rows @ w["first.kernel"] + w["first.bias"])
        if "norm.scale" in w:
            mean, variance = a.mean(axis=0), a.var(axis=0)
            n = (a - mean) / _root(variance)
            h = n * w["norm.scale"] + w["norm.offset"]
        y = _sigmoid(h @ w[f"{last}.kernel"] + w[f"{last}.bias"])
        out = pull * y * (1 - y)
        slopes = {f"{last}.kernel": h.T @ out, f"{last}.bias": out.sum(axis=0)}
        down = out @ w[f"{last}.kernel"].T
        if "norm.scale" in w:
            slopes |= {"norm.scale": (down * n).sum(0), "norm.offset": down.sum(0)}
            down = down * w["norm.scale"]
            down = down - down.mean(axis=0) - n * (down * n).mean(axis=0)
            down = down / _root(variance)
            self._move("norm.mean", 0.9 * w["norm.mean"] + 0.1 * mean)
            self._move("norm.variance", 0.9 * w["norm.variance"] + 0.1 * variance)
        down = down * (1 - a * a)
        own = {"first.kernel": rows.T @ down, "first.bias": down.sum(axis=0)}
        for name in self._trained:
            # A layer that is used twice has the gradients of both its uses.
            slope = slopes.get(name, 0) + own.get(name, 0)
            self._move(name, w[name] - 0.25 * slope)

    def _move(self, name: str, value: Array) -> None:
        self._weights[name] = value.astype(self._weights[name].dtype)

    def saved(self) -> dict[str, Array]:
        return {name: each.copy() for name, each in self._weights.items()}

    def restore(self, saved: dict[str, Array]) -> None:
        self._weights |= {name: each.copy() for name, each in saved.items()}


def _root(variance: Array) -> Array:
    return np.sqrt(variance + variance.dtype.type(1e-3))


@np.errstate(all="ignore")
def masked_batch_norm(
    x: Array, mask: Array | None, scale: Array, offset: Array
) -> Array:
    valid = _valid(mask, x)[..., None]
    clean, count = np.where(valid, _wide(x), 0), max(valid.sum(), 1)
    mean = clean.sum(axis=(0, 1)) / clean.dtype.type(count)
    away = np.where(valid, clean - mean, 0)
    variance = (away * away).sum(axis=(0, 1)) / clean.dtype.type(count)
    found = away / _root(variance) * _wide(scale) + _wide(offset)
    return np.where(valid, found, 0).astype(x.dtype)


@np.errstate(all="ignore")
def row_norm(
    x: Array, mask: Array | None, *, over: str, ddof: int, epsilon: str
) -> Array:
    valid = _valid(mask, x)[..., None]
    clean, axes = np.where(valid, _wide(x), 0), (1, 2) if over == "group" else (1,)
    number = valid.sum(axis=1, keepdims=True) * (x.shape[2] if over == "group" else 1)
    number = number.astype(clean.dtype)
    mean = clean.sum(axis=axes, keepdims=True) / np.maximum(number, 1)
    away = np.where(valid, clean - mean, 0)
    # A row of one token has no deviation, and is zero.
    left = np.maximum(number - ddof, 1)
    variance = (away * away).sum(axis=axes, keepdims=True) / left
    if epsilon == "inside":
        divisor = np.sqrt(variance + clean.dtype.type(1e-3))
    else:
        divisor = np.sqrt(variance) + clean.dtype.type(1e-3)
    return np.where(valid, away / divisor, 0).astype(x.dtype)


@np.errstate(all="ignore")
def layer_norm(x: Array, mask: Array | None, scale: Array, offset: Array) -> Array:
    valid = _valid(mask, x)[..., None]
    clean = np.where(valid, _wide(x), 0)
    away = clean - clean.mean(axis=2, keepdims=True)
    variance = (away * away).mean(axis=2, keepdims=True)
    found = away / _root(variance) * _wide(scale) + _wide(offset)
    return np.where(valid, found, 0).astype(x.dtype)
