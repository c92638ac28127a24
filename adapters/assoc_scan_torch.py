# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy==2.4.6", "assoc-scan==0.0.6"]
# [tool.mask-conformance]
# system = "assoc-scan"
# library = "assoc-scan"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_more"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# padding = { "gated_scan.*" = "held" }
# ///
"""assoc-scan's module, which minGRU scans with and takes an initial state."""

from __future__ import annotations

from typing import TypeAlias

import torch
from assoc_scan import AssocScan

Tensor: TypeAlias = torch.Tensor


def gated_scan(
    initial: Tensor, x: Tensor, decay: Tensor, mask: Tensor, *, output: str
) -> Tensor:
    # No mask: padding is a position like others. Half precision is scanned in float32.
    wide = torch.promote_types(x.dtype, torch.float32)
    here = mask[..., None]
    added = torch.where(here, x.to(wide), 0)
    factor = torch.where(here, decay.to(wide), 1)
    states: Tensor = AssocScan()(factor, added, prev=initial.to(wide))
    return (states[:, -1] if output == "final" else states).to(x.dtype)
