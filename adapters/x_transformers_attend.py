# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "x-transformers==2.31.10"]
# [tool.mask-conformance]
# system = "x-transformers"
# library = "x-transformers"
# family = "PyTorch and what is built on it"
# framework = "torch"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# [tool.mask-conformance.variants.plain]
# environment = "torch_third"
# [tool.mask-conformance.variants.flash]
# environment = "torch_third"
# variables = { MASK_CONFORMANCE_FLASH = "1" }
# ///
"""x-transformers' Attend: its own attention, and torch's behind its flash switch."""

from __future__ import annotations

import os
from typing import TypeAlias

import torch
from x_transformers.attend import Attend

Tensor: TypeAlias = torch.Tensor

_FLASH = bool(os.environ.get("MASK_CONFORMANCE_FLASH"))


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, causal: bool
) -> Tensor:
    heads_first = (tensor.transpose(1, 2) for tensor in (query, key, value))
    seen, _ = Attend(causal=causal, flash=_FLASH).eval()(*heads_first, mask=mask)
    return seen.transpose(1, 2)


def packed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    segments: Tensor,
    mask: Tensor,
    *,
    causal: bool,
) -> Tensor:
    # What packs rows by itself needs a GPU; elsewhere the mask says it.
    own = segments[:, :, None] == segments[:, None]
    heads_first = (tensor.transpose(1, 2) for tensor in (query, key, value))
    attend = Attend(causal=causal, flash=_FLASH).eval()
    seen, _ = attend(*heads_first, mask=(own & mask[:, None])[:, None])
    return seen.transpose(1, 2)


def decode(
    query: Tensor,
    step_key: Tensor,
    step_value: Tensor,
    step_mask: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    chunk: bool,
) -> Tensor:
    # As its Attention does, whose cache is what the last call had, new keys behind it.
    attend = Attend(causal=True, flash=_FLASH).eval()
    size, found = query.shape[1] if chunk else 1, []
    for at in range(0, query.shape[1], size):
        now = slice(at, at + size)
        key, value, mask = (
            torch.cat([cache, new[:, now]], dim=1)
            for cache, new in ((key, step_key), (value, step_value), (mask, step_mask))
        )
        heads_first = (tensor.transpose(1, 2) for tensor in (query[:, now], key, value))
        found.append(attend(*heads_first, mask=mask[:, None, None])[0])
    return torch.cat(found, dim=2).transpose(1, 2)


def cross_attention(
    query: Tensor,
    query_mask: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    grouped: bool,
) -> Tensor:
    del query_mask, grouped  # keys of fewer heads are shared without being told
    # Attend tiles the heads of the keys, so that head h of the queries sees head h % N;
    # here those that share a head of the keys stand side by side.
    heads = key.shape[2]
    tiled = query.unflatten(2, (heads, -1)).transpose(2, 3).flatten(2, 3)
    heads_first = (tensor.transpose(1, 2) for tensor in (tiled, key, value))
    seen, _ = Attend(flash=_FLASH).eval()(*heads_first, mask=mask)
    return seen.transpose(1, 2).unflatten(2, (-1, heads)).transpose(2, 3).flatten(2, 3)
