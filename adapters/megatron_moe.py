# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "megatron-core==0.16.1"]
# [tool.mask-conformance]
# system = "Megatron Core, MoE"
# library = "megatron-core"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_more"
# dtypes = ["float16", "bfloat16", "float32"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.empty]
# "moe_routing.balance.*" = "nan"
# "moe_routing.z_loss" = "zero"
# [tool.mask-conformance.unsupported]
# "moe_routing.dispatch.*" = "its capacity takes no mask"
# ///
"""Megatron Core's load balancing loss and z-loss, as its TopKRouter calls them."""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

import torch
from megatron.core.transformer.moe import moe_utils
from torch import distributed

Tensor: TypeAlias = torch.Tensor


def moe_routing(
    logits: Tensor, mask: Tensor, *, part: str, top: int, capacity: int
) -> Tensor:
    del capacity
    experts = logits.shape[2]
    flat, padding = logits.reshape(-1, experts), ~mask.reshape(-1)
    if part == "z_loss":
        found = moe_utils.z_loss_func(flat, 1.0, padding_mask=padding)
        return found.to(logits.dtype)
    chosen, scores = moe_utils.compute_routing_scores_for_aux_loss(
        flat, top, "softmax", padding_mask=padding
    )
    counts, _, number = moe_utils.get_tokens_per_expert_and_token_count(
        chosen, _make_group(), topk=top, with_padding_mask=True
    )
    # It divides by the choices, which its coefficient makes good.
    found = moe_utils.switch_load_balancing_loss_func(
        scores, counts, number, top, experts, float(top)
    )
    return found.to(logits.dtype)


@cache
def _make_group() -> distributed.ProcessGroup:
    """Return a group of this process alone, over which its counts are added up."""
    store = distributed.HashStore()
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    return distributed.group.WORLD
