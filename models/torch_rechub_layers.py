# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torch-rechub==0.9.0"]
# [tool.mask-conformance]
# title = "torch-rechub"
# environment = "models"
# preload = ["torch", "torch_rechub.basic.layers"]
# ///
"""torch-rechub: pooling and encoders of a user's history, with masks."""

from __future__ import annotations

import torch
from torch_rechub.basic.layers import (
    AveragePooling,
    HSTUBlock,
    MultiInterestSA,
    SumPooling,
)


class Pooled(torch.nn.Module):
    """A pooling, whose mask is [B, 1, T]."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, mask):
        return self.layer(x, mask[:, None].to(x.dtype))


class Interests(torch.nn.Module):
    """Interests of a history, whose mask is [B, T, 1] or [B, T]."""

    def __init__(self, layer, *, column):
        super().__init__()
        self.layer = layer
        self.column = column

    def forward(self, x, mask):
        mask = mask.to(x.dtype)
        return self.layer(x, mask[:, :, None] if self.column else mask)


def average_pooling():
    return Pooled(AveragePooling())


def sum_pooling():
    return Pooled(SumPooling())


def multi_interest_self_attention():
    return Interests(MultiInterestSA(8, 3), column=True)


def hstu_block():
    return HSTUBlock(d_model=16, n_heads=2, n_layers=2)
