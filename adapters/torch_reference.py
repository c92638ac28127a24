# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0"]
# [tool.mask-conformance]
# system = "PyTorch, as specified"
# library = "torch"
# family = "PyTorch and what is built on it"
# role = "reference"
# framework = "torch"
# environment = "torch"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = [
#     "eager", "compiled",
#     "dynamic", "inductor", "vmap", "jvp", "autocast", "training",
# ]
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
"""PyTorch, written the way the specification asks: select, never multiply."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

Tensor: TypeAlias = torch.Tensor


def masked_mean(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    total = torch.where(valid, _wide(x), 0).sum(dim=1)
    return (total / valid.sum(dim=1).clamp(min=1)).to(x.dtype)


def masked_max(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    if not x.shape[1]:
        return x.new_full((len(x), *x.shape[2:]), -torch.inf)
    return torch.where(valid, _wide(x), -torch.inf).amax(dim=1).to(x.dtype)


def masked_softmax(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    scores = torch.where(valid, _wide(x), -torch.inf)
    # The softmax of nothing but negative infinities is nan, and so is its gradient.
    scores = torch.where(valid.any(dim=1, keepdim=True), scores, 0)
    return torch.where(valid, scores.softmax(dim=1), 0).to(x.dtype)


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
    scores = torch.where(_like(valid, predictions), _wide(predictions), 0)
    goals = torch.where(_like(valid, targets), targets, 0)
    losses = torch.where(valid, _losses(kind, scores, goals), 0)
    return _reduced(reduction, losses, valid).to(predictions.dtype)


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
    logits = torch.where(counts[..., None], logits, 0)
    losses = _losses("cross_entropy", logits, torch.where(counts, goals, 0))
    losses = torch.where(counts, losses, 0)
    if reduction == "seq_mean_token_mean":
        losses = losses / counts.sum(dim=1, keepdim=True).clamp(min=1)
    # What the whole batch divides by is counted before any micro-batch is.
    divisor = _divisor(reduction, counts, length)
    whole = losses.new_zeros(())
    for first in range(0, len(losses), rows):
        whole = whole + losses[first : first + rows].sum() / divisor
    return whole.to(predictions.dtype)


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
    scores = torch.where(_like(valid, predictions), _wide(predictions), 0)
    goals = torch.where(_like(valid, targets), targets, 0)
    if kind == "normal_nll":
        losses = _densities(scores, goals.to(scores.dtype))
    elif kind in {"l1", "huber"}:
        losses = _distances(kind, scores, goals.to(scores.dtype), delta)
    else:
        spread = kind == "kl"
        shares = goals if spread else _smoothed(scores, goals, smoothing)
        weights = scores.new_tensor(class_weights or (1.0,))
        losses = _divergences(scores, shares.to(scores.dtype) * weights)
        if spread:
            losses = losses + torch.xlogy(shares, shares).sum(dim=-1)
    losses = torch.where(valid, losses, 0)
    if reduction != "weighted_mean":
        return _reduced(reduction, losses, valid).to(predictions.dtype)
    worth = torch.where(valid, weights[goals.long()], 0).sum()
    return (losses.sum() / torch.where(worth > 0, worth, 1)).to(predictions.dtype)


def moe_routing(
    logits: Tensor, mask: Tensor | None, *, part: str, top: int, capacity: int
) -> Tensor:
    valid = _valid(mask, logits)[..., None]
    # Padding is cleaned and has a choice all the same, which nothing may count.
    scores = torch.where(valid, _wide(logits), 0)
    if part == "z_loss":
        squares = torch.where(valid, scores.logsumexp(dim=2, keepdim=True) ** 2, 0)
        return _reduced("mean", squares, valid).to(logits.dtype)
    best = scores.detach().topk(top, dim=2).indices
    experts = torch.arange(logits.shape[2], device=logits.device)
    choices = [valid & (best[..., rank, None] == experts) for rank in range(top)]
    chosen = torch.stack(choices).any(dim=0)
    if part == "balance":
        number = valid.sum().clamp(min=1)
        picked = chosen.to(scores.dtype).sum(dim=(0, 1)) / number
        likely = torch.where(valid, scores.softmax(dim=2), 0).sum(dim=(0, 1)) / number
        return (len(experts) * (picked * likely).sum()).to(logits.dtype)
    if top > 1:
        scores = torch.where(chosen | ~valid, scores, -torch.inf)
    seated = _seated(choices, capacity)
    return torch.where(seated, scores.softmax(dim=2), 0).to(logits.dtype)


def _seated(choices: list[Tensor], capacity: int) -> Tensor:
    """Which choices have a place; second ones queue behind all first ones."""
    taken = choices[0][:, :1].new_zeros((), dtype=torch.int64)
    seated = torch.zeros_like(choices[0])
    for each in choices:
        seated = seated | (each & (taken + each.cumsum(dim=1) <= capacity))
        taken = taken + each.sum(dim=1, keepdim=True)
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
    scores = torch.where(_like(valid, predictions), _wide(predictions), 0)
    goals = torch.where(_like(valid, targets), targets, 0)
    share = torch.where(valid, _wide(weight), 0)
    losses = torch.where(valid, _losses(kind, scores, goals), 0) * share
    if reduction in {"sum", "none"}:
        return _reduced(reduction, losses, valid).to(predictions.dtype)
    counted = {"by_weights": share, "by_count": valid, "by_nonzero": share != 0}
    total = counted[reduction].sum()
    return (losses.sum() / torch.where(total > 0, total, 1)).to(predictions.dtype)


def apply_mask(x: Tensor, mask: Tensor | None) -> Tensor:
    return torch.where(_like(_valid(mask, x), x), x, 0)


def mask_from_ids(ids: Tensor, padding_id: int) -> Tensor:
    return ids != padding_id


def mask_from_features(x: Tensor) -> Tensor:
    return (x != 0).any(dim=-1)


def mask_from_lengths(lengths: Tensor, x: Tensor, *, side: str) -> Tensor:
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    return valid if side == "right" else valid.flip(1)


def lengths_from_mask(x: Tensor, mask: Tensor | None, *, by: str) -> Tensor:
    valid = _valid(mask, x)
    if by == "count" or not x.shape[1]:
        return valid.sum(dim=1)
    return (valid * torch.arange(1, x.shape[1] + 1, device=x.device)).amax(dim=1)


def pack(x: Tensor, mask: Tensor | None, *, order: str) -> Tensor:
    valid = _valid(mask, x)
    packed = x.flatten(0, 1)[_sources(valid, order)].reshape(x.shape)
    return torch.where(_like(_first(valid), x), packed, 0)


def unpack(values: Tensor, x: Tensor, mask: Tensor | None, *, order: str) -> Tensor:
    valid, flat = _valid(mask, x), values.flatten(0, 1)
    place = _sources(valid, order).argsort().clamp(max=len(flat) - 1)
    found = flat[place].reshape(*valid.shape, *values.shape[2:])
    return torch.where(_like(valid, found), found, 0)


def _sources(valid: Tensor, order: str) -> Tensor:
    """The flat place that each packed position comes from, padding behind all."""
    key = torch.arange(valid.numel(), device=valid.device).reshape(valid.shape)
    if order == "steps":
        longest = valid.sum(dim=1).sort(descending=True, stable=True).indices
        key = (valid.cumsum(dim=1) - 1) * len(valid) + longest.argsort()[:, None]
    return torch.where(valid, key, valid.numel()).flatten().sort(stable=True).indices


def _first(valid: Tensor) -> Tensor:
    """As many of the first places, row by row, as there are valid positions."""
    places = torch.arange(valid.numel(), device=valid.device)
    return (places < valid.sum()).reshape(valid.shape)


def positions(
    segments: Tensor, mask: Tensor | None, *, within: str, start: int
) -> Tensor:
    valid = _valid(mask, segments)
    at = torch.arange(segments.shape[1], device=segments.device)
    earlier = valid[:, None] & (at[:, None] > at)
    if within == "segment":
        earlier = earlier & (segments[:, :, None] == segments[:, None])
    return torch.where(valid, start + earlier.sum(dim=2), 0)


def rotary(x: Tensor, mask: Tensor | None, *, layout: str) -> Tensor:
    valid = _like(_valid(mask, x), x)
    # Cleaned before any product, so that nothing at padding is multiplied by zero.
    wide, half = torch.where(valid, _wide(x), 0), x.shape[3] // 2
    rate = 10000.0 ** (-torch.arange(half, dtype=wide.dtype, device=x.device) / half)
    angle = (valid.cumsum(dim=1) - 1).clamp(min=0) * rate
    cos, sin = angle.cos(), angle.sin()
    apart = layout == "half"
    a, b = wide.chunk(2, dim=3) if apart else (wide[..., ::2], wide[..., 1::2])
    pairs = (a * cos - b * sin, a * sin + b * cos)
    found = torch.cat(pairs, dim=3) if apart else torch.stack(pairs, dim=4).flatten(3)
    return torch.where(valid, found, 0).to(x.dtype)


def masked_sum(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    return torch.where(valid, _wide(x), 0).sum(dim=1).to(x.dtype)


def masked_prod(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    return torch.where(valid, _wide(x), 1).prod(dim=1).to(x.dtype)


def masked_median(x: Tensor, mask: Tensor | None, *, middle: str) -> Tensor:
    valid = _like(_valid(mask, x), x)
    if not x.shape[1]:
        return x.new_full((len(x), *x.shape[2:]), torch.nan)
    number = valid.sum(dim=1, keepdim=True).expand(-1, 1, *x.shape[2:])
    ordered = torch.where(valid, _wide(x), torch.inf).sort(dim=1).values
    low = ordered.gather(1, ((number - 1) // 2).clamp(min=0))[:, 0]
    high = low if middle == "lower" else ordered.gather(1, number // 2)[:, 0]
    found = torch.where(low == high, low, low / 2 + high / 2)
    unknown = (valid & x.isnan()).any(dim=1) | (number[:, 0] == 0)
    return torch.where(unknown, torch.nan, found).to(x.dtype)


def masked_arg(x: Tensor, mask: Tensor | None, *, of: str) -> Tensor:
    if not x.shape[1]:
        return x.new_zeros((len(x), *x.shape[2:]), dtype=torch.int64)
    valid = _like(_valid(mask, x), x)
    wide = torch.where(valid, _wide(x) if of == "max" else -_wide(x), -torch.inf)
    # Padding is filled with a number that a row may hold, too.
    here = valid & (wide == wide.amax(dim=1, keepdim=True))
    return here.int().argmax(dim=1)


def masked_cumsum(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    sums = torch.where(valid, _wide(x), 0).cumsum(dim=1)
    return torch.where(valid, sums, 0).to(x.dtype)


def masked_cummax(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    wide = torch.where(valid, _wide(x), -torch.inf)
    largest = wide.cummax(dim=1).values if x.shape[1] else wide
    return torch.where(valid, largest, 0).to(x.dtype)


def masked_topk(x: Tensor, mask: Tensor | None, *, k: int) -> Tensor:
    valid = _like(_valid(mask, x), x)
    wide = torch.where(valid, _wide(x), -torch.inf)
    # As many places as are asked for, however few positions there are.
    none = wide.new_full((len(x), k, *x.shape[2:]), -torch.inf)
    return torch.cat([wide, none], dim=1).topk(k, dim=1).values.to(x.dtype)


def weighted_mean(x: Tensor, weight: Tensor, mask: Tensor | None) -> Tensor:
    valid = _valid(mask, x)
    share = _like(torch.where(valid, _wide(weight), 0), x)
    total = share.sum(dim=1)
    # Selected before the product, so that no value at padding can reach it.
    terms = torch.where(_like(valid, x), _wide(x), 0) * share
    return (terms.sum(dim=1) / torch.where(total == 0, 1, total)).to(x.dtype)


def attention_pooling(
    x: Tensor, score: Tensor, mask: Tensor | None, *, pool: str, per: str, floor: float
) -> Tensor:
    weight = masked_softmax(_wide(score), mask)
    weight = weight if per == "feature" else weight[..., None]
    valid = _like(_valid(mask, x), x)
    # Selected before the product, so that no value at padding can reach it.
    values = torch.where(valid, _wide(x), 0)
    mean = (weight * values).sum(dim=1)
    if pool == "mean":
        return mean.to(x.dtype)
    away = torch.where(valid, values - mean[:, None], 0)
    variance = (weight * away**2).sum(dim=1)
    root = torch.where(variance < floor, floor, variance).sqrt()
    root = torch.where(valid.any(dim=1), root, 0)
    return torch.cat([mean, root], dim=1).to(x.dtype)


def masked_min(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _like(_valid(mask, x), x)
    if not x.shape[1]:
        return x.new_full((len(x), *x.shape[2:]), torch.inf)
    return torch.where(valid, _wide(x), torch.inf).amin(dim=1).to(x.dtype)


def last_valid(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _valid(mask, x)
    # One position is selected: its sum with zeros is what stood there.
    behind = valid.long().flip(1).cumsum(dim=1).flip(1)
    here = _like(valid & (behind == 1), x)
    return torch.where(here, _wide(x), 0).sum(dim=1).to(x.dtype)


def masked_logsumexp(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _valid(mask, x)
    scores = torch.where(valid, _wide(x), -torch.inf)
    # That of nothing but negative infinities has the gradient nan.
    there = valid.any(dim=1)
    total = torch.where(there[:, None], scores, 0).logsumexp(dim=1)
    return torch.where(there, total, -torch.inf).to(x.dtype)


def masked_log_softmax(x: Tensor, mask: Tensor | None) -> Tensor:
    valid = _valid(mask, x)
    scores = torch.where(valid, _wide(x), -torch.inf)
    scores = torch.where(valid.any(dim=1, keepdim=True), scores, 0)
    return torch.where(valid, scores.log_softmax(dim=1), -torch.inf).to(x.dtype)


def masked_variance(x: Tensor, mask: Tensor | None) -> Tensor:
    return _variance(x, mask, 0).to(x.dtype)


def _variance(x: Tensor, mask: Tensor | None, ddof: int) -> Tensor:
    valid = _like(_valid(mask, x), x)
    clean, count = torch.where(valid, _wide(x), 0), valid.sum(dim=1)
    mean = clean.sum(dim=1) / count.clamp(min=1)
    away = torch.where(valid, clean - mean[:, None], 0)
    return away.square().sum(dim=1) / (count - ddof).clamp(min=1)


def masked_std(x: Tensor, mask: Tensor | None, *, ddof: int) -> Tensor:
    variance = _variance(x, mask, ddof)
    root = torch.where(variance == 0, 1, variance).sqrt()
    return torch.where(variance == 0, 0, root).to(x.dtype)


def reverse_sequence(x: Tensor, mask: Tensor | None) -> Tensor:
    source = _like(_reversed(_valid(mask, x)), x)
    return x.gather(1, source.expand(x.shape))


def _reversed(valid: Tensor) -> Tensor:
    """Return where each position reads from; padding reads itself."""
    rank = valid.long().cumsum(dim=1)
    order = (~valid).long().argsort(dim=1, stable=True)
    back = torch.where(valid, rank[:, -1:] - rank, 0)
    here = torch.arange(valid.shape[1], device=valid.device)
    return torch.where(valid, order.gather(1, back), here)


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *, causal: bool
) -> Tensor:
    whole = query.shape[1]
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
    at = torch.arange(query.shape[1], device=query.device)
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
    at = torch.arange(query.shape[1], device=query.device)
    own = (segments[:, :, None] == segments[:, None])[:, None]
    near = own & (at[:, None] >= at) if causal else own
    return _attend_near(query, key, value, mask, near)


def alibi_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *, causal: bool
) -> Tensor:
    at = _valid(mask, query).long().cumsum(dim=1) - 1
    behind = at[:, :, None] - at[:, None]
    slopes = _wide(query).new_tensor(_alibi_slopes(query.shape[2]))
    bias = -slopes[:, None, None] * behind.abs()[:, None]
    near = behind >= 0 if causal else torch.ones_like(behind, dtype=torch.bool)
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
    q, k, v = (torch.where(_like(valid, x), _wide(x), 0) for x in (query, key, value))
    # One key more, whose score is the sink and whose value is zero.
    k, v = (torch.nn.functional.pad(x, (0, 0, 0, 0, 0, 1)) for x in (k, v))
    sees = valid[:, None, None].expand(-1, -1, q.shape[1], -1)
    sees = sees.tril() if causal else sees
    sees = torch.nn.functional.pad(sees, (0, 1), value=True)
    score = _wide(sink)[:, None, None]
    bias = torch.cat([score.new_zeros(len(sink), 1, k.shape[1] - 1), score], dim=2)
    found = _attend(q, k, v, sees, bias)
    return torch.where(_like(valid, found), found, 0).to(query.dtype)


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
    q, k, v = (torch.where(_like(valid, x), _wide(x), 0) for x in (query, key, value))
    found = _attend(q, k, v, valid[:, None, None] & near, bias)
    return torch.where(_like(valid, found), found, 0).to(query.dtype)


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
    k, v = (torch.where(_like(valid, x), _wide(x), 0) for x in (key, value))
    if grouped:
        shared = query.shape[2] // key.shape[2]
        k, v = (x.repeat_interleave(shared, dim=2) for x in (k, v))
    found = _attend(torch.where(asks, _wide(query), 0), k, v, valid[:, None, None])
    return torch.where(asks, found, 0).to(query.dtype)


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
    keys, values = (torch.where(_like(valid, x), _wide(x), 0) for x in (key, value))
    q, k, v = (torch.where(asks, _wide(x), 0) for x in (query, step_key, step_value))
    found, steps = [], query.shape[1]
    size = steps if chunk else 1
    for at in range(0, steps, size):
        keys, values, valid = (
            torch.cat([cache, new.narrow(1, at, size)], dim=1)
            for cache, new in ((keys, k), (values, v), (valid, step_mask))
        )
        # The last query sees all that is cached, each one before it a key less.
        ones = valid.new_ones(size, keys.shape[1])
        before = ones.tril(keys.shape[1] - size)
        now = q.narrow(1, at, size)
        found.append(_attend(now, keys, values, valid[:, None, None] & before))
    return torch.where(asks, torch.cat(found, dim=1), 0).to(query.dtype)


def _attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    seen: Tensor,
    bias: Tensor | float = 0,
) -> Tensor:
    q, k, v = (x.transpose(1, 2) for x in (query, key, value))
    scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5 + bias
    scores = torch.where(seen, scores, -torch.inf)
    # The softmax of nothing but negative infinities is nan, and so is its gradient.
    scores = torch.where(seen.any(dim=3, keepdim=True), scores, 0)
    return (torch.where(seen, scores.softmax(dim=3), 0) @ v).transpose(1, 2)


def conv1d(
    x: Tensor,
    mask: Tensor | None,
    kernel: Tensor,
    bias: Tensor,
    *,
    padding: str,
    dilation: int,
) -> Tensor:
    valid, reach = _valid(mask, x), (len(kernel) - 1) * dilation
    left = {"same": reach // 2, "causal": reach, "valid": 0}[padding]
    right = 0 if padding == "valid" else reach - left
    clean = torch.where(valid[..., None], _wide(x), 0)
    padded = F.pad(clean, (0, 0, left, right))
    if padded.shape[1] <= reach:  # which F.conv1d refuses
        return x.new_zeros(len(x), 0, kernel.shape[2])
    taps = _wide(kernel).permute(2, 1, 0)
    channels = F.conv1d(padded.transpose(1, 2), taps, _wide(bias), dilation=dilation)
    found = channels.transpose(1, 2)
    # Again: the bias, and the row's end, have turned padding into signal.
    counts = _windows(valid, reach) if padding == "valid" else valid
    return torch.where(counts[..., None], found, 0).to(x.dtype)


def _windows(valid: Tensor, reach: int) -> Tensor:
    """Return which windows lie between a row's first and last valid position."""
    begun = valid.long().cumsum(dim=1) > 0
    goes_on = valid.long().flip(1).cumsum(dim=1).flip(1) > 0
    return begun[:, : valid.shape[1] - reach] & goes_on[:, reach:]


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
    valid, reach = _valid(mask, x), (len(kernel) - 1) * dilation
    left = {"valid": 0, "half": reach // 2, "causal": reach}[padding]
    right = 0 if padding == "valid" else reach - left
    padded = F.pad(torch.where(valid[..., None], _wide(x), 0), (0, 0, left, right))
    if padded.shape[1] <= reach:  # which F.conv1d refuses
        return x.new_zeros(len(x), 0, kernel.shape[2])
    found = F.conv1d(
        padded.transpose(1, 2),
        _wide(kernel).permute(2, 1, 0),
        _wide(bias),
        stride=stride,
        dilation=dilation,
    ).transpose(1, 2)
    here = _come_out(valid, found.shape[1], reach, padding, stride)
    return torch.where(here[..., None], found, 0).to(x.dtype)


def _come_out(
    valid: Tensor, time: int, reach: int, padding: str, stride: int
) -> Tensor:
    """Return which of ``time`` positions come out of each row, padded on the right."""
    length = valid.sum(dim=1, keepdim=True)
    # A window that is whole ends inside the row; any other one begins there.
    last = torch.arange(time, device=valid.device) * stride
    return last + (reach if padding == "valid" else 0) < length


def pool1d(
    x: Tensor, mask: Tensor | None, *, of: str, padding: str, window: int, stride: int
) -> Tensor:
    valid = _valid(mask, x)
    left = {"half": (window - 1) // 2, "causal": window - 1}.get(padding, 0)
    right = 0 if padding == "valid" else window - 1 - left
    if x.shape[1] + left + right < window:
        return x.new_zeros(len(x), 0, x.shape[2])
    there = F.pad(valid, (left, right)).unfold(1, window, stride)[:, :, None]
    seen = F.pad(_wide(x), (0, 0, left, right)).unfold(1, window, stride)
    if of == "average":
        total = torch.where(there, seen, 0).sum(dim=3)
        found = total / there.sum(dim=3).clamp(min=1)
    else:
        found = torch.where(there, seen, -torch.inf).amax(dim=3)
    here = _come_out(valid, seen.shape[1], window - 1, padding, stride)
    return torch.where(here[..., None], found, 0).to(x.dtype)


def gated_scan(
    initial: Tensor, x: Tensor, decay: Tensor, mask: Tensor | None, *, output: str
) -> Tensor:
    here = _like(_valid(mask, x), x)
    # The initial state is an input of its own, before all others.
    added = torch.cat([_wide(initial)[:, None], torch.where(here, _wide(x), 0)], 1)
    factor = F.pad(torch.where(here, _wide(decay), 1), (0, 0, 1, 0), value=1.0)
    reach = 1
    while reach < added.shape[1]:  # log T steps: each adds the sums of twice as many
        before = F.pad(added[:, :-reach], (0, 0, reach, 0))
        added = factor * before + added
        factor = factor * F.pad(factor[:, :-reach], (0, 0, reach, 0), value=1.0)
        reach *= 2
    if output == "final":
        return added[:, -1].to(x.dtype)
    return torch.where(here, added[:, 1:], 0).to(x.dtype)


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _BiRnn:
    pairs = (
        torch.stack([getattr(forward, part), getattr(backward, part)])
        for part in ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    )
    parameters = [pair.detach().requires_grad_() for pair in pairs]
    return _BiRnn(parameters=parameters, cell=cell, merge=merge, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _BiRnn:
    """Both directions as one: the second reads the rows from their end."""

    parameters: list[Tensor]
    cell: str
    merge: str
    output: str

    def __call__(self, x: Tensor, mask: Tensor | None) -> Tensor:
        valid = _valid(mask, x)
        kernel, recurrent, bias, recurrent_bias = map(_wide, self.parameters)
        clean = torch.where(valid[..., None], _wide(x), 0)
        pair = torch.stack([clean, clean.flip(1)])
        keep = torch.stack([valid, valid.flip(1)])[..., None]
        inputs = pair @ kernel[:, None] + bias[:, None, None]
        h = pair.new_zeros(2, len(x), recurrent.shape[1])
        c, outputs = h, []
        for t in range(x.shape[1]):
            right = h @ recurrent + recurrent_bias[:, None]
            new_h, new_c = _step(self.cell, inputs[:, :, t], right, h, c)
            # A masked step is no step.
            h = torch.where(keep[:, :, t], new_h, h)
            c = torch.where(keep[:, :, t], new_c, c)
            outputs.append(torch.where(keep[:, :, t], h, 0))
        if self.output == "final":
            return _merged(self.merge, h[0], h[1]).to(x.dtype)
        both = torch.stack(outputs, dim=2) if outputs else h[:, :, None][:, :, :0]
        return _merged(self.merge, both[0], both[1].flip(1)).to(x.dtype)


def build_rnn(weights: Any, *, cell: str, direction: str, output: str) -> _Rnn:
    parts = ("kernel", "recurrent_kernel", "bias", "recurrent_bias")
    own = [getattr(weights, part).detach().requires_grad_() for part in parts]
    return _Rnn(parameters=own, cell=cell, direction=direction, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rnn:
    """One direction, whose state is given and given back."""

    parameters: list[Tensor]
    cell: str
    direction: str
    output: str

    def __call__(self, initial: Tensor, x: Tensor, mask: Tensor | None) -> Tensor:
        valid = _valid(mask, x)
        kernel, recurrent, bias, recurrent_bias = map(_wide, self.parameters)
        inputs = torch.where(valid[..., None], _wide(x), 0) @ kernel + bias
        units, begun = recurrent.shape[0], _wide(initial)
        h, c = begun[:, :units], begun[:, units:]
        outputs = []
        steps = list(range(x.shape[1]))
        ahead = 1 if self.direction == "forward" else -1
        for t in steps[::ahead]:
            right = h @ recurrent + recurrent_bias
            new_h, new_c = _step(self.cell, inputs[:, t], right, h, c)
            # A masked step is no step.
            here = valid[:, t, None]
            h, c = torch.where(here, new_h, h), torch.where(here, new_c, c)
            outputs.append(torch.where(here, h, 0))
        if self.output == "final":
            return torch.cat([h, c], dim=1).to(x.dtype)
        none = h[:, None][:, :0]
        found = torch.stack(outputs[::ahead], dim=1) if outputs else none
        return found.to(x.dtype)


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
        kernel=convolution.kernel.detach().requires_grad_(),
        bias=convolution.bias.detach().requires_grad_(),
        second=build_birnn(second_forward, second_backward, **how, output=output),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stack:
    """Three layers, each of which is given the mask."""

    first: _BiRnn
    kernel: Tensor
    bias: Tensor
    second: _BiRnn

    @property
    def parameters(self) -> list[Tensor]:
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
    scores = torch.where(valid[..., None], _wide(emissions), 0)
    path = torch.where(valid, tags, 0).long()
    transitions, start, end = _wide(transitions), _wide(start), _wide(end)
    before, begun = path.new_zeros(len(path)), valid.new_zeros(len(path), 1)
    reached = scores.new_zeros(len(path), len(start))
    total = scores.new_zeros(len(path))
    for t in range(valid.shape[1]):
        here, now, tag = valid[:, t, None], scores[:, t], path[:, t]
        step = torch.where(begun, transitions[before], start) + now
        own = step.gather(1, tag[:, None])[:, 0]
        total = torch.where(here[:, 0], total + own, total)
        new = torch.logsumexp(reached[:, :, None] + transitions, dim=1)
        reached = torch.where(here, torch.where(begun, new, start) + now, reached)
        # A padded position is no step: the next one follows the last valid one.
        before, begun = torch.where(here[:, 0], tag, before), begun | here
    total = total + end[before] - torch.logsumexp(reached + end, dim=1)
    return torch.where(begun[:, 0], total, 0).to(emissions.dtype)


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
    reached = _walk_chain(valid, scores, transitions, start)[2]
    whole = torch.logsumexp(reached + end, dim=1)
    return torch.where(valid.any(dim=1), whole, 0).to(emissions.dtype)


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
    if not valid.shape[1]:
        return emissions.clone()
    ahead = _walk_chain(valid, scores, transitions, start)[1]
    behind = _walk_chain(valid.flip(1), scores.flip(1), transitions.T, end)[0]
    # From behind comes all but the position's own emission, which counts once.
    logs = torch.stack(ahead, dim=1) + torch.stack(behind[::-1], dim=1)
    shares = logs.softmax(dim=2)
    return torch.where(valid[..., None], shares, 0).to(emissions.dtype)


def _chain(
    emissions: Tensor, mask: Tensor | None, transitions: Tensor, *ends: Tensor | None
) -> tuple[Tensor, ...]:
    valid, transitions = _valid(mask, emissions), _wide(transitions)
    none = torch.zeros_like(transitions[0])
    start, end = (none if one is None else _wide(one) for one in ends)
    scores = torch.where(valid[..., None], _wide(emissions), 0)
    return valid, scores, transitions, start, end


def _walk_chain(
    valid: Tensor, scores: Tensor, transitions: Tensor, start: Tensor
) -> tuple[list[Tensor], list[Tensor], Tensor]:
    """Return what reaches each position, without and with its own, and the end."""
    reached = scores.new_zeros(len(scores), len(start))
    begun, without, whole = valid.new_zeros(len(valid), 1), [], []
    for t in range(valid.shape[1]):
        here = valid[:, t, None]
        new = torch.logsumexp(reached[:, :, None] + transitions, dim=1)
        without.append(torch.where(begun, new, start))
        # A padded position is no step: the next one follows the last valid one.
        reached = torch.where(here, without[t] + scores[:, t], reached)
        begun = begun | here
        whole.append(reached)
    return without, whole, reached


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
    valid, never = _valid(mask, logits), -torch.inf
    shares = torch.where(valid[..., None], _wide(logits), 0).log_softmax(dim=2)
    name = 0 if blank == "first" else logits.shape[2] - 1
    # A path's states: the labels, with a blank before, between and behind them.
    own = torch.where(label_mask, labels, name).long()
    states = torch.stack([torch.full_like(own, name), own], dim=2).flatten(1)
    states = F.pad(states, (0, 1), value=name)
    at = torch.arange(states.shape[1], device=states.device)
    number = label_mask.sum(dim=1, keepdim=True)
    # Between equal labels the blank must stand.
    skips = (at > 1) & (at % 2 == 1) & (states != _behind(states, 2, name))
    emitted = shares.gather(2, states[:, None].expand(-1, shares.shape[1], -1))
    reached = torch.where(at == 0, 0 * states.to(shares.dtype), never)
    for t in range(valid.shape[1]):
        two = torch.where(skips, _behind(reached, 2, never), never)
        new = _log_sum(torch.stack([reached, _behind(reached, 1, never), two], dim=1))
        # A padded frame is no step: the next one follows the last valid one.
        reached = torch.where(valid[:, t, None], new + emitted[:, t], reached)
    ends = (at == 2 * number) | (at == 2 * number - 1)
    losses = -_log_sum(torch.where(ends, reached, never))
    if zero_infinity:
        losses = torch.where(losses.isinf(), 0, losses)
    if reduction == "mean":
        framed = valid.any(dim=1)
        losses = torch.where(framed, losses / number[:, 0].clamp(min=1), 0)
        losses = losses.sum() / framed.sum().clamp(min=1)
    return losses.to(logits.dtype)


def _behind(states: Tensor, by: int, fill: float) -> Tensor:
    """Return what stands so many states before, ``[B, K]``."""
    return F.pad(states, (by, 0), value=fill)[:, :-by]


def _log_sum(scores: Tensor) -> Tensor:
    """Return log sum exp over axis 1, of nothing minus infinity that none moves."""
    top = scores.detach().amax(dim=1, keepdim=True)
    top = torch.where(top.isfinite(), top, 0)
    power = (scores - top).exp().sum(dim=1)
    nothing = power == 0
    found = torch.where(nothing, 1, power).log() + top[:, 0]
    return torch.where(nothing, -torch.inf, found)


def crf_decode(
    emissions: Tensor,
    mask: Tensor | None,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
) -> Tensor:
    valid = _valid(mask, emissions)
    scores = torch.where(valid[..., None], _wide(emissions), 0)
    transitions, start, end = _wide(transitions), _wide(start), _wide(end)
    states = torch.arange(len(start), device=scores.device)
    reached = scores.new_zeros(len(scores), len(start))
    begun, came, path = valid.new_zeros(len(scores), 1), [], []
    for t in range(valid.shape[1]):
        here, steps = valid[:, t, None], reached[:, :, None] + transitions
        # A padded step is none, and nothing comes before the first valid one.
        came.append(torch.where(here & begun, steps.argmax(dim=1), states))
        new = torch.where(begun, steps.amax(dim=1), start) + scores[:, t]
        reached, begun = torch.where(here, new, reached), begun | here
    tags = (reached + end).argmax(dim=1)
    for t in reversed(range(valid.shape[1])):
        path.append(torch.where(valid[:, t], tags, -1))
        tags = came[t].gather(1, tags[:, None])[:, 0]
    return torch.stack(path[::-1], dim=1) if path else tags[:, None][:, :0]


def _step(
    cell: str, left: Tensor, right: Tensor, h: Tensor, c: Tensor
) -> tuple[Tensor, Tensor]:
    if cell == "simple":
        return torch.tanh(left + right), c
    if cell == "lstm":
        i, f, g, o = (left + right).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
    r_left, z_left, n_left = left.chunk(3, dim=-1)
    r_right, z_right, n_right = right.chunk(3, dim=-1)
    r, z = torch.sigmoid(r_left + r_right), torch.sigmoid(z_left + z_right)
    return (1 - z) * torch.tanh(n_left + r * n_right) + z * h, c


def _merged(merge: str, forward: Tensor, backward: Tensor) -> Tensor:
    if merge == "concat":
        return torch.cat([forward, backward], dim=-1)
    return forward + backward


def _losses(kind: str, scores: Tensor, goals: Tensor) -> Tensor:
    if kind == "mse":
        return (scores - goals.to(scores.dtype)).square().mean(dim=-1)
    if kind == "cross_entropy":
        classes_second = scores.movedim(-1, 1)
        return F.cross_entropy(classes_second, goals.long(), reduction="none")
    wide = goals.to(scores.dtype)
    return F.binary_cross_entropy_with_logits(scores, wide, reduction="none")


def _distances(kind: str, scores: Tensor, goals: Tensor, delta: float) -> Tensor:
    if kind == "l1":
        return (scores - goals).abs().mean(dim=-1)
    return F.huber_loss(scores, goals, reduction="none", delta=delta).mean(dim=-1)


def _densities(scores: Tensor, goals: Tensor) -> Tensor:
    log = scores[..., 1]
    squares = (scores[..., 0] - goals).square() * (-log).exp()
    return ((squares + log + math.log(math.tau)) / 2).mean(dim=-1)


def _smoothed(scores: Tensor, goals: Tensor, smoothing: float) -> Tensor:
    classes = scores.shape[-1]
    here = goals[..., None] == torch.arange(classes, device=scores.device)
    return (1 - smoothing) * here.to(scores.dtype) + smoothing / classes


def _divergences(scores: Tensor, shares: Tensor) -> Tensor:
    # A class without a share is no term, however impossible it is.
    logs = torch.where(shares > 0, scores.log_softmax(dim=-1), 0)
    return -(shares * logs).sum(dim=-1)


def _reduced(reduction: str, losses: Tensor, valid: Tensor) -> Tensor:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction == "mean":
        return losses.sum() / valid.sum().clamp(min=1)
    means = losses.sum(dim=1) / valid.sum(dim=1).clamp(min=1)
    return means.sum() / valid.any(dim=1).sum().clamp(min=1)


def _divisor(reduction: str, counts: Tensor, length: int) -> Tensor | int:
    if reduction in {"sum", "sum_norm"}:
        return length if reduction == "sum_norm" else 1
    if reduction == "token_mean":
        return counts.sum().clamp(min=1)
    there = counts.any(dim=1).sum().clamp(min=1)
    return there * length if reduction == "seq_mean_token_sum_norm" else there


def _valid(mask: Tensor | None, x: Tensor) -> Tensor:
    """Return any form of the mask as booleans ``[B, T]``."""
    if mask is None:
        return torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
    return (mask[..., 0] if mask.ndim == 3 else mask) != 0  # noqa: PLR2004 - [B, T, 1]


def _like(valid: Tensor, x: Tensor) -> Tensor:
    """Return ``valid`` with as many axes as ``x``."""
    return valid.reshape(valid.shape + (1,) * (x.ndim - 2))


def _wide(x: Tensor) -> Tensor:
    """Return half precision in float32: it is for storing, not for summing."""
    return x.float() if x.dtype in {torch.float16, torch.bfloat16} else x


def build_nested(
    first: Any, second: Any = None, norm: Any = None, *, inner: str
) -> Any:
    return _Nested(first, second, norm, inner=inner)


class _Nested:
    """Layers inside a layer, told apart by name."""

    def __init__(self, first: Any, second: Any, norm: Any, *, inner: str) -> None:
        self._weights = {
            f"{owner}.{part}": getattr(layer, part).detach().clone()
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
        for name in self._trained:
            self._weights[name].requires_grad_()

    @property
    def parameters(self) -> list[Tensor]:
        return [self._weights[name] for name in self._trained]

    @property
    def state(self) -> list[Tensor]:
        return [self._weights[name] for name in self._still]

    @property
    def names(self) -> list[str]:
        return [*self._trained, *self._still]

    def __call__(self, x: Tensor, mask: Tensor | None) -> Tensor:
        valid = _valid(mask, x)[..., None]
        w = {name: _wide(each) for name, each in self._weights.items()}
        h = torch.tanh(
            torch.where(valid, _wide(x), 0) @ w["first.kernel"] + w["first.bias"]
        )
        if "norm.scale" in w:
            h = self._normed(h, w["norm.mean"], w["norm.variance"])
        return torch.where(valid, self._ended(h), 0).to(x.dtype)

    def _normed(self, h: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        scale, offset = (_wide(self._weights[f"norm.{n}"]) for n in ("scale", "offset"))
        return (h - mean) / torch.sqrt(variance + 1e-3) * scale + offset

    def _ended(self, h: Tensor) -> Tensor:
        kernel, bias = (
            _wide(self._weights[f"{self._last}.{n}"]) for n in ("kernel", "bias")
        )
        return torch.sigmoid(h @ kernel + bias)

    def step(self, x: Tensor, mask: Tensor | None, cotangent: Tensor) -> None:
        valid, w = _valid(mask, x), self._weights
        rows = _wide(x)[valid] @ _wide(w["first.kernel"]) + _wide(w["first.bias"])
        h = torch.tanh(rows)
        moved: dict[str, Tensor] = {}
        if "norm.scale" in w:
            mean, variance = h.mean(dim=0), h.var(dim=0, unbiased=False)
            moved = {"norm.mean": mean, "norm.variance": variance}
            h = self._normed(h, mean, variance)
        total = (self._ended(h) * _wide(cotangent)[valid]).sum()
        slopes = torch.autograd.grad(total, self.parameters)
        with torch.no_grad():
            for parameter, slope in zip(self.parameters, slopes, strict=True):
                parameter.sub_(0.25 * slope)
            for name, new in moved.items():
                w[name].copy_(0.9 * _wide(w[name]) + 0.1 * new)

    def saved(self) -> dict[str, Tensor]:
        return {name: each.detach().clone() for name, each in self._weights.items()}

    def restore(self, saved: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, each in saved.items():
                self._weights[name].copy_(each)


def masked_batch_norm(
    x: Tensor, mask: Tensor | None, scale: Tensor, offset: Tensor
) -> Tensor:
    valid = _valid(mask, x)[..., None]
    clean, count = torch.where(valid, _wide(x), 0), valid.sum().clamp(min=1)
    mean = clean.sum(dim=(0, 1)) / count
    away = torch.where(valid, clean - mean, 0)
    variance = away.square().sum(dim=(0, 1)) / count
    found = away / torch.sqrt(variance + 1e-3) * _wide(scale) + _wide(offset)
    return torch.where(valid, found, 0).to(x.dtype)


def row_norm(
    x: Tensor, mask: Tensor | None, *, over: str, ddof: int, epsilon: str
) -> Tensor:
    valid = _valid(mask, x)[..., None]
    clean, axes = torch.where(valid, _wide(x), 0), (1, 2) if over == "group" else (1,)
    number = valid.sum(dim=1, keepdim=True) * (x.shape[2] if over == "group" else 1)
    mean = clean.sum(dim=axes, keepdim=True) / number.clamp(min=1)
    away = torch.where(valid, clean - mean, 0)
    # A row of one token has no deviation, and is zero.
    left = (number - ddof).clamp(min=1)
    variance = (away * away).sum(dim=axes, keepdim=True) / left
    if epsilon == "inside":
        divisor = (variance + 1e-3).sqrt()
    else:
        # The root of zero has no derivative, and NaN spreads from it.
        root = torch.where(variance == 0, 1, variance).sqrt()
        divisor = torch.where(variance == 0, 0, root) + 1e-3
    return torch.where(valid, away / divisor, 0).to(x.dtype)


def layer_norm(x: Tensor, mask: Tensor | None, scale: Tensor, offset: Tensor) -> Tensor:
    valid = _valid(mask, x)[..., None]
    clean = torch.where(valid, _wide(x), 0)
    away = clean - clean.mean(dim=2, keepdim=True)
    variance = away.square().mean(dim=2, keepdim=True)
    found = away / torch.sqrt(variance + 1e-3) * _wide(scale) + _wide(offset)
    return torch.where(valid, found, 0).to(x.dtype)
