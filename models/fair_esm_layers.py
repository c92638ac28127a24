# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "fair-esm==2.0.0"]
# [tool.mask-conformance]
# title = "fair-esm"
# environment = "models"
# preload = ["torch", "esm.model.esm2"]
# settings."*" = { kind = "ids", vocabulary = 24 }
# [tool.mask-conformance.left-out]
# "models/fair_esm_layers.py:esm2" = "its rotary tables keep the dtype of the first call: float64 cannot be asked"
# ///
"""fair-esm: protein models; padding is an id of its own."""

from __future__ import annotations

import torch
from esm import Alphabet
from esm.model.esm2 import ESM2


class Masked(torch.nn.Module):
    """A model that finds its mask by the id of padding."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.padding = model.padding_idx

    def forward(self, input_ids, mask):
        tokens = input_ids.masked_fill(~mask, self.padding)
        return self.model(tokens, repr_layers=[2])["representations"][2]


def esm2():
    alphabet = Alphabet.from_architecture("ESM-1b")
    return Masked(
        ESM2(num_layers=2, embed_dim=16, attention_heads=2, alphabet=alphabet)
    )
