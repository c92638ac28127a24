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
# padding = { "rnn.*" = "zero" }
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
_BACK = "_reverse"


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _Packed:
    del merge  # concatenated
    layer = _layer({"": forward, _BACK: backward}, cell)
    return _Packed(layer=layer, output=output)


def _layer(directions: dict[str, Any], cell: str) -> nn.RNNBase:
    """Return a layer of one direction or two, with its weights by their suffix."""
    one = directions[""]
    # In training mode, as it is made: cuDNN goes back through no other. Without
    # dropout it is the same function.
    layer: nn.RNNBase = _CELLS[cell](
        one.kernel.shape[0],
        one.recurrent_kernel.shape[0],
        batch_first=True,
        bidirectional=len(directions) > 1,
        device=one.kernel.device,
        dtype=one.kernel.dtype,
    )
    with torch.no_grad():
        for suffix, weights in directions.items():
            for name, weight in (
                ("weight_ih_l0", weights.kernel.T),
                ("weight_hh_l0", weights.recurrent_kernel.T),
                ("bias_ih_l0", weights.bias),
                ("bias_hh_l0", weights.recurrent_bias),
            ):
                layer.get_parameter(name + suffix).copy_(weight)
    return layer


def build_rnn(weights: Any, *, cell: str, direction: str, output: str) -> _Rnn:
    # There is no layer that goes backwards alone: it is the second half of one that
    # goes both ways.
    ways = {"": weights} if direction == "forward" else {"": weights, _BACK: weights}
    return _Rnn(layer=_layer(ways, cell), output=output)


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


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rnn:
    """The last direction of a layer, its state handed in and out as ``hx``."""

    layer: nn.RNNBase
    output: str

    @property
    def parameters(self) -> list[Tensor]:
        """The weights and biases of that direction."""
        suffix = _BACK if self.layer.bidirectional else "_l0"
        named = self.layer.named_parameters()
        return [each for name, each in named if name.endswith(suffix)]

    def __call__(self, initial: Tensor, x: Tensor, mask: Tensor) -> Tensor:
        packed = pack_padded_sequence(
            x, mask.sum(dim=1).cpu(), batch_first=True, enforce_sorted=False
        )
        units, ways = self.layer.hidden_size, 1 + self.layer.bidirectional
        states = [
            each.expand(ways, -1, -1).contiguous()
            for each in initial.split(units, dim=1)
        ]
        begun = tuple(states) if len(states) > 1 else states[0]
        steps, ends = self.layer(packed, begun)
        if self.output == "final":
            last = ends if isinstance(ends, tuple) else (ends,)
            return torch.cat([each[-1] for each in last], dim=-1)
        padded, _ = pad_packed_sequence(
            steps, batch_first=True, total_length=x.shape[1]
        )
        return padded[..., -units:]
