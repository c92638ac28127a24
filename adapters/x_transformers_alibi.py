# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "x-transformers==2.31.10"]
# [tool.mask-conformance]
# system = "x-transformers' ALiBi"
# library = "x-transformers"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float16", "bfloat16", "float32"]
# placements = ["right", "left", "gaps"]
# ///
"""x-transformers' AlibiPositionalBias at positions of its own, and its Attend."""

from __future__ import annotations

from typing import TypeAlias

import torch
from x_transformers.attend import Attend
from x_transformers.x_transformers import AlibiPositionalBias

Tensor: TypeAlias = torch.Tensor


def alibi_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, causal: bool
) -> Tensor:
    at = (mask.cumsum(dim=1) - 1).to(query.dtype)
    bias = AlibiPositionalBias(query.shape[2]).to(query.dtype).forward_custom_pos(at)
    heads_first = (tensor.transpose(1, 2) for tensor in (query, key, value))
    attend = Attend(causal=causal, flash=False).eval()
    seen, _ = attend(*heads_first, mask=mask, attn_bias=bias)
    return seen.transpose(1, 2)
