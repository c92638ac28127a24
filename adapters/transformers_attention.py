# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "transformers==5.24.0"]
# [tool.mask-conformance]
# system = "Transformers"
# library = "transformers"
# family = "PyTorch and what is built on it"
# framework = "torch"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "float", "int8", "uint8"]
# [tool.mask-conformance.variants.eager]
# environment = "torch_third"
# variables = { MASK_CONFORMANCE_ATTENTION = "eager" }
# [tool.mask-conformance.variants.sdpa]
# environment = "torch_third"
# variables = { MASK_CONFORMANCE_ATTENTION = "sdpa" }
# ///
"""Transformers' masks and attention functions, as its BERT calls them."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TypeAlias

import torch
from transformers import BertConfig
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import create_bidirectional_mask, create_causal_mask
from transformers.models.bert.modeling_bert import eager_attention_forward

Tensor: TypeAlias = torch.Tensor

_IMPLEMENTATION = os.environ["MASK_CONFORMANCE_ATTENTION"]
_FORWARD = {"eager": eager_attention_forward, "sdpa": sdpa_attention_forward}


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, causal: bool
) -> Tensor:
    config = BertConfig(is_decoder=causal)
    config._attn_implementation = _IMPLEMENTATION  # noqa: SLF001 - as its models do
    # Tokenizers give the mask as whole numbers of 64 bits.
    tokens, numbers = query.flatten(2), mask.long()
    if causal:
        seen = create_causal_mask(config, tokens, numbers, past_key_values=None)
    else:
        seen = create_bidirectional_mask(config, tokens, numbers)
    module = SimpleNamespace(is_causal=causal, training=False)
    heads_first = (tensor.transpose(1, 2) for tensor in (query, key, value))
    return _FORWARD[_IMPLEMENTATION](module, *heads_first, seen)[0]
