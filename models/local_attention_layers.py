# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "local-attention==1.11.2"]
# [tool.mask-conformance]
# title = "local-attention"
# environment = "torch_third"
# preload = ["torch", "local_attention"]
# ///
"""local-attention: windows of the sequence, with a mask."""

from __future__ import annotations

from local_attention import LocalTransformer
from local_attention.transformer import LocalMHA


def attention():
    return LocalMHA(dim=16, window_size=4, dim_head=8, heads=2)


def causal_attention():
    return LocalMHA(dim=16, window_size=4, dim_head=8, heads=2, causal=True)


def transformer():
    return LocalTransformer(
        num_tokens=50,
        max_seq_len=128,
        dim=16,
        depth=2,
        dim_head=8,
        heads=2,
        local_attn_window_size=4,
        causal=False,
    )
