# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "nystrom-attention==0.0.14"]
# [tool.mask-conformance]
# title = "nystrom-attention"
# environment = "torch_third"
# preload = ["torch", "nystrom_attention"]
# ///
"""nystrom-attention: attention through landmarks, with a mask."""

from __future__ import annotations

from nystrom_attention import NystromAttention, Nystromformer


def attention():
    return NystromAttention(dim=16, dim_head=8, heads=2, num_landmarks=4)


def attention_without_convolution():
    return NystromAttention(
        dim=16, dim_head=8, heads=2, num_landmarks=4, residual=False
    )


def nystromformer():
    return Nystromformer(dim=16, dim_head=8, heads=2, depth=2, num_landmarks=4)
