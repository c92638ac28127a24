# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "speechbrain==1.1.2"]
# [tool.mask-conformance]
# system = "SpeechBrain"
# library = "speechbrain"
# family = "PyTorch and what is built on it"
# framework = "torch"
# environment = "allennlp"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# placements = ["right"]
# [tool.mask-conformance.unsupported]
# "masked_loss.*.none" = "its losses are reduced"
# "masked_loss.*.sequence_mean" = "gives each row's mean, and no mean of these"
# "mask_from_lengths.left" = "its masks begin on the left"
# "birnn.*.sum.*" = "torch concatenates the directions"
# "birnn.*.final" = "gives torch's states as they are"
# ///
"""SpeechBrain's losses, recurrent layers, attention and masks, of relative lengths."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, TypeAlias

import torch

# Its binary needs CUDA's libraries, and nothing here needs it.
sys.modules["torchaudio"] = ModuleType("torchaudio")
vars(sys.modules["torchaudio"])["__version__"] = "2.11.0"

from speechbrain.dataio.dataio import length_to_mask  # noqa: E402 - after the stand-in above
from speechbrain.nnet import RNN, losses  # noqa: E402 - after the stand-in above
from speechbrain.nnet.activations import Softmax  # noqa: E402 - likewise
from speechbrain.nnet.attention import MultiheadAttention  # noqa: E402 - likewise

Tensor: TypeAlias = torch.Tensor

_CELLS = {
    "simple": partial(RNN.RNN, nonlinearity="tanh"),
    "lstm": RNN.LSTM,
    "gru": RNN.GRU,
}


def masked_loss(
    predictions: Tensor, targets: Tensor, mask: Tensor, *, kind: str, reduction: str
) -> Tensor:
    lengths = _relative(mask)
    if kind == "cross_entropy":
        logged = Softmax(apply_log=True, dtype=predictions.dtype)(predictions)
        return losses.nll_loss(logged, targets, lengths, reduction=reduction)
    if kind == "mse":
        return losses.mse_loss(predictions, targets, lengths, reduction=reduction)
    return losses.bce_loss(predictions, targets, lengths, reduction=reduction)


def mask_from_lengths(lengths: Tensor, x: Tensor, *, side: str) -> Tensor:
    del side  # padding on the right
    return length_to_mask(lengths, x.shape[1], dtype=torch.bool)


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _Layer:
    del merge, output  # concatenated, every step
    features, units = forward.kernel.shape[0], forward.recurrent_kernel.shape[0]
    layer = _CELLS[cell](units, input_size=features, bidirectional=True)
    layer = layer.to(forward.kernel.dtype).eval()
    with torch.no_grad():
        for suffix, weights in (("", forward), ("_reverse", backward)):
            for name, weight in (
                ("weight_ih_l0", weights.kernel.T),
                ("weight_hh_l0", weights.recurrent_kernel.T),
                ("bias_ih_l0", weights.bias),
                ("bias_hh_l0", weights.recurrent_bias),
            ):
                layer.rnn.get_parameter(name + suffix).copy_(weight)
    return _Layer(layer=layer)


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, causal: bool
) -> Tensor:
    heads, features = query.shape[2:]
    width = heads * features
    layer = MultiheadAttention(heads, width, bias=False).to(query.dtype).eval()
    unit = torch.eye(width, dtype=query.dtype)
    with torch.no_grad():
        layer.att.in_proj_weight.copy_(unit.repeat(3, 1))
        layer.att.out_proj.weight.copy_(unit)
    future = mask.new_ones(2 * mask.shape[1:]).triu(diagonal=1) if causal else None
    seen, _ = layer(
        *(tensor.flatten(2) for tensor in (query, key, value)),
        attn_mask=future,
        key_padding_mask=~mask,  # true means padding here
    )
    return seen.unflatten(2, (heads, features))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Layer:
    """A layer that packs and unpacks by relative lengths."""

    layer: torch.nn.Module

    @property
    def parameters(self) -> list[Tensor]:
        """The weights and biases of both directions."""
        return list(self.layer.parameters())

    def __call__(self, x: Tensor, mask: Tensor) -> Tensor:
        steps, _ = self.layer(x, lengths=_relative(mask))
        return steps


def _relative(mask: Tensor) -> Tensor:
    """Return each row's share of the padded length, as its data pipeline does."""
    return mask.sum(dim=1) / mask.shape[1]
