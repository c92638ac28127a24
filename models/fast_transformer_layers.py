# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "torch==2.13.0",
#     "fast-transformer-pytorch==0.0.4",
#     "rotary-embedding-torch==0.9.1",
# ]
# [tool.mask-conformance]
# title = "fast-transformer-pytorch"
# environment = "models"
# preload = ["torch", "fast_transformer_pytorch"]
# [tool.mask-conformance.left-out]
# "models/fast_transformer_layers.py:transformer" = "does not run with rotary-embedding-torch 0.9.1"
# "models/fast_transformer_layers.py:relative_positions" = "does not run with rotary-embedding-torch 0.9.1"
# ///
"""fast-transformer-pytorch: additive attention, with a mask."""

from __future__ import annotations

from fast_transformer_pytorch import FastTransformer


def transformer():
    return FastTransformer(
        num_tokens=50, dim=16, depth=2, max_seq_len=128, heads=2, dim_head=8
    )


def relative_positions():
    return FastTransformer(
        num_tokens=50,
        dim=16,
        depth=2,
        max_seq_len=128,
        heads=2,
        dim_head=8,
        absolute_pos_emb=False,
    )
