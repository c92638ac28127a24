# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "deepctr-torch==0.3.0"]
# [tool.mask-conformance]
# title = "deepctr-torch"
# environment = "models"
# preload = ["torch", "deepctr_torch.layers"]
# settings."*" = { features = 8 }
# [tool.mask-conformance.settings."models/deepctr_torch_layers.py:normalized_attention_pooling"]
# features = 8
# questions = ["mask-read", "other-numbers", "more-padding", "alone", "beside", "order", "nan"]
# ///
"""deepctr-torch: what pools the items of a user's history, with lengths."""

from __future__ import annotations

import torch
from deepctr_torch.layers.sequence import (
    AttentionSequencePoolingLayer,
    SequencePoolingLayer,
)
from deepctr_torch.models.dien import InterestEvolving, InterestExtractor


class Pooled(torch.nn.Module):
    """A pooling of a sequence by its lengths."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, lengths):
        return self.layer([x, lengths[:, None]])[:, 0]


class Masked(torch.nn.Module):
    """A pooling of a sequence by its mask."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, mask):
        return self.layer([x, mask])[:, 0]


class Queried(torch.nn.Module):
    """An attention of one query to a sequence."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x, lengths):
        query = torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype)
        return self.layer(query.expand(len(x), 1, -1), x, lengths[:, None])[:, 0]


def sum_pooling():
    return Pooled(SequencePoolingLayer("sum"))


def mean_pooling():
    return Pooled(SequencePoolingLayer("mean"))


def max_pooling():
    return Pooled(SequencePoolingLayer("max"))


def masked_mean_pooling():
    return Masked(SequencePoolingLayer("mean", supports_masking=True))


def masked_max_pooling():
    return Masked(SequencePoolingLayer("max", supports_masking=True))


def attention_pooling():
    return Queried(AttentionSequencePoolingLayer((8, 4), embedding_dim=8))


def normalized_attention_pooling():
    return Queried(
        AttentionSequencePoolingLayer(
            (8, 4), embedding_dim=8, weight_normalization=True
        )
    )


class Extracted(torch.nn.Module):
    """DIEN's interests of a history."""

    def __init__(self):
        super().__init__()
        self.layer = InterestExtractor(8)

    def forward(self, x, lengths):
        return self.layer(x, lengths[:, None])[0]


class Evolved(torch.nn.Module):
    """DIEN's last interest of a history."""

    def __init__(self, kind):
        super().__init__()
        self.layer = InterestEvolving(8, gru_type=kind)

    def forward(self, x, lengths):
        query = torch.linspace(-1, 1, x.shape[-1], dtype=x.dtype)
        return self.layer(query.expand(len(x), -1), x, lengths[:, None])


def interest_extractor():
    return Extracted()


def interest_evolving_gru():
    return Evolved("GRU")


def interest_evolving_augru():
    return Evolved("AUGRU")
