# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0"]
# [tool.mask-conformance]
# system = "PyTorch"
# library = "torch"
# family = "PyTorch and what is built on it"
# role = "variant"
# framework = "torch"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# [tool.mask-conformance.unsupported]
# "cross_attention.grouped" = "it has as many heads of keys as of queries"
# [tool.mask-conformance.variants.output]
# environment = "torch"
# [tool.mask-conformance.variants.weights]
# environment = "torch"
# variables = { MASK_CONFORMANCE_NEED_WEIGHTS = "1" }
# ///
"""PyTorch's nn.MultiheadAttention with identity projections."""

from __future__ import annotations

import os
from typing import TypeAlias

import torch
from torch import nn

Tensor: TypeAlias = torch.Tensor

# It returns the attention weights unless told not to, and then computes differently.
_NEED_WEIGHTS = bool(os.environ.get("MASK_CONFORMANCE_NEED_WEIGHTS"))


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, causal: bool
) -> Tensor:
    heads, features = query.shape[2:]
    layer = _identity(heads, features, query)
    future = None
    if causal:
        future = mask.new_ones(2 * mask.shape[1:]).triu(diagonal=1)
    seen, _ = layer(
        *(tensor.flatten(2) for tensor in (query, key, value)),
        key_padding_mask=~mask,  # true means padding here
        attn_mask=future,
        need_weights=_NEED_WEIGHTS,
    )
    return seen.unflatten(2, (heads, features))


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
    heads, features = query.shape[2:]
    seen, _ = _identity(heads, features, query)(
        *(tensor.flatten(2) for tensor in (query, key, value)),
        key_padding_mask=~mask,  # true means padding here
        need_weights=_NEED_WEIGHTS,
    )
    return seen.unflatten(2, (heads, features))


def _identity(heads: int, features: int, like: Tensor) -> nn.MultiheadAttention:
    """Return a layer whose projections leave their input as it is."""
    width = heads * features
    layer = nn.MultiheadAttention(
        width, heads, bias=False, batch_first=True, device=like.device, dtype=like.dtype
    ).eval()
    unit = torch.eye(width, device=like.device, dtype=like.dtype)
    with torch.no_grad():
        layer.in_proj_weight.copy_(unit.repeat(3, 1))
        layer.out_proj.weight.copy_(unit)
    return layer
