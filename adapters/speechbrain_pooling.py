# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "speechbrain==1.1.2"]
# [tool.mask-conformance]
# system = "SpeechBrain's pooling"
# library = "speechbrain"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "allennlp"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# placements = ["right"]
# [tool.mask-conformance.unsupported]
# "attention_pooling.mean.*" = "it gives the deviation too"
# ///
"""SpeechBrain's AttentiveStatisticsPooling, of ECAPA-TDNN, with relative lengths."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TypeAlias

import torch

# Its binary needs CUDA's libraries, and nothing here needs it.
sys.modules["torchaudio"] = ModuleType("torchaudio")
vars(sys.modules["torchaudio"])["__version__"] = "2.11.0"

from speechbrain.lobes.models.ECAPA_TDNN import (  # noqa: E402 - after the stand-in above
    AttentiveStatisticsPooling,
)

Tensor: TypeAlias = torch.Tensor


def attention_pooling(
    x: Tensor, score: Tensor, mask: Tensor, *, pool: str, per: str, floor: float
) -> Tensor:
    del pool, per
    layer = AttentiveStatisticsPooling(x.shape[2], 1, global_context=False)
    layer.eps = floor
    layer.tdnn = layer.tanh = torch.nn.Identity()
    layer.conv = _Scores(score)
    lengths = mask.sum(dim=1) / max(mask.shape[1], 1)
    return layer(x.transpose(1, 2), lengths)[..., 0]


class _Scores(torch.nn.Module):  # type: ignore[misc, unused-ignore]
    """The scores that are given, in place of the layer's own convolution."""

    def __init__(self, score: Tensor) -> None:
        super().__init__()
        self.score = score

    def forward(self, x: Tensor) -> Tensor:
        del x
        return self.score.transpose(1, 2)
