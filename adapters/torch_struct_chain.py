# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "numpy==2.4.6", "torch-struct==0.5"]
# [tool.mask-conformance]
# system = "Torch-Struct"
# library = "torch-struct"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_more"
# dtypes = ["float32", "float64"]
# mask-forms = ["lengths"]
# ///
"""Torch-Struct: LinearChainCRF over the potentials of each pair of positions."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import nn
from torch_struct import LinearChainCRF

Tensor: TypeAlias = torch.Tensor


def crf_partition(
    emissions: Tensor,
    lengths: Tensor,
    transitions: Tensor,
    start: Tensor | None = None,
    end: Tensor | None = None,
    *,
    ends: str,
) -> Tensor:
    del ends
    found: Tensor = _chain(emissions, lengths, transitions, start, end).partition
    return found


def crf_marginals(
    emissions: Tensor,
    lengths: Tensor,
    transitions: Tensor,
    start: Tensor | None = None,
    end: Tensor | None = None,
    *,
    ends: str,
) -> Tensor:
    del ends
    pairs = _chain(emissions, lengths, transitions, start, end).marginals
    found: Tensor = pairs.sum(dim=3)
    return nn.functional.pad(found, (0, 0, 0, emissions.shape[1] - found.shape[1]))


def _chain(
    emissions: Tensor,
    lengths: Tensor,
    transitions: Tensor,
    start: Tensor | None,
    end: Tensor | None,
) -> LinearChainCRF:
    """Return the chain of a first state, whose tag is 0, and the row behind it.

    Potentials are [t, next, before]: those of a position stand with the pair that
    leads to it, so that a row of one position has a pair of its own.
    """
    # It refuses a batch none of whose rows is full.
    emissions = emissions[:, : max(int(lengths.max()), 1)]
    pairs = transitions.T.expand(*emissions.shape, len(transitions)).clone()
    first = torch.full_like(transitions, -torch.inf)
    first[:, 0] = 0 if start is None else start
    pairs[:, 0] = first
    pairs = pairs + emissions[..., None]
    if end is not None:
        places = torch.arange(emissions.shape[1])
        last = (places == lengths[:, None] - 1)[..., None, None]
        pairs = torch.where(last, pairs + end[:, None], pairs)
    return LinearChainCRF(pairs, lengths=lengths + 1)
