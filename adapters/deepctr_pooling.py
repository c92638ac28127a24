# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "deepctr-torch==0.3.0"]
# [tool.mask-conformance]
# system = "DeepCTR-Torch"
# library = "deepctr-torch"
# family = "PyTorch"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.requires]
# masked_mean = ["rank-3"]
# masked_max = ["rank-3"]
# masked_sum = ["rank-3"]
# [tool.mask-conformance.empty]
# masked_mean = "zero"
# [tool.mask-conformance.unsupported]
# "attention_pooling.*.feature" = "it has one score for each position"
# ///
"""DeepCTR-Torch's pooling of sequences with a mask."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING
from unittest.mock import patch

with patch.object(Thread, "start"):  # its import asks PyPI for a newer release
    from deepctr_torch.layers.sequence import (
        AttentionSequencePoolingLayer,
        SequencePoolingLayer,
    )

import torch

if TYPE_CHECKING:
    from torch import Tensor


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    return _pool("mean", x, mask)


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    return _pool("max", x, mask)


def masked_sum(x: Tensor, mask: Tensor) -> Tensor:
    return _pool("sum", x, mask)


def attention_pooling(
    x: Tensor, score: Tensor, mask: Tensor, *, pool: str, per: str, floor: float
) -> Tensor:
    del pool, per, floor
    layer = AttentionSequencePoolingLayer(
        weight_normalization=True, supports_masking=True, embedding_dim=x.shape[2]
    )
    layer.local_att = _Scores(score)
    return layer(x[:, :1], x, None, mask=mask)[:, 0]


class _Scores(torch.nn.Module):  # type: ignore[misc, unused-ignore]
    """The scores that are given, in place of the layer's own network."""

    def __init__(self, score: Tensor) -> None:
        super().__init__()
        self.score = score

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        del query, keys
        return self.score[..., None]


def _pool(mode: str, x: Tensor, mask: Tensor) -> Tensor:
    layer = SequencePoolingLayer(mode, supports_masking=True, device=str(x.device))
    return layer([x, mask]).squeeze(1).to(x.dtype)
