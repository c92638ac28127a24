# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "keras==3.15.1", "keras-hub==0.32.0"]
# [tool.mask-conformance]
# system = "KerasHub"
# library = "keras-hub"
# family = "TensorFlow and Keras"
# framework = "torch"
# environment = "keras-hub"
# dtypes = ["float16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# variables = { KERAS_BACKEND = "torch" }
# [tool.mask-conformance.unsupported]
# "cross_attention.grouped" = "it has as many heads of keys as of queries"
# "rotary.interleaved" = "it pairs features by halves"
# ///
"""KerasHub's attention and masks, as its Transformer encoder and decoder join them."""

from __future__ import annotations

from typing import TypeAlias

import torch
from keras import backend
from keras_hub.layers import CachedMultiHeadAttention, RotaryEmbedding
from keras_hub.src.layers.modeling.transformer_layer_utils import (
    compute_causal_mask,
    merge_padding_and_attention_mask,
)

Tensor: TypeAlias = torch.Tensor


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, causal: bool
) -> Tensor:
    flat = [tensor.flatten(2) for tensor in (query, key, value)]
    rows, steps = mask.shape
    future = compute_causal_mask(rows, steps, steps) if causal else None
    seen = merge_padding_and_attention_mask(flat[0], mask, future)
    layer = _identity(query)
    return layer(flat[0], flat[2], flat[1], attention_mask=seen).reshape(query.shape)


def cross_attention(
    query: Tensor,
    query_mask: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    grouped: bool,
) -> Tensor:
    del query_mask, grouped  # it takes a mask of the keys alone
    flat = [tensor.flatten(2) for tensor in (query, key, value)]
    seen = merge_padding_and_attention_mask(flat[1], mask, None)
    layer = _identity(query)
    return layer(flat[0], flat[2], flat[1], attention_mask=seen).reshape(query.shape)


def rotary(x: Tensor, mask: Tensor, *, layout: str) -> Tensor:
    del layout
    # Without positions it counts along the row; its models count the mask.
    at = (mask.cumsum(dim=1) - 1).clamp(min=0)
    return RotaryEmbedding(dtype=backend.standardize_dtype(x.dtype))(x, positions=at)


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
    rows, steps, heads, features = query.shape
    valid = torch.cat([mask, step_mask], dim=1)
    layer, time, whole = _identity(query), key.shape[1], valid.shape[1]

    def call(begin: int, cache: Tensor, *asked: Tensor) -> tuple[Tensor, Tensor]:
        q, k, v = (tensor.flatten(2) for tensor in asked)
        past = compute_causal_mask(rows, whole, q.shape[1], begin)
        seen = merge_padding_and_attention_mask(q, valid, past)
        how = {"cache": cache, "cache_update_index": begin}
        return layer(q, v, k, attention_mask=seen, **how)

    empty = query.new_zeros(rows, 2, whole, heads, features)
    # What a prompt asks is nobody's answer here.
    _, cache = call(0, empty, torch.zeros_like(key), key, value)
    found, size = [], steps if chunk else 1
    for at in range(0, steps, size):
        now = (x[:, at : at + size] for x in (query, step_key, step_value))
        answer, cache = call(time + at, cache, *now)
        found.append(answer)
    return torch.cat(found, dim=1).reshape(query.shape)


def _identity(query: Tensor) -> CachedMultiHeadAttention:
    """Return a layer whose projections leave their input as it is."""
    heads, features = query.shape[2:]
    width = heads * features
    layer = CachedMultiHeadAttention(
        heads, features, use_bias=False, dtype=backend.standardize_dtype(query.dtype)
    )
    layer.build((None, None, width), (None, None, width))
    for variable in layer.trainable_variables:
        variable.assign(torch.eye(width, dtype=query.dtype).reshape(variable.shape))
    return layer
