# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "allennlp-light==1.0.0"]
# [tool.mask-conformance]
# system = "AllenNLP light"
# library = "allennlp-light"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "allennlp"
# dtypes = ["float16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "none"]
# padding = { crf_decode = "no-tag" }
# ///
"""AllenNLP's ConditionalRandomField, as allennlp-light keeps it."""

from __future__ import annotations

from typing import TypeAlias

import torch
from allennlp_light.modules.conditional_random_field import ConditionalRandomField
from torch import nn
from torch.func import functional_call

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
    layer = ConditionalRandomField(len(start))
    # It sums over the batch: one row at a time, to see each row's.
    keep = [None] * len(tags) if mask is None else mask.split(1)
    rows = zip(emissions.split(1), tags.split(1), keep, strict=True)
    return torch.stack([functional_call(layer, parameters, row) for row in rows])


def crf_decode(
    emissions: Tensor,
    mask: Tensor | None,
    transitions: Tensor,
    start: Tensor,
    end: Tensor,
) -> Tensor:
    layer = ConditionalRandomField(len(start))
    layer.transitions = nn.Parameter(transitions)
    layer.start_transitions = nn.Parameter(start)
    layer.end_transitions = nn.Parameter(end)
    keep = torch.ones(emissions.shape[:2]).bool() if mask is None else mask
    found = torch.full(emissions.shape[:2], -1)
    # Lists come back, a tag for each position that counts.
    for row, (path, _) in enumerate(layer.viterbi_tags(emissions, mask)):
        found[row, keep[row]] = torch.tensor(path, dtype=torch.int64)
    return found


class _Partition(nn.Module):  # type: ignore[misc, unused-ignore]
    """The sum that the layer's likelihood subtracts."""

    def __init__(self, tags: int, *, scored: bool) -> None:
        super().__init__()
        self.crf = ConditionalRandomField(tags, include_start_end_transitions=scored)

    def forward(self, emissions: Tensor, mask: Tensor) -> Tensor:
        own = self.crf
        found: Tensor = own._input_likelihood(emissions, own.transitions, mask)  # noqa: SLF001
        return found


def crf_partition(
    emissions: Tensor,
    mask: Tensor | None,
    transitions: Tensor,
    start: Tensor | None = None,
    end: Tensor | None = None,
    *,
    ends: str,
) -> Tensor:
    parameters = {"crf.transitions": transitions}
    if start is not None and end is not None:
        parameters["crf.start_transitions"] = start
        parameters["crf.end_transitions"] = end
    layer = _Partition(len(transitions), scored=ends == "scored")
    keep = torch.ones(emissions.shape[:2]).bool() if mask is None else mask
    found: Tensor = functional_call(layer, parameters, (emissions, keep))
    return found
