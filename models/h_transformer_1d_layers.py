# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "torch==2.13.0",
#     "h-transformer-1d==0.1.9",
#     "rotary-embedding-torch==0.9.1",
# ]
# [tool.mask-conformance]
# title = "h-transformer-1d"
# environment = "torch_third"
# preload = ["torch", "h_transformer_1d"]
# ///
"""h-transformer-1d: hierarchical attention, with a mask."""

from __future__ import annotations

from h_transformer_1d import HTransformer1D
from h_transformer_1d.h_transformer_1d import HAttention1D


def attention():
    return HAttention1D(16, heads=2, dim_head=8, block_size=2)


def transformer():
    return HTransformer1D(
        num_tokens=50,
        dim=16,
        depth=2,
        causal=False,
        max_seq_len=128,
        heads=2,
        dim_head=8,
        block_size=2,
    )
