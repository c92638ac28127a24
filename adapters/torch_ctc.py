# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0"]
# [tool.mask-conformance]
# system = "PyTorch"
# library = "torch"
# family = "PyTorch and what is built on it"
# role = "variant"
# framework = "torch"
# environment = "torch"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right"]
# mask-forms = ["bool"]
# ///
"""PyTorch's CTC loss, which knows lengths only and takes log-probabilities."""

from __future__ import annotations

from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

Tensor: TypeAlias = torch.Tensor


def ctc_loss(
    labels: Tensor,
    label_mask: Tensor,
    logits: Tensor,
    mask: Tensor,
    *,
    blank: str,
    reduction: str,
    zero_infinity: bool,
) -> Tensor:
    # Its derivative is that of the logits, if these are a log-softmax.
    return F.ctc_loss(
        logits.log_softmax(dim=2).transpose(0, 1),
        labels,
        mask.sum(dim=1),
        label_mask.sum(dim=1),
        blank=0 if blank == "first" else logits.shape[2] - 1,
        reduction=reduction,
        zero_infinity=zero_infinity,
    )
