# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "torchmetrics==1.9.0"]
# [tool.mask-conformance]
# system = "TorchMetrics"
# library = "torchmetrics"
# family = "PyTorch"
# framework = "torch"
# environment = "torch_third"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "masked_loss.binary_cross_entropy.*" = "perplexity has logits of classes"
# "masked_loss.mse.*" = "perplexity has logits of classes"
# "masked_loss.cross_entropy.sum" = "perplexity is the exponential of a mean"
# "masked_loss.cross_entropy.none" = "perplexity is the exponential of a mean"
# "masked_loss.cross_entropy.sequence_mean" = "perplexity is the exponential of a mean"
# ///
"""TorchMetrics' perplexity, as the mean loss that it is the exponential of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchmetrics.functional.text import perplexity

if TYPE_CHECKING:
    from torch import Tensor


def masked_loss(
    predictions: Tensor, targets: Tensor, mask: Tensor, *, kind: str, reduction: str
) -> Tensor:
    del kind, reduction  # cross entropy and its mean alone
    labels = targets.masked_fill(~mask, -100)
    return perplexity(predictions, labels, ignore_index=-100).log()
