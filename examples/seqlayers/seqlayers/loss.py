"""The loss of a tagger: padding is no tag, and does not count."""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy


def tagging_loss(
    scores: torch.Tensor, tags: torch.Tensor, mask: torch.Tensor
) -> torch.Tensor:
    """Mean cross entropy over the steps of the batch that count.

    Args:
        scores: ``[B, T, tags]``.
        tags: ``[B, T]``; at padding any number.
        mask: ``[B, T]``, true where a step counts.
    """
    tags = torch.where(mask, tags, 0)
    each = cross_entropy(scores.transpose(1, 2), tags, reduction="none")
    return torch.where(mask, each, 0).sum() / mask.sum().clamp(min=1)
