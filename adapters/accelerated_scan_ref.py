# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy==2.4.6", "accelerated-scan==0.3.1"]
# [tool.mask-conformance]
# system = "accelerated-scan"
# library = "accelerated-scan"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_more"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# padding = { "gated_scan.*" = "held" }
# ///
"""accelerated-scan's implementation in plain torch, its only one for a CPU."""

from __future__ import annotations

from typing import TypeAlias

import torch
from accelerated_scan.ref import scan

Tensor: TypeAlias = torch.Tensor


def gated_scan(
    initial: Tensor, x: Tensor, decay: Tensor, mask: Tensor, *, output: str
) -> Tensor:
    # No mask and no state: padding is a position like others, and the initial state
    # goes into the first input. Half precision is scanned in float32, as layers do.
    wide = torch.promote_types(x.dtype, torch.float32)
    here = mask[..., None]
    factor = torch.where(here, decay.to(wide), 1)
    added = torch.where(here, x.to(wide), 0)
    first = added[:, :1] + factor[:, :1] * initial.to(wide)[:, None]
    added = torch.cat([first, added[:, 1:]], dim=1)
    gates, tokens = (each.mT.contiguous() for each in (factor, added))
    states = scan(gates, tokens).mT
    return (states[:, -1] if output == "final" else states).to(x.dtype)
