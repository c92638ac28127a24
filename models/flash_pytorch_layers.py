# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "torch==2.13.0",
#     "FLASH-pytorch==0.1.9",
#     "rotary-embedding-torch==0.9.1",
# ]
# [tool.mask-conformance]
# title = "FLASH-pytorch"
# environment = "torch_third"
# preload = ["torch", "flash_pytorch"]
# ///
"""FLASH-pytorch: gated attention units, with a mask."""

from __future__ import annotations

from flash_pytorch import FLASH, GAU, FLASHTransformer


def gated_attention_unit():
    return GAU(dim=16, query_key_dim=8)


def flash():
    return FLASH(dim=16, group_size=8, query_key_dim=8)


def causal_flash():
    return FLASH(dim=16, group_size=8, query_key_dim=8, causal=True)


def transformer():
    return FLASHTransformer(
        num_tokens=50, dim=16, depth=2, group_size=8, query_key_dim=8
    )
