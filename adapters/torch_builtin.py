# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0"]
# [tool.mask-conformance]
# framework = "torch"
# environment = "torch"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.empty]
# masked_mean = "nan"
# [tool.mask-conformance.unsupported]
# "masked_loss.*.sequence_mean" = "torch's losses reduce over the whole batch"
# ///
"""PyTorch's own masked operations: torch.masked, losses, dot-product attention."""

from __future__ import annotations

from typing import TypeAlias

import torch
import torch.nn.functional as F  # noqa: N812 - the field's name for it

Tensor: TypeAlias = torch.Tensor

_IGNORED = -100  # what F.cross_entropy ignores unless told otherwise


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.mean(x, 1, mask=_like(mask, x))


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.amax(x, 1, mask=_like(mask, x))


def masked_softmax(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.softmax(x, 1, mask=mask)


def masked_loss(
    predictions: Tensor, targets: Tensor, mask: Tensor, *, kind: str, reduction: str
) -> Tensor:
    if kind == "cross_entropy":
        return F.cross_entropy(
            predictions.movedim(-1, 1),
            targets.long().masked_fill(~mask, _IGNORED),
            ignore_index=_IGNORED,
            reduction=reduction,
        )
    weight = _like(mask, predictions).to(predictions.dtype)
    if kind == "binary_cross_entropy":
        return F.binary_cross_entropy_with_logits(
            predictions, targets, weight, reduction=reduction
        )
    weight = weight.expand_as(predictions)
    # The stub of this version does not know the weight.
    losses = F.mse_loss(  # type: ignore[call-arg, unused-ignore]
        predictions, targets, reduction=reduction, weight=weight
    )
    if reduction == "none":
        return losses.mean(dim=-1)
    # A position's loss is the mean over its features, which torch sums up here.
    return losses / predictions.shape[-1] if reduction == "sum" else losses


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, causal: bool
) -> Tensor:
    allowed = mask[:, None, None, :]
    if causal:
        # With a mask the argument is_causal is refused.
        allowed = allowed & mask.new_ones(2 * mask.shape[1:]).tril()
    q, k, v = (tensor.transpose(1, 2) for tensor in (query, key, value))
    seen = F.scaled_dot_product_attention(q, k, v, attn_mask=allowed)
    return seen.transpose(1, 2)


def masked_sum(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.sum(x, 1, mask=_like(mask, x))


def masked_min(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.amin(x, 1, mask=_like(mask, x))


def masked_logsumexp(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.logsumexp(x, 1, mask=_like(mask, x))


def masked_log_softmax(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.log_softmax(x, 1, mask=mask)


def masked_variance(x: Tensor, mask: Tensor) -> Tensor:
    return torch.masked.var(x, 1, unbiased=False, mask=_like(mask, x))


def _like(mask: Tensor, x: Tensor) -> Tensor:
    """Return the mask with as many axes as ``x``."""
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))
