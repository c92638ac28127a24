# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "transformers==5.24.0"]
# [tool.mask-conformance]
# system = "Transformers"
# library = "transformers"
# family = "PyTorch and what is built on it"
# framework = "torch"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "float", "int8", "uint8"]
# [tool.mask-conformance.variants.eager]
# environment = "torch_third"
# variables = { MASK_CONFORMANCE_ATTENTION = "eager" }
# [tool.mask-conformance.variants.sdpa]
# environment = "torch_third"
# variables = { MASK_CONFORMANCE_ATTENTION = "sdpa" }
# [tool.mask-conformance.variants.sdpa.unsupported]
# "sink_attention.*" = "gpt-oss has no sdpa attention"
# ///
"""Transformers' masks and attention functions, as its BERT and T5Gemma call them."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TypeAlias

import torch
from transformers import BertConfig, DynamicCache, StaticCache
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import (
    create_bidirectional_mask,
    create_bidirectional_sliding_window_mask,
    create_causal_mask,
    create_sliding_window_causal_mask,
    packed_sequence_mask_function,
)
from transformers.models.bert.modeling_bert import eager_attention_forward
from transformers.models.gpt_oss import modeling_gpt_oss
from transformers.models.t5gemma import modeling_t5gemma

Tensor: TypeAlias = torch.Tensor

_IMPLEMENTATION = os.environ["MASK_CONFORMANCE_ATTENTION"]
_FORWARD = {"eager": eager_attention_forward, "sdpa": sdpa_attention_forward}
# BERT has as many heads of keys as of queries; T5Gemma's decoder has fewer.
_GROUPED = {**_FORWARD, "eager": modeling_t5gemma.eager_attention_forward}


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, causal: bool
) -> Tensor:
    return _attend(query, key, value, _see(query, mask, causal=causal), causal=causal)


def sink_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    sink: Tensor,
    *,
    causal: bool,
) -> Tensor:
    module = SimpleNamespace(num_key_value_groups=1, sinks=sink, training=False)
    heads_first = (tensor.transpose(1, 2) for tensor in (query, key, value))
    seen, scaling = _see(query, mask, causal=causal), query.shape[3] ** -0.5
    forward = modeling_gpt_oss.eager_attention_forward
    return forward(module, *heads_first, seen, scaling=scaling)[0]


def windowed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    causal: bool,
    window: int,
) -> Tensor:
    config, tokens, numbers = _config(causal=causal), query.flatten(2), mask.long()
    if causal:  # as Mistral's window, which counts the query's own position
        config.sliding_window = window + 1
        seen = create_sliding_window_causal_mask(config, tokens, numbers, None)
    else:  # as ModernBERT's, which does not
        config.sliding_window = window
        seen = create_bidirectional_sliding_window_mask(config, tokens, numbers)
    return _attend(query, key, value, seen, causal=causal)


def packed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    segments: Tensor,
    mask: Tensor,
    *,
    causal: bool,
) -> Tensor:
    config, tokens = _config(causal=causal), query.flatten(2)
    if causal:
        # It parts sequences by positions that begin again, and only where it is given
        # no mask: padding is one more sequence, as its collator without padding has it.
        numbers = torch.where(mask.bool(), segments, 0)
        begins = torch.diff(numbers, prepend=numbers[:, :1] - 1) != 0
        at = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
        positions = at - torch.where(begins, at, 0).cummax(1).values
        seen = create_causal_mask(config, tokens, None, None, positions)
    else:  # where it looks at no positions, its own function of numbers is composed
        own = packed_sequence_mask_function(segments)
        seen = create_bidirectional_mask(
            config, tokens, mask.long(), and_mask_function=own
        )
    return _attend(query, key, value, seen, causal=causal)


def cross_attention(
    query: Tensor,
    query_mask: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    grouped: bool,
) -> Tensor:
    del query_mask  # it takes a mask of the keys alone
    config = _config(causal=False)
    asks, keys = query.flatten(2), key.flatten(2)
    seen = create_bidirectional_mask(config, asks, mask.long(), keys)
    heads, size = query.shape[2:]
    module = SimpleNamespace(
        is_causal=False, training=False, num_key_value_groups=heads // key.shape[2]
    )
    forward = (_GROUPED if grouped else _FORWARD)[_IMPLEMENTATION]
    heads_first = (tensor.transpose(1, 2) for tensor in (query, key, value))
    return forward(module, *heads_first, seen, scaling=size**-0.5)[0]


def decode(
    query: Tensor,
    step_key: Tensor,
    step_value: Tensor,
    step_mask: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    chunk: bool,
) -> Tensor:
    config, steps = _config(causal=True), query.shape[1]
    # The cache that grows, and the one that has its length from the start.
    whole = key.shape[1] + steps
    cache = StaticCache(config, whole) if _IMPLEMENTATION == "sdpa" else DynamicCache()
    cache.update(key.transpose(1, 2), value.transpose(1, 2), 0)
    numbers = torch.cat([mask.long(), step_mask.long()], dim=1)
    found, size = [], steps if chunk else 1
    for at in range(0, steps, size):
        now = slice(at, at + size)
        known = numbers[:, : key.shape[1] + at + size]
        seen = create_causal_mask(config, query[:, now].flatten(2), known, cache)
        new = (x[:, now].transpose(1, 2) for x in (step_key, step_value))
        keys, values = (x.transpose(1, 2) for x in cache.update(*new, 0))
        found.append(_attend(query[:, now], keys, values, seen, causal=True))
    return torch.cat(found, dim=1)


def _see(query: Tensor, mask: Tensor, *, causal: bool) -> Tensor | None:
    # Tokenizers give the mask as whole numbers of 64 bits.
    config, tokens, numbers = _config(causal=causal), query.flatten(2), mask.long()
    if causal:
        return create_causal_mask(config, tokens, numbers, past_key_values=None)
    return create_bidirectional_mask(config, tokens, numbers)


def _config(*, causal: bool) -> BertConfig:
    config = BertConfig(is_decoder=causal)
    config._attn_implementation = _IMPLEMENTATION  # noqa: SLF001 - as its models do
    return config


def _attend(
    query: Tensor, key: Tensor, value: Tensor, seen: Tensor | None, *, causal: bool
) -> Tensor:
    module = SimpleNamespace(is_causal=causal, training=False)
    heads_first = (tensor.transpose(1, 2) for tensor in (query, key, value))
    return _FORWARD[_IMPLEMENTATION](module, *heads_first, seen)[0]
