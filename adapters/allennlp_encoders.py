# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "allennlp-light==1.0.0"]
# [tool.mask-conformance]
# system = "AllenNLP light"
# library = "allennlp-light"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "allennlp"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# placements = ["right"]
# padding = { reverse_sequence = "zero" }
# [tool.mask-conformance.unsupported]
# "birnn.*.sum.*" = "the wrapped layers concatenate the directions"
# ///
"""AllenNLP's encoders around torch's recurrent layers, for padding on the right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from allennlp_light.modules.seq2seq_encoders import PytorchSeq2SeqWrapper
from allennlp_light.modules.seq2vec_encoders import PytorchSeq2VecWrapper
from allennlp_light.nn import util
from torch import nn

Tensor: TypeAlias = torch.Tensor

_CELLS = {"simple": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
_WRAPPERS = {"sequence": PytorchSeq2SeqWrapper, "final": PytorchSeq2VecWrapper}


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _Encoder:
    del merge  # concatenated
    features, units = forward.kernel.shape[0], forward.recurrent_kernel.shape[0]
    layer = _CELLS[cell](
        features,
        units,
        batch_first=True,
        bidirectional=True,
        device=forward.kernel.device,
        dtype=forward.kernel.dtype,
    )
    with torch.no_grad():
        for suffix, weights in (("", forward), ("_reverse", backward)):
            for name, weight in (
                ("weight_ih_l0", weights.kernel.T),
                ("weight_hh_l0", weights.recurrent_kernel.T),
                ("bias_ih_l0", weights.bias),
                ("bias_hh_l0", weights.recurrent_bias),
            ):
                layer.get_parameter(name + suffix).copy_(weight)
    return _Encoder(wrapper=_WRAPPERS[output](layer).eval())


def reverse_sequence(x: Tensor, mask: Tensor) -> Tensor:
    return util.masked_flip(x, mask.sum(dim=1).tolist())


def last_valid(x: Tensor, mask: Tensor) -> Tensor:
    # It wants all features on one axis.
    steps = x.reshape(*x.shape[:2], -1)
    return util.get_final_encoder_states(steps, mask).reshape(len(x), *x.shape[2:])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Encoder:
    """A wrapper that sorts, packs, and puts back what it left out."""

    wrapper: nn.Module

    @property
    def parameters(self) -> list[Tensor]:
        """The weights and biases of both directions."""
        return list(self.wrapper.parameters())

    def __call__(self, x: Tensor, mask: Tensor) -> Tensor:
        encoded: Tensor = self.wrapper(x, mask)
        return encoded
