# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0"]
# [tool.mask-conformance]
# system = "PyTorch's FlexAttention"
# library = "torch"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# ///
"""PyTorch's FlexAttention on the CPU: a function says which key a query sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

Tensor: TypeAlias = torch.Tensor
Sees: TypeAlias = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def windowed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    causal: bool,
    window: int,
) -> Tensor:
    ahead = 0 if causal else window

    def sees(row: Tensor, _head: Tensor, at: Tensor, to: Tensor) -> Tensor:
        return mask[row, to] & (at - to <= window) & (to - at <= ahead)

    return _attend(query, key, value, sees)


def packed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    segments: Tensor,
    mask: Tensor,
    *,
    causal: bool,
) -> Tensor:
    def sees(row: Tensor, _head: Tensor, at: Tensor, to: Tensor) -> Tensor:
        own = mask[row, to] & (segments[row, at] == segments[row, to])
        return own & (at >= to) if causal else own

    return _attend(query, key, value, sees)


def _attend(query: Tensor, key: Tensor, value: Tensor, sees: Sees) -> Tensor:
    shape = (len(query), None, query.shape[1], key.shape[1])
    blocks = create_block_mask(sees, *shape, device=query.device.type)
    heads_first = (tensor.transpose(1, 2) for tensor in (query, key, value))
    return flex_attention(*heads_first, block_mask=blocks).transpose(1, 2)
