# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "linear-attention-transformer==0.19.1"]
# [tool.mask-conformance]
# title = "linear-attention-transformer"
# environment = "models"
# preload = ["torch", "linear_attention_transformer"]
# ///
"""linear-attention-transformer, with an input mask."""

from __future__ import annotations

import torch
from linear_attention_transformer import (
    LinearAttentionTransformer,
    LinearAttentionTransformerLM,
)


class Masked(torch.nn.Module):
    """A model whose mask is one of its keywords."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, mask):
        return self.layer(x, input_mask=mask)


def transformer():
    return Masked(LinearAttentionTransformer(dim=16, heads=2, depth=2, max_seq_len=128))


def causal_transformer():
    return Masked(
        LinearAttentionTransformer(
            dim=16, heads=2, depth=2, max_seq_len=128, causal=True, blindspot_size=1
        )
    )


def language_model():
    return Masked(
        LinearAttentionTransformerLM(
            num_tokens=50, dim=16, heads=2, depth=2, max_seq_len=128
        )
    )
