# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "vector-quantize-pytorch==1.32.0"]
# [tool.mask-conformance]
# title = "vector-quantize-pytorch"
# environment = "models"
# preload = ["torch", "vector_quantize_pytorch"]
# settings."*" = { features = 8 }
# ///
"""vector-quantize-pytorch: each position by itself, with a mask."""

from __future__ import annotations

import torch
from vector_quantize_pytorch import (
    FSQ,
    LFQ,
    ResidualVQ,
    VectorQuantize,
)


class Quantized(torch.nn.Module):
    """The quantized sequence of a quantizer."""

    def __init__(self, layer, *, masked=True):
        super().__init__()
        self.layer = layer
        self.masked = masked

    def forward(self, x, mask):
        more = {"mask": mask} if self.masked else {}
        return self.layer(x, **more)[0]


def vector_quantize():
    return Quantized(VectorQuantize(dim=8, codebook_size=16))


def cosine_similarity():
    return Quantized(VectorQuantize(dim=8, codebook_size=16, use_cosine_sim=True))


def residual_vq():
    return Quantized(ResidualVQ(dim=8, num_quantizers=2, codebook_size=16))


def lookup_free():
    return Quantized(LFQ(dim=8, codebook_size=16))


def finite_scalar():
    return Quantized(FSQ([5, 5, 5], dim=8), masked=False)
