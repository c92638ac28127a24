# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "transformers==5.24.0"]
# [tool.mask-conformance]
# system = "Transformers, MoE"
# library = "transformers"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float16", "bfloat16", "float32"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "float", "int8", "uint8"]
# [tool.mask-conformance.empty]
# "moe_routing.balance.*" = "nan"
# [tool.mask-conformance.unsupported]
# "moe_routing.z_loss" = "its router z-loss takes no mask"
# "moe_routing.dispatch.1" = "its router with a mask chooses two experts"
# ///
"""Transformers' load balancing loss, as of Mixtral, and the router of NLLB-MoE."""

from __future__ import annotations

from typing import TypeAlias

import torch
from transformers import NllbMoeConfig
from transformers.models.mixtral.modeling_mixtral import load_balancing_loss_func
from transformers.models.nllb_moe.modeling_nllb_moe import NllbMoeTop2Router

Tensor: TypeAlias = torch.Tensor


def moe_routing(
    logits: Tensor, mask: Tensor, *, part: str, top: int, capacity: int
) -> Tensor:
    experts = logits.shape[2]
    if part == "dispatch":
        return _dispatch(logits, mask, capacity)
    # As its models call it: the logits of all layers, here of one, and the mask.
    layers = (logits.reshape(-1, experts),)
    found = load_balancing_loss_func(layers, experts, top, mask)
    return found.to(logits.dtype)


def _dispatch(logits: Tensor, mask: Tensor, capacity: int) -> Tensor:
    router = NllbMoeTop2Router(
        NllbMoeConfig(
            d_model=1,
            num_experts=logits.shape[2],
            expert_capacity=capacity,
            moe_eval_capacity_token_fraction=0.0,
            normalize_router_prob_before_dropping=True,
            batch_prioritized_routing=False,
        )
    ).eval()
    # Its group is what it is given; a row is one here, so that each has its own call.
    found = [
        router.route_tokens(row, row.dtype, padding)[1]
        for row, padding in zip(logits, ~mask.bool(), strict=True)
    ]
    return torch.stack(found) if found else logits
