# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "sentence-transformers==6.2.0"]
# [tool.mask-conformance]
# title = "sentence-transformers"
# environment = "torch_third"
# preload = ["torch", "sentence_transformers"]
# ///
"""sentence-transformers: every pooling mode, and the layers that take a mask."""

from __future__ import annotations

import torch
from sentence_transformers.sentence_transformer.modules import Pooling


class Pooled(torch.nn.Module):
    """A pooling of token embeddings."""

    def __init__(self, mode):
        super().__init__()
        self.pooling = Pooling(8, pooling_mode=mode)

    def forward(self, x, attention_mask):
        given = {"token_embeddings": x, "attention_mask": attention_mask}
        return self.pooling(given)["sentence_embedding"]


def mean():
    return Pooled("mean")


def maximum():
    return Pooled("max")


def first():
    return Pooled("cls")


def last():
    return Pooled("lasttoken")


def mean_by_root_of_length():
    return Pooled("mean_sqrt_len_tokens")


def weighted_mean():
    return Pooled("weightedmean")
