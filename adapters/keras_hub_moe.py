# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "keras==3.15.1", "keras-hub==0.32.0"]
# [tool.mask-conformance]
# system = "KerasHub, MoE"
# library = "keras-hub"
# family = "TensorFlow and Keras"
# framework = "torch"
# environment = "keras-hub"
# dtypes = ["float16", "bfloat16", "float32"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# variables = { KERAS_BACKEND = "torch" }
# [tool.mask-conformance.empty]
# "moe_routing.balance.*" = "zero"
# [tool.mask-conformance.unsupported]
# "moe_routing.z_loss" = "it has no router z-loss"
# "moe_routing.dispatch.*" = "its experts have no capacity"
# ///
"""KerasHub's load balancing loss, as its Mixtral decoder adds it."""

from __future__ import annotations

from typing import TypeAlias

import torch
from keras_hub.src.models.mixtral.mixtral_decoder import compute_load_balancing_loss

Tensor: TypeAlias = torch.Tensor


def moe_routing(
    logits: Tensor, mask: Tensor, *, part: str, top: int, capacity: int
) -> Tensor:
    del part, capacity
    experts = logits.shape[2]
    found = compute_load_balancing_loss(logits.reshape(-1, experts), experts, top, mask)
    # Its mean over the choices has a coefficient, as in its layer.
    return (top * found).to(logits.dtype)
