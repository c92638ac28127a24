# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "pytorch-forecasting==1.8.0"]
# [tool.mask-conformance]
# system = "PyTorch Forecasting"
# library = "pytorch-forecasting"
# family = "PyTorch"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right"]
# mask-forms = ["bool"]
# [tool.mask-conformance.empty]
# masked_mean = "nan"
# "masked_loss.*" = "error"
# "masked_criterion.*" = "error"
# "weighted_loss.*" = "error"
# [tool.mask-conformance.requires]
# "masked_loss.*" = ["full-row"]
# "masked_criterion.*" = ["full-row"]
# "weighted_loss.*" = ["full-row"]
# [tool.mask-conformance.unsupported]
# "masked_loss.binary_cross_entropy.*" = "there is no such metric"
# "masked_loss.mse.*" = "there is its root alone, of one number for each step"
# "masked_loss.*.sum" = "its metrics are means"
# "masked_loss.*.none" = "unreduced losses are NaN at padding"
# "masked_loss.*.sequence_mean" = "its mean is over all positions"
# "weighted_loss.mse.*" = "there is its root alone, of one number for each step"
# "weighted_loss.*.by_weights" = "its metrics divide by the number of steps"
# "weighted_loss.*.by_nonzero" = "its metrics divide by the number of steps"
# "weighted_loss.*.sum" = "its metrics are means"
# "weighted_loss.*.none" = "unreduced losses are NaN at padding"
# "masked_criterion.*.sum" = "its metrics are means"
# "masked_criterion.*.none" = "unreduced losses are NaN at padding"
# "masked_criterion.*.weighted_mean" = "its cross entropy has no weights of classes"
# "masked_criterion.huber.mean" = "there is no such metric"
# "masked_criterion.kl.mean" = "there is no such metric"
# "masked_criterion.normal_nll.mean" = "a scale of 0 at padding raises"
# "masked_criterion.smoothed.mean" = "its cross entropy smooths no labels"
# "masked_criterion.class_weights.mean" = "its cross entropy has no weights of classes"
# ///
"""PyTorch Forecasting's masked mean and sum, and its metrics of packed targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytorch_forecasting.metrics import MAE, CrossEntropy
from pytorch_forecasting.utils import masked_op
from torch.nn.utils.rnn import pack_padded_sequence

if TYPE_CHECKING:
    from torch import Tensor


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    return masked_op(x, "mean", dim=1, mask=_widen(mask, x))


def masked_sum(x: Tensor, mask: Tensor) -> Tensor:
    return masked_op(x, "sum", dim=1, mask=_widen(mask, x))


def masked_loss(
    predictions: Tensor, targets: Tensor, mask: Tensor, *, kind: str, reduction: str
) -> Tensor:
    del kind, reduction  # cross entropy and its mean alone
    return CrossEntropy()(predictions, _pack(targets, mask))


def weighted_loss(
    predictions: Tensor,
    targets: Tensor,
    weight: Tensor,
    mask: Tensor,
    *,
    kind: str,
    reduction: str,
) -> Tensor:
    del kind, reduction  # cross entropy by its count alone
    return CrossEntropy()(predictions, (_pack(targets, mask), weight))


def masked_criterion(
    predictions: Tensor,
    targets: Tensor,
    mask: Tensor,
    *,
    kind: str,
    reduction: str,
    delta: float,
    smoothing: float,
    class_weights: tuple[float, ...],
) -> Tensor:
    del kind, reduction, delta, smoothing, class_weights  # l1 and its mean alone
    # A series has one number for each step: every feature is a series.
    flat = predictions.movedim(2, 1).flatten(0, 1)
    wanted = targets.movedim(2, 1).flatten(0, 1)
    kept = mask.repeat_interleave(targets.shape[2], dim=0)
    return MAE()(flat, _pack(wanted, kept))


def _pack(targets: Tensor, mask: Tensor) -> Tensor:
    """Return targets as people give them, packed by their lengths."""
    lengths = mask.sum(dim=1).cpu()
    return pack_padded_sequence(
        targets, lengths, batch_first=True, enforce_sorted=False
    )


def _widen(mask: Tensor, x: Tensor) -> Tensor:
    """Return one of a batch's positions for each number of ``x``."""
    wide = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return wide.expand(x.shape)
