# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "x-transformers==2.31.10"]
# [tool.mask-conformance]
# system = "x-transformers' positions"
# library = "x-transformers"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float16", "bfloat16", "float32"]
# placements = ["right", "left"]
# [tool.mask-conformance.unsupported]
# "positions.segment.*" = "it has no positions of packed sequences"
# "rotary.half" = "it pairs neighbouring features"
# ///
"""x-transformers' learned positions behind padding in front, and its rotary ones."""

from __future__ import annotations

from typing import TypeAlias

import torch
from x_transformers.x_transformers import (
    AbsolutePositionalEmbedding,
    RotaryEmbedding,
    apply_rotary_pos_emb,
)

Tensor: TypeAlias = torch.Tensor


def positions(segments: Tensor, mask: Tensor, *, within: str, start: int) -> Tensor:
    del within
    table = AbsolutePositionalEmbedding(1, segments.shape[1] + start)
    with torch.no_grad():  # each position is looked up as its own number
        table.emb.weight[:, 0] = torch.arange(len(table.emb.weight))
        first = mask.int().argmax(dim=1)
        found = table(segments, seq_start_pos=first, offset=start)
    return found[..., 0].long()


def rotary(x: Tensor, mask: Tensor, *, layout: str) -> Tensor:
    del layout
    at = (mask.cumsum(dim=1) - 1).clamp(min=0)
    angles, scale = RotaryEmbedding(x.shape[3])(at)
    turned = apply_rotary_pos_emb(x.transpose(1, 2), angles, scale)
    return turned.transpose(1, 2)
