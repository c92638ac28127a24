# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "speechbrain==1.1.2"]
# [tool.mask-conformance]
# system = "SpeechBrain"
# library = "speechbrain"
# family = "PyTorch and what is built on it"
# role = "variant"
# framework = "torch"
# environment = "allennlp"
# dtypes = ["float32", "float64"]
# routes = ["eager"]
# placements = ["right"]
# mask-forms = ["bool"]
# unsupported = { "ctc_loss.*.infinite" = "gives zero for an impossible row" }
# ///
"""SpeechBrain's CTC loss: torch's, of relative lengths."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TypeAlias

import torch

# Its binary needs CUDA's libraries, and nothing here needs it.
sys.modules["torchaudio"] = ModuleType("torchaudio")
vars(sys.modules["torchaudio"])["__version__"] = "2.11.0"

from speechbrain.nnet import losses  # noqa: E402 - after the stand-in above

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
    del zero_infinity  # it does
    return losses.ctc_loss(
        logits.log_softmax(dim=2),
        labels,
        _relative(mask),
        _relative(label_mask),
        0 if blank == "first" else logits.shape[2] - 1,
        reduction=reduction,
    )


def _relative(mask: Tensor) -> Tensor:
    """Return each row's share of the padded length, as its data pipeline does."""
    return mask.sum(dim=1) / mask.shape[1]
