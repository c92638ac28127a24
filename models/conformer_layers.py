# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "conformer==0.3.2"]
# [tool.mask-conformance]
# title = "conformer"
# environment = "torch_third"
# preload = ["torch", "conformer"]
# ///
"""conformer: attention and a convolution, with a mask."""

from __future__ import annotations

from conformer import Conformer, ConformerBlock


def block():
    return ConformerBlock(dim=16, dim_head=8, heads=2, conv_kernel_size=5)


def causal_block():
    return ConformerBlock(
        dim=16, dim_head=8, heads=2, conv_kernel_size=5, conv_causal=True
    )


def conformer():
    return Conformer(16, depth=2, dim_head=8, heads=2, conv_kernel_size=5)
