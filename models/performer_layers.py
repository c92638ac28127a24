# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "performer-pytorch==1.1.4"]
# [tool.mask-conformance]
# title = "performer-pytorch"
# environment = "torch_third"
# preload = ["torch", "performer_pytorch"]
# ///
"""performer-pytorch: linear attention by random features, with a mask."""

from __future__ import annotations

import torch
from performer_pytorch import Performer, PerformerLM, SelfAttention


class Masked(torch.nn.Module):
    """A layer whose mask is one of its keywords."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, mask):
        return self.layer(x, mask=mask)


def self_attention():
    return Masked(SelfAttention(dim=16, heads=2, dim_head=8))


def generalized_attention():
    return Masked(
        SelfAttention(dim=16, heads=2, dim_head=8, generalized_attention=True)
    )


def softmax_over_positions():
    return Masked(SelfAttention(dim=16, heads=2, dim_head=8, no_projection=True))


def causal_attention():
    return Masked(SelfAttention(dim=16, heads=2, dim_head=8, causal=True))


def local_heads():
    return Masked(
        SelfAttention(dim=16, heads=2, dim_head=8, local_heads=2, local_window_size=4)
    )


def performer():
    return Masked(Performer(dim=16, depth=2, heads=2, dim_head=8))


def performer_lm():
    return Masked(
        PerformerLM(
            num_tokens=50, max_seq_len=128, dim=16, depth=2, heads=2, dim_head=8
        )
    )
