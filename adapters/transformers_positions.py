# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "transformers==5.24.0"]
# [tool.mask-conformance]
# system = "Transformers' positions"
# library = "transformers"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float16", "bfloat16", "float32"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool", "float", "int8", "uint8"]
# [tool.mask-conformance.padding]
# "positions.row.0" = "zero"
# [tool.mask-conformance.empty]
# "positions.row.0" = "zero"
# ///
"""Transformers' positions: of generate, RoBERTa and its packing collator; rotary."""

from __future__ import annotations

from typing import TypeAlias

import torch
from transformers import CohereConfig, DataCollatorWithFlattening, LlamaConfig
from transformers.generation import GenerationMixin
from transformers.models.cohere import modeling_cohere
from transformers.models.llama import modeling_llama
from transformers.models.roberta.modeling_roberta import RobertaEmbeddings

Tensor: TypeAlias = torch.Tensor

TOKEN = 7


def positions(segments: Tensor, mask: Tensor, *, within: str, start: int) -> Tensor:
    if within == "segment":
        return _flatten(segments, mask.bool(), start)
    if start == 0:
        return _count(mask)
    # RoBERTa reads the mask off the ids; its first position is the padding id + 1.
    padding = start - 1
    ids = torch.where(mask.bool(), TOKEN, padding)
    return RobertaEmbeddings.create_position_ids_from_input_ids(ids, padding)


def rotary(x: Tensor, mask: Tensor, *, layout: str) -> Tensor:
    size = {"head_dim": x.shape[3], "hidden_size": x.shape[2] * x.shape[3]}
    size["num_attention_heads"] = x.shape[2]
    if layout == "half":
        model, table = modeling_llama, modeling_llama.LlamaRotaryEmbedding
        cos, sin = table(LlamaConfig(**size))(x, _count(mask))
    else:
        model, table = modeling_cohere, modeling_cohere.CohereRotaryEmbedding
        cos, sin = table(CohereConfig(**size, rope_theta=10000.0))(x, _count(mask))
    return model.apply_rotary_pos_emb(x, x, cos, sin, unsqueeze_dim=2)[0]


def _count(mask: Tensor) -> Tensor:
    """Return the positions that generate makes of the mask of its tokens."""
    ids, given = torch.full(mask.shape, TOKEN), {"attention_mask": mask.long()}
    return GenerationMixin._prepare_position_ids_for_generation(None, ids, given)  # noqa: SLF001 - as generate does


def _flatten(segments: Tensor, valid: Tensor, start: int) -> Tensor:
    """Return the positions of a collator that is given every sequence, one by one."""
    row = torch.arange(len(valid)).unsqueeze(1).expand_as(valid)
    each = torch.stack([row[valid], segments[valid]])
    lengths = torch.unique_consecutive(each, dim=1, return_counts=True)[1].tolist()
    found = torch.zeros(valid.shape, dtype=torch.long)
    if lengths:  # it takes no batch without tokens
        collate = DataCollatorWithFlattening(position_ids_start=start)
        flat = collate([{"input_ids": [TOKEN] * length} for length in lengths])
        found[valid] = flat["position_ids"][0]
    return found
