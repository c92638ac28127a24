# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "allennlp-light==1.0.0"]
# [tool.mask-conformance]
# system = "AllenNLP light"
# library = "allennlp-light"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "allennlp"
# dtypes = ["float16", "float32", "float64"]
# placements = ["right", "left", "gaps"]
# [tool.mask-conformance.padding]
# "masked_topk.*" = "empty-row"
# [tool.mask-conformance.empty]
# masked_softmax = "zero"
# "masked_topk.*" = "nan"
# [tool.mask-conformance.unsupported]
# "mask_from_lengths.left" = "its masks begin on the left"
# "lengths_from_mask.extent" = "it counts what is valid"
# "masked_loss.mse.*" = "has a cross entropy only"
# "masked_loss.binary_cross_entropy.*" = "has a cross entropy only"
# "masked_loss.cross_entropy.sum" = "averages over tokens or rows"
# "masked_loss.cross_entropy.none" = "averages over tokens or rows"
# "weighted_loss.mse.*" = "has a cross entropy only"
# "weighted_loss.*.by_count" = "divides by the weights"
# "weighted_loss.*.by_nonzero" = "divides by the weights"
# "weighted_loss.*.sum" = "divides by the weights"
# "weighted_loss.*.none" = "divides by the weights"
# ///
"""AllenNLP's functions for masked tensors, as allennlp-light keeps them."""

from __future__ import annotations

from typing import TypeAlias

import torch
from allennlp_light.nn import util

Tensor: TypeAlias = torch.Tensor

_AVERAGES = {"mean": "token", "sequence_mean": "batch"}


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    return util.masked_mean(x, _like(mask, x), dim=1)


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    return util.masked_max(x, _like(mask, x), dim=1)


def masked_topk(x: Tensor, mask: Tensor, *, k: int) -> Tensor:
    wide = _like(mask, x).expand(x.shape)
    found, kept, _ = util.masked_topk(x, wide, k, dim=1)
    # They come in the row's order, as it says, and with a mask of their own.
    order = torch.where(kept, found, -torch.inf).argsort(dim=1, descending=True)
    missing = ~kept.gather(1, order)
    return found.gather(1, order).masked_fill(missing, torch.nan)


def masked_softmax(x: Tensor, mask: Tensor) -> Tensor:
    return util.masked_softmax(x, mask, dim=1)


def masked_loss(
    predictions: Tensor, targets: Tensor, mask: Tensor, *, kind: str, reduction: str
) -> Tensor:
    del kind  # cross entropy
    return util.sequence_cross_entropy_with_logits(
        predictions, targets, mask, average=_AVERAGES[reduction]
    )


def apply_mask(x: Tensor, mask: Tensor) -> Tensor:
    return util.replace_masked_values(x, _like(mask, x), 0.0)


def mask_from_lengths(lengths: Tensor, x: Tensor, *, side: str) -> Tensor:
    del side  # padding on the right
    return util.get_mask_from_sequence_lengths(lengths, x.shape[1])


def lengths_from_mask(x: Tensor, mask: Tensor, *, by: str) -> Tensor:
    del x, by  # the count
    return util.get_lengths_from_binary_sequence_mask(mask)


def weighted_loss(
    predictions: Tensor,
    targets: Tensor,
    weight: Tensor,
    mask: Tensor,
    *,
    kind: str,
    reduction: str,
) -> Tensor:
    del kind, reduction  # cross entropy, by weights
    return util.sequence_cross_entropy_with_logits(
        predictions, targets, torch.where(mask, weight, 0), average="token"
    )


def mask_from_ids(ids: Tensor, padding_id: int) -> Tensor:
    field = {"tokens": {"tokens": ids}}
    return util.get_text_field_mask(field, padding_id=padding_id)


def masked_log_softmax(x: Tensor, mask: Tensor) -> Tensor:
    return util.masked_log_softmax(x, mask, dim=1)


def _like(mask: Tensor, x: Tensor) -> Tensor:
    """Return the mask with as many axes as ``x``."""
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))
