# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy==2.4.6", "TorchCRF==1.1.0"]
# [tool.mask-conformance]
# system = "TorchCRF"
# library = "TorchCRF"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torchcrf-other"
# dtypes = ["float16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# padding = { crf_decode = "no-tag" }
# ///
"""TorchCRF, the other package of that name: TorchCRF.CRF, the parameters set."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import nn
from torch.func import functional_call
from TorchCRF import CRF

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
        "trans_matrix": transitions,
        "start_trans": start,
        "end_trans": end,
    }
    layer = CRF(len(start), use_gpu=False)
    found: Tensor = functional_call(layer, parameters, (emissions, tags, mask))
    return found


def crf_decode(
    emissions: Tensor,
    mask: Tensor | None,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
) -> Tensor:
    layer = CRF(len(start), use_gpu=False)
    layer.trans_matrix = nn.Parameter(transitions)
    layer.start_trans = nn.Parameter(start)
    layer.end_trans = nn.Parameter(end)
    keep = torch.ones(emissions.shape[:2]) if mask is None else mask
    found = torch.full(emissions.shape[:2], -1)
    # Lists come back, a tag for each position that counts.
    for row, path in enumerate(layer.viterbi_decode(emissions, keep)):
        found[row, keep[row].bool()] = torch.tensor(path)
    return found
