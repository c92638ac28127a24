# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "pytorch-forecasting==1.8.0"]
# [tool.mask-conformance]
# title = "pytorch-forecasting"
# environment = "models"
# preload = ["torch", "pytorch_forecasting.models.nn.rnn"]
# ///
"""pytorch-forecasting: layers of its models, with lengths and masks."""

from __future__ import annotations

import torch
from pytorch_forecasting.models.nn.rnn import GRU, LSTM
from pytorch_forecasting.models.temporal_fusion_transformer.sub_modules import (
    InterpretableMultiHeadAttention,
)


class Recurrent(torch.nn.Module):
    """A recurrent layer that is told lengths."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, lengths):
        out, state = self.layer(x, lengths=lengths, enforce_sorted=False)
        last = state[0] if isinstance(state, tuple) else state
        return out, last.transpose(0, 1)


class Attending(torch.nn.Module):
    """The attention of a temporal fusion transformer; its mask is true at padding."""

    def __init__(self):
        super().__init__()
        self.layer = InterpretableMultiHeadAttention(d_model=8, n_head=2, dropout=0.0)

    def forward(self, x, mask):
        hidden = (~mask)[:, None].expand(-1, x.shape[1], -1)
        return self.layer(q=x, k=x, v=x, mask=hidden)[0]


def lstm():
    return Recurrent(LSTM(8, 6, batch_first=True))


def gru():
    return Recurrent(GRU(8, 6, batch_first=True))


def interpretable_attention():
    return Attending()
