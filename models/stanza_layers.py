# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "stanza==1.15.0"]
# [tool.mask-conformance]
# title = "stanza"
# environment = "models"
# preload = ["torch", "stanza.models.common.hlstm"]
# ///
"""stanza: layers of its taggers and parsers, with lengths and masks."""

from __future__ import annotations

import torch
from stanza.models.common.hlstm import HighwayLSTM


class Highway(torch.nn.Module):
    """A highway LSTM over packed rows."""

    def __init__(self):
        super().__init__()
        self.layer = HighwayLSTM(8, 6, 2, batch_first=True, bidirectional=True)

    def forward(self, x, lengths):
        rnn = torch.nn.utils.rnn
        packed = rnn.pack_padded_sequence(
            x, lengths, batch_first=True, enforce_sorted=False
        )
        out = self.layer(packed, packed.batch_sizes)[0]
        return rnn.pad_packed_sequence(out, batch_first=True, total_length=x.shape[1])[
            0
        ]


def highway_lstm():
    return Highway()
