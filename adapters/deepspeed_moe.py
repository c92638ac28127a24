# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "deepspeed==0.19.8"]
# [tool.mask-conformance]
# system = "DeepSpeed, MoE"
# library = "deepspeed"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_more"
# dtypes = ["float32"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# variables = { DS_ACCELERATOR = "cpu" }
# [tool.mask-conformance.empty]
# "moe_routing.balance.1" = "zero"
# [tool.mask-conformance.unsupported]
# "moe_routing.balance.2" = "its gate for two experts takes no mask"
# "moe_routing.z_loss" = "it has no router z-loss"
# "moe_routing.dispatch.1" = "beyond the capacity it keeps any tokens, not the first"
# "moe_routing.dispatch.2" = "its gate for two experts takes no mask"
# ///
"""DeepSpeed's load balancing loss of one choice, with the tokens that are used."""

from __future__ import annotations

from typing import TypeAlias

import torch
from deepspeed.moe.sharded_moe import top1gating

Tensor: TypeAlias = torch.Tensor


def moe_routing(
    logits: Tensor, mask: Tensor, *, part: str, top: int, capacity: int
) -> Tensor:
    del part, top, capacity
    flat = logits.reshape(-1, logits.shape[2])
    # It multiplies its choices by the tokens that are used, which are whole numbers.
    return top1gating(flat, 1.0, 0, used_token=mask.long().reshape(-1))[0]
