# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "xlstm==2.0.6"]
# [tool.mask-conformance]
# title = "xlstm"
# environment = "models"
# preload = ["torch", "xlstm"]
# settings."*" = { causal = true, time = 29 }
# ///
"""xlstm: it takes no mask; no position reads a later one."""

from __future__ import annotations

from xlstm import (
    FeedForwardConfig,
    mLSTMBlockConfig,
    mLSTMLayerConfig,
    sLSTMBlockConfig,
    sLSTMLayerConfig,
    xLSTMBlockStack,
    xLSTMBlockStackConfig,
)


def mlstm():
    block = mLSTMBlockConfig(
        mlstm=mLSTMLayerConfig(conv1d_kernel_size=4, qkv_proj_blocksize=4, num_heads=2)
    )
    return xLSTMBlockStack(
        xLSTMBlockStackConfig(
            mlstm_block=block, context_length=64, num_blocks=2, embedding_dim=16
        )
    )


def slstm():
    block = sLSTMBlockConfig(
        slstm=sLSTMLayerConfig(backend="vanilla", num_heads=2, conv1d_kernel_size=4),
        feedforward=FeedForwardConfig(proj_factor=1.3, act_fn="gelu"),
    )
    return xLSTMBlockStack(
        xLSTMBlockStackConfig(
            slstm_block=block,
            slstm_at="all",
            context_length=64,
            num_blocks=2,
            embedding_dim=16,
        )
    )
