# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "perceiver-pytorch==0.11.0"]
# [tool.mask-conformance]
# title = "perceiver-pytorch"
# environment = "models"
# preload = ["torch", "perceiver_pytorch"]
# ///
"""perceiver-pytorch: latents attend to the sequence, with a mask."""

from __future__ import annotations

from perceiver_pytorch import PerceiverIO
from perceiver_pytorch.perceiver_pytorch import Attention


def attention():
    return Attention(16, heads=2, dim_head=8)


def perceiver_io():
    return PerceiverIO(
        dim=16,
        queries_dim=16,
        depth=2,
        num_latents=4,
        latent_dim=16,
        latent_heads=2,
        latent_dim_head=8,
        cross_dim_head=8,
    )
