# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "soft-moe-pytorch==0.1.9"]
# [tool.mask-conformance]
# title = "soft-moe-pytorch"
# environment = "models"
# preload = ["torch", "soft_moe_pytorch"]
# ///
"""soft-moe-pytorch: tokens are mixed into slots, with a mask."""

from __future__ import annotations

from soft_moe_pytorch import DynamicSlotsSoftMoE, SoftMoE


def soft_moe():
    return SoftMoE(dim=16, seq_len=32, num_experts=4)


def dynamic_slots():
    return DynamicSlotsSoftMoE(dim=16, num_experts=4)
