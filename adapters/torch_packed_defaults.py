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
# dtypes = ["float32", "float64"]
# placements = ["right"]
# requires = ["full-row", "sorted-rows"]
# [tool.mask-conformance.unsupported]
# "*pack.rows" = "a packed sequence goes step by step"
# "birnn.*.sum.*" = "torch concatenates the directions"
# ///
"""PyTorch's packed sequences and layers on them, with the defaults of both functions.

`pack_padded_sequence` then wants the longest row first, and `pad_packed_sequence` gives
back as many positions as that row has: the head requires both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from torch import nn
from torch.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pad_packed_sequence,
)

Tensor: TypeAlias = torch.Tensor

_CELLS = {"simple": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _Packed:
    del merge  # concatenated
    kernel, recurrent = forward.kernel, forward.recurrent_kernel
    layer: nn.RNNBase = _CELLS[cell](
        kernel.shape[0],
        recurrent.shape[0],
        batch_first=True,
        bidirectional=True,
        device=kernel.device,
        dtype=kernel.dtype,
    )
    with torch.no_grad():
        for suffix, weights in {"": forward, "_reverse": backward}.items():
            for name, weight in (
                ("weight_ih_l0", weights.kernel.T),
                ("weight_hh_l0", weights.recurrent_kernel.T),
                ("bias_ih_l0", weights.bias),
                ("bias_hh_l0", weights.recurrent_bias),
            ):
                layer.get_parameter(name + suffix).copy_(weight)
    return _Packed(layer=layer, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Packed:
    """A layer between packing and unpacking, as most tutorials call them."""

    layer: nn.RNNBase
    output: str

    @property
    def parameters(self) -> list[Tensor]:
        """The weights and biases of both directions."""
        return list(self.layer.parameters())

    def __call__(self, x: Tensor, mask: Tensor) -> Tensor:
        lengths = mask.sum(dim=1).cpu()
        packed = pack_padded_sequence(x, lengths, batch_first=True)
        steps, state = self.layer(packed)
        if self.output == "final":
            last = state[0] if isinstance(state, tuple) else state
            return torch.cat([last[0], last[1]], dim=-1)
        padded, _ = pad_packed_sequence(steps, batch_first=True)
        return padded


def pack(x: Tensor, mask: Tensor, *, order: str) -> Tensor:
    del order  # step by step
    data = _pack(x, mask).data
    behind = x.new_zeros(mask.numel() - len(data), *x.shape[2:])
    return torch.cat([data, behind]).reshape(x.shape)


def unpack(values: Tensor, x: Tensor, mask: Tensor, *, order: str) -> Tensor:
    del order  # step by step
    packed = _pack(x, mask)
    data = values.flatten(0, 1)[: len(packed.data)]
    return pad_packed_sequence(packed._replace(data=data), batch_first=True)[0]


def _pack(x: Tensor, mask: Tensor) -> PackedSequence:
    return pack_padded_sequence(x, mask.sum(dim=1).cpu(), batch_first=True)
