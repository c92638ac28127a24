# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "transformers==5.24.0"]
# [tool.mask-conformance]
# system = "Transformers, frames"
# library = "transformers"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float32"]
# routes = ["eager"]
# placements = ["right"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "strided_conv1d.half.*" = "no zeros beside the row"
# "strided_conv1d.causal.*" = "no zeros before the row"
# "strided_conv1d.valid.2.2" = "no dilation"
# ///
"""Hugging Face Transformers: Wav2Vec2's feature extractor and the frames it counts."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch.func import functional_call
from transformers import Wav2Vec2Config, Wav2Vec2Model
from transformers.models.wav2vec2 import modeling_wav2vec2 as wav2vec2

Tensor: TypeAlias = torch.Tensor


def strided_conv1d(
    x: Tensor,
    mask: Tensor,
    kernel: Tensor,
    bias: Tensor,
    *,
    padding: str,
    stride: int,
    dilation: int,
) -> Tensor:
    del padding, dilation
    taps, features, channels = kernel.shape
    # Its first layer takes one number a sample; the second one is asked.
    config = Wav2Vec2Config(
        conv_dim=(features, channels),
        conv_kernel=(1, taps),
        conv_stride=(1, stride),
        conv_bias=True,
        feat_extract_activation="linear",
        feat_extract_norm="layer",
        num_feat_extract_layers=2,
        hidden_size=2,
        num_hidden_layers=0,
        num_attention_heads=1,
        intermediate_size=2,
        num_conv_pos_embeddings=1,
        num_conv_pos_embedding_groups=1,
    )
    layer = wav2vec2.Wav2Vec2NoLayerNormConvLayer(config, layer_id=1)
    given = {"conv.weight": kernel.permute(2, 1, 0), "conv.bias": bias}
    found = functional_call(layer, given, x.transpose(1, 2)).transpose(1, 2)
    frames = Wav2Vec2Model(config)._get_feature_vector_attention_mask(  # noqa: SLF001
        found.shape[1], mask.long()
    )
    return torch.where(frames[..., None], found, 0)
