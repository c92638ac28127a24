"""A row of steps becomes one vector; padding has no say in it."""

from __future__ import annotations

import torch


def mean_pool(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of the steps that count, ``[B, T, ...]`` to ``[B, ...]``; zero for none."""
    keep = _over(mask, x)
    total = torch.where(keep, x, 0).sum(dim=1)
    return total / keep.sum(dim=1).clamp(min=1)


def max_pool(x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Largest of the steps that count; minus infinity for none."""
    return torch.where(_over(mask, x), x, -torch.inf).amax(dim=1)


def _over(mask: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))
