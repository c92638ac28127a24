# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "torch==2.13.0",
#     "long-short-transformer==0.0.5",
#     "rotary-embedding-torch==0.9.1",
# ]
# [tool.mask-conformance]
# title = "long-short-transformer"
# environment = "models"
# preload = ["torch", "long_short_transformer"]
# settings."*" = { features = 16 }
# ///
"""long-short-transformer: local and compressed attention, with a mask."""

from __future__ import annotations

from long_short_transformer import LongShortTransformer
from long_short_transformer.long_short_transformer import LongShortAttention


def causal_attention():
    return LongShortAttention(
        dim=16, heads=2, dim_head=8, window_size=4, segment_size=4, causal=True
    )


def attention():
    return LongShortAttention(dim=16, heads=2, dim_head=8, window_size=4, causal=False)


def attention_of_one_head():
    return LongShortAttention(dim=16, heads=1, dim_head=8, window_size=4, causal=False)


def transformer():
    return LongShortTransformer(
        num_tokens=50,
        dim=16,
        depth=2,
        max_seq_len=128,
        heads=2,
        dim_head=8,
        window_size=4,
        r=2,
        segment_size=4,
        causal=True,
    )
