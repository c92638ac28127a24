# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "sentence-transformers==6.2.0"]
# [tool.mask-conformance]
# system = "Sentence Transformers"
# library = "sentence-transformers"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "float", "int8", "uint8"]
# ///
"""Sentence Transformers' Pooling over token embeddings."""

from __future__ import annotations

from typing import TypeAlias

import torch
from sentence_transformers.sentence_transformer.modules import Pooling

Tensor: TypeAlias = torch.Tensor


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    return _pooled(x, mask, "mean")


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    return _pooled(x, mask, "max")


def last_valid(x: Tensor, mask: Tensor) -> Tensor:
    return _pooled(x, mask, "lasttoken")


def _pooled(x: Tensor, mask: Tensor, mode: str) -> Tensor:
    """Return what the module gives; it wants all features on one axis."""
    tokens = x.reshape(*x.shape[:2], -1)
    # Tokenizers give the mask as whole numbers of 64 bits.
    features = {"token_embeddings": tokens, "attention_mask": mask.long()}
    pooled = Pooling(tokens.shape[2], pooling_mode=mode)(features)
    return pooled["sentence_embedding"].reshape(len(x), *x.shape[2:])
