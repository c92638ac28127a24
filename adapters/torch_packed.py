# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0"]
# [tool.mask-conformance]
# system = "PyTorch"
# library = "torch"
# family = "PyTorch and what is built on it"
# role = "variant"
# framework = "torch"
# environment = "torch"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["eager"]
# placements = ["right"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "birnn.*.sum.*" = "torch concatenates the directions"
# ///
"""PyTorch's recurrent layers on packed sequences, which know lengths only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

Tensor: TypeAlias = torch.Tensor

_CELLS = {"simple": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _Packed:
    del merge  # concatenated
    features, units = forward.kernel.shape[0], forward.recurrent_kernel.shape[0]
    layer = _CELLS[cell](
        features,
        units,
        batch_first=True,
        bidirectional=True,
        device=forward.kernel.device,
        dtype=forward.kernel.dtype,
    ).eval()
    with torch.no_grad():
        for suffix, weights in (("", forward), ("_reverse", backward)):
            for name, weight in (
                ("weight_ih_l0", weights.kernel.T),
                ("weight_hh_l0", weights.recurrent_kernel.T),
                ("bias_ih_l0", weights.bias),
                ("bias_hh_l0", weights.recurrent_bias),
            ):
                layer.get_parameter(name + suffix).copy_(weight)
    return _Packed(layer=layer, output=output)


def build_stack(
    first_forward: Any,
    first_backward: Any,
    convolution: Any,
    second_forward: Any,
    second_backward: Any,
    *,
    cell: str,
    output: str,
) -> _Stack:
    how = {"cell": cell, "merge": "concat"}
    taps, features, channels = convolution.kernel.shape
    layer = nn.Conv1d(
        features,
        channels,
        taps,
        padding="same",
        device=convolution.kernel.device,
        dtype=convolution.kernel.dtype,
    )
    with torch.no_grad():
        layer.weight.copy_(convolution.kernel.permute(2, 1, 0))
        layer.bias.copy_(convolution.bias)
    return _Stack(
        first=build_birnn(first_forward, first_backward, **how, output="sequence"),
        convolution=layer,
        second=build_birnn(second_forward, second_backward, **how, output=output),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stack:
    """Unpacked before the convolution and packed again behind it."""

    first: _Packed
    convolution: nn.Conv1d
    second: _Packed

    @property
    def parameters(self) -> list[Tensor]:
        """The weights and biases of all three layers."""
        own = list(self.convolution.parameters())
        return [*self.first.parameters, *own, *self.second.parameters]

    def __call__(self, x: Tensor, mask: Tensor) -> Tensor:
        steps = self.first(x, mask)
        channels = self.convolution(steps.transpose(1, 2))
        return self.second(channels.transpose(1, 2), mask)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Packed:
    """A layer between packing and unpacking, as torch's documentation has it."""

    layer: nn.RNNBase
    output: str

    @property
    def parameters(self) -> list[Tensor]:
        """The weights and biases of both directions."""
        return list(self.layer.parameters())

    def __call__(self, x: Tensor, mask: Tensor) -> Tensor:
        packed = pack_padded_sequence(
            x, mask.sum(dim=1).cpu(), batch_first=True, enforce_sorted=False
        )
        steps, state = self.layer(packed)
        if self.output == "final":
            last = state[0] if isinstance(state, tuple) else state
            return torch.cat([last[0], last[1]], dim=-1)
        padded, _ = pad_packed_sequence(
            steps, batch_first=True, total_length=x.shape[1]
        )
        return padded
