# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy==2.4.6", "pytorch-crf==0.7.2"]
# [tool.mask-conformance]
# system = "pytorch-crf"
# library = "pytorch-crf"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_more"
# dtypes = ["float16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "uint8", "none"]
# padding = { crf_decode = "no-tag" }
# empty = { crf_log_likelihood = "error", crf_decode = "error" }
# [tool.mask-conformance.unsupported]
# "crf_partition.free" = "no CRF without start and end scores"
# ///
"""pytorch-crf: torchcrf.CRF, the parameters set from the arguments."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import nn
from torch.func import functional_call
from torchcrf import CRF

Tensor: TypeAlias = torch.Tensor


def crf_log_likelihood(
    emissions: Tensor,
    tags: Tensor,
    mask: Tensor | None,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
) -> Tensor:
    parameters = {
        "transitions": transitions,
        "start_transitions": start,
        "end_transitions": end,
    }
    layer = CRF(len(start), batch_first=True)
    how = {"mask": mask, "reduction": "none"}
    found: Tensor = functional_call(layer, parameters, (emissions, tags), how)
    return found


def crf_decode(
    emissions: Tensor,
    mask: Tensor | None,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
) -> Tensor:
    layer = CRF(len(start), batch_first=True)
    layer.transitions = nn.Parameter(transitions)
    layer.start_transitions = nn.Parameter(start)
    layer.end_transitions = nn.Parameter(end)
    found = torch.full(emissions.shape[:2], -1)
    # Lists come back, a tag for each position that counts.
    keep = torch.ones(emissions.shape[:2]) if mask is None else mask
    for row, path in enumerate(layer.decode(emissions, mask=mask)):
        found[row, keep[row].bool()] = torch.tensor(path)
    return found


class _Partition(nn.Module):  # type: ignore[misc, unused-ignore]
    """The sum that the layer's likelihood subtracts, time first as it wants it."""

    def __init__(self, tags: int) -> None:
        super().__init__()
        self.crf = CRF(tags)

    def forward(self, emissions: Tensor, mask: Tensor) -> Tensor:
        found: Tensor = self.crf._compute_normalizer(emissions, mask)  # noqa: SLF001
        return found


def crf_partition(
    emissions: Tensor,
    mask: Tensor | None,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
    *,
    ends: str,
) -> Tensor:
    del ends
    parameters = {
        "crf.transitions": transitions,
        "crf.start_transitions": start,
        "crf.end_transitions": end,
    }
    layer = _Partition(len(start))
    keep = torch.ones(emissions.shape[:2]) if mask is None else mask
    given = (emissions.transpose(0, 1), keep.bool().transpose(0, 1))
    found: Tensor = functional_call(layer, parameters, given)
    return found
