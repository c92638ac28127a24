# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "gluonts==0.17.0"]
# [tool.mask-conformance]
# system = "GluonTS"
# library = "gluonts"
# family = "PyTorch"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.padding]
# "row_norm.*" = "normed"
# [tool.mask-conformance.empty]
# weighted_mean = "zero"
# masked_mean = "zero"
# "weighted_loss.*" = "zero"
# [tool.mask-conformance.unsupported]
# "row_norm.time.1.inside" = "its scale is divided by the number of what is observed"
# "row_norm.time.0.outside" = "its epsilon is added to the variance"
# "row_norm.group.0.inside" = "each feature has its own scale"
# "weighted_loss.cross_entropy.*" = "it forecasts numbers, no classes"
# "weighted_loss.*.by_count" = "its average divides by the weights"
# "weighted_loss.*.by_nonzero" = "its average divides by the weights"
# "weighted_loss.*.sum" = "its average divides by the weights"
# "weighted_loss.*.none" = "its average divides by the weights"
# ///
"""GluonTS' StdScaler with an observed mask, and its weighted average."""

from __future__ import annotations

import torch
from gluonts.torch.scaler import StdScaler
from gluonts.torch.util import weighted_average
from torch import Tensor


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    return weighted_average(x, _widen(mask, x).to(x.dtype), dim=1)


def weighted_mean(x: Tensor, weight: Tensor, mask: Tensor) -> Tensor:
    shares = torch.where(mask, weight, 0)
    return weighted_average(x, _widen(shares, x), dim=1)


def weighted_loss(
    predictions: Tensor,
    targets: Tensor,
    weight: Tensor,
    mask: Tensor,
    *,
    kind: str,
    reduction: str,
) -> Tensor:
    del kind, reduction  # the mean squared error, by weights
    losses = (predictions - targets).square().mean(dim=-1)
    return weighted_average(losses, torch.where(mask, weight, 0))


def row_norm(x: Tensor, mask: Tensor, *, over: str, ddof: int, epsilon: str) -> Tensor:
    del over, ddof, epsilon  # time, 0 and inside alone
    # Without keepdim, its default, each row is less another row's mean.
    scaler = StdScaler(dim=1, keepdim=True, minimum_scale=1e-3)
    normed, _, _ = scaler(x, _widen(mask, x).to(x.dtype))
    return normed


def _widen(mask: Tensor, x: Tensor) -> Tensor:
    """Return one of a batch's positions for each number of ``x``."""
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return wide.expand(x.shape)
