# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy==2.4.6", "mambapy==1.2.0"]
# [tool.mask-conformance]
# system = "mambapy"
# library = "mambapy"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_more"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# padding = { "gated_scan.*" = "held" }
# ///
"""mambapy's parallel scan, which its Mamba and its LRU are made of: pscan."""

from __future__ import annotations

from typing import TypeAlias

import torch
from mambapy.pscan import pscan

Tensor: TypeAlias = torch.Tensor


def gated_scan(
    initial: Tensor, x: Tensor, decay: Tensor, mask: Tensor, *, output: str
) -> Tensor:
    # No mask and no state: both are positions like others; half precision is scanned
    # in float32, as its own Mamba does.
    wide = torch.promote_types(x.dtype, torch.float32)
    here = mask[..., None]
    added = torch.where(here, x.to(wide), 0)
    added = torch.cat([initial.to(wide)[:, None], added], dim=1)
    factor = torch.where(here, decay.to(wide), 1)
    factor = torch.cat([torch.ones_like(factor[:, :1]), factor], dim=1)
    # A state of one number for each feature, where Mamba has several.
    states = pscan(factor[..., None], added[..., None])[..., 0]
    return (states[:, -1] if output == "final" else states[:, 1:]).to(x.dtype)
