# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "transformers==5.24.0"]
# [tool.mask-conformance]
# system = "Transformers, Trainer"
# library = "transformers"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "accumulated_loss.sum.*" = "its Trainer divides by num_items_in_batch"
# "accumulated_loss.seq_*" = "its Trainer divides by num_items_in_batch"
# "accumulated_loss.sum_norm.*" = "its Trainer divides by num_items_in_batch"
# ///
"""Transformers' language model losses, with the count that its Trainer gives them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TypeAlias

import torch
from transformers import Trainer
from transformers.loss.loss_utils import ForCausalLMLoss, ForMaskedLMLoss

Tensor: TypeAlias = torch.Tensor

_IGNORED = -100


def accumulated_loss(
    predictions: Tensor,
    targets: Tensor,
    mask: Tensor,
    *,
    reduction: str,
    rows: int,
    labels: str,
    length: int,
) -> Tensor:
    del reduction, length
    loss = ForCausalLMLoss if labels == "next" else ForMaskedLMLoss
    # Its collators give padding a label that is ignored.
    marked = targets.long().masked_fill(~mask, _IGNORED)
    batches = [
        {"logits": predictions[at : at + rows], "labels": marked[at : at + rows]}
        for at in range(0, len(predictions), rows)
    ]
    number = _count(batches, shifts=labels == "next")
    whole = predictions.new_zeros((), dtype=torch.float32)
    for batch in batches:
        whole = whole + loss(
            **batch, vocab_size=predictions.shape[-1], num_items_in_batch=number
        )
    return whole.to(predictions.dtype)


def _count(batches: list[dict[str, Tensor]], *, shifts: bool) -> Tensor:
    """Return what its Trainer divides each micro-batch's sum by, on one device."""
    trainer = SimpleNamespace(
        model_accepts_loss_kwargs=True,
        compute_loss_func=None,
        _loss_shifts_labels=shifts,
        args=SimpleNamespace(average_tokens_across_devices=False, n_gpu=1),
        get_tp_size=lambda: 1,
        get_cp_size=lambda: 1,
        get_sp_size=lambda: 1,
    )
    device = batches[0]["labels"].device
    return Trainer._get_num_items_in_batch(trainer, batches, device)  # noqa: SLF001
