# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "transformers==5.24.0"]
# [tool.mask-conformance]
# system = "Transformers, RecurrentGemma"
# library = "transformers"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# padding = { "gated_scan.*" = "held" }
# ///
"""Transformers' RG-LRU recurrence, as RecurrentGemma's layer calls it."""

from __future__ import annotations

from typing import TypeAlias

import torch
from transformers.models.recurrent_gemma.modeling_recurrent_gemma import (
    RecurrentGemmaRglru,
)

Tensor: TypeAlias = torch.Tensor


def gated_scan(
    initial: Tensor, x: Tensor, decay: Tensor, mask: Tensor, *, output: str
) -> Tensor:
    # No mask: padding is a position like others.
    here = mask[..., None]
    states, final = RecurrentGemmaRglru._rnn_scan(  # noqa: SLF001 - it has no other name
        None,
        torch.where(here, x, 0),
        torch.where(here, decay, 1),
        torch.zeros_like(here),
        initial,
    )
    return (final if output == "final" else states).to(x.dtype)
