# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy==2.4.6", "stanza==1.15.0"]
# [tool.mask-conformance]
# system = "Stanza, its CRF"
# library = "stanza"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_more"
# dtypes = ["float16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# empty = { "crf_partition.free" = "zero" }
# [tool.mask-conformance.unsupported]
# "crf_partition.scored" = "CRFLoss has no start and end scores"
# ///
"""Stanza's CRFLoss, the sum over all paths that its loss subtracts."""

from __future__ import annotations

from typing import TypeAlias

import torch
from stanza.models.common.crf import CRFLoss
from torch import nn

Tensor: TypeAlias = torch.Tensor


class _Partition(nn.Module):  # type: ignore[misc, unused-ignore]
    """CRFLoss's own partition, reached as a module is that has its parameter."""

    def __init__(self, tags: int) -> None:
        super().__init__()
        self.crf = CRFLoss(tags)

    def forward(self, emissions: Tensor, padding: Tensor) -> Tensor:
        found: Tensor = self.crf.crf_log_norm(emissions, padding, None)
        return found


def crf_partition(
    emissions: Tensor, mask: Tensor, transitions: Tensor, *, ends: str
) -> Tensor:
    del ends
    layer = _Partition(len(transitions))
    parameters = {"crf._transitions": transitions}
    # Its masks are true at padding.
    return torch.func.functional_call(layer, parameters, (emissions, ~mask))
