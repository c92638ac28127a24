# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "local-attention==1.11.2"]
# [tool.mask-conformance]
# system = "local-attention"
# library = "local-attention"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "none"]
# ///
"""local-attention: blocks and their neighbours, with exact windows."""

from __future__ import annotations

from typing import TypeAlias

import torch
from local_attention import LocalAttention

Tensor: TypeAlias = torch.Tensor


def windowed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    *,
    causal: bool,
    window: int,
) -> Tensor:
    # Blocks of the window's size: it sees its own and one on each side.
    layer = LocalAttention(window, causal=causal, exact_windowsize=True, autopad=True)
    heads_first = (tensor.transpose(1, 2) for tensor in (query, key, value))
    return layer.eval()(*heads_first, mask=mask).transpose(1, 2)
