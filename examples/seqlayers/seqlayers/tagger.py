"""A BiLSTM over padded rows, and a tagger made of it."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class BiLstmEncoder(nn.Module):
    """A bidirectional LSTM that never reads padding: rows are packed.

    Padding stands at the end of each row, which has at least one step that counts.
    """

    def __init__(self, features: int, units: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(features, units, batch_first=True, bidirectional=True)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Encode ``[B, T, F]`` as ``[B, T, 2 units]``, zero at padding."""
        packed = pack_padded_sequence(
            x, mask.sum(dim=1).cpu(), batch_first=True, enforce_sorted=False
        )
        out, _ = pad_packed_sequence(
            self.lstm(packed)[0], batch_first=True, total_length=x.shape[1]
        )
        return out


class Tagger(nn.Module):
    """A score for each tag at each step."""

    def __init__(self, features: int, units: int, tags: int) -> None:
        super().__init__()
        self.encoder = BiLstmEncoder(features, units)
        self.head = nn.Linear(2 * units, tags)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Score ``[B, T, F]`` as ``[B, T, tags]``."""
        return self.head(self.encoder(x, mask))
