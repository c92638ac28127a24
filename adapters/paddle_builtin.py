# /// script
# requires-python = ">=3.11"
# dependencies = ["paddlepaddle==3.3.1", "numpy==2.4.6", "setuptools==84.2.1"]
# [tool.mask-conformance]
# system = "PaddlePaddle"
# library = "paddlepaddle"
# family = "Other"
# framework = "numpy"
# environment = "paddle"
# dtypes = ["float32"]
# placements = ["right"]
# zero-time = { "birnn.*" = "error" }  # the process dies, and here:
# zero-batch = { "birnn.*" = "error" }
# [tool.mask-conformance.unsupported]
# "masked_loss.binary_cross_entropy.*" = "takes weights only, no mask"
# "masked_loss.mse.*" = "takes no mask"
# "masked_loss.*.sequence_mean" = "reduces over the whole batch"
# "mask_from_lengths.left" = "its masks begin on the left"
# "birnn.*.sum.*" = "Paddle concatenates the directions"
# ///
"""PaddlePaddle's loss with ignore_index, recurrent layers, attention and masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F  # noqa: N812 - the field's name for it
from paddle import nn

Array = np.ndarray[Any, np.dtype[Any]]

_CELLS = {"simple": nn.SimpleRNN, "lstm": nn.LSTM, "gru": nn.GRU}
_IGNORED = -100  # what F.cross_entropy ignores unless told otherwise


def masked_loss(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    del kind  # cross entropy
    labels = np.where(mask, targets, _IGNORED).astype(np.int64)
    losses = F.cross_entropy(
        paddle.to_tensor(predictions),
        paddle.to_tensor(labels),
        ignore_index=_IGNORED,
        reduction=reduction,
    )
    return np.asarray(losses.numpy())


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _Layer:
    del merge  # concatenated
    features, units = forward.kernel.shape[0], forward.recurrent_kernel.shape[0]
    layer = _CELLS[cell](features, units, direction="bidirect")
    layer.eval()
    parameters = dict(layer.named_parameters())
    for suffix, weights in (("", forward), ("_reverse", backward)):
        for name, weight in (
            ("weight_ih_l0", weights.kernel.T),
            ("weight_hh_l0", weights.recurrent_kernel.T),
            ("bias_ih_l0", weights.bias),
            ("bias_hh_l0", weights.recurrent_bias),
        ):
            parameters[name + suffix].set_value(np.ascontiguousarray(weight))
    return _Layer(layer=layer, output=output)


def attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    allowed = mask[:, None, None, :]
    if causal:
        allowed = allowed & np.tri(mask.shape[1], dtype=bool)
    tensors = (paddle.to_tensor(array) for array in (query, key, value))
    seen = F.scaled_dot_product_attention(
        *tensors, attn_mask=paddle.to_tensor(allowed), training=False
    )
    return np.asarray(seen.numpy())


def apply_mask(x: Array, mask: Array) -> Array:
    where = paddle.to_tensor(~mask.reshape(mask.shape + (1,) * (x.ndim - 2)))
    return np.asarray(paddle.to_tensor(x).masked_fill(where, 0).numpy())


def mask_from_lengths(lengths: Array, x: Array, *, side: str) -> Array:
    del side  # padding on the right
    found = F.sequence_mask(paddle.to_tensor(lengths), x.shape[1], "bool")
    return np.asarray(found.numpy())


@dataclass(frozen=True, kw_only=True, eq=False)
class _Layer:
    """A layer with the lengths of its rows."""

    layer: nn.Layer
    output: str

    @property
    def parameters(self) -> list[Array]:
        """The weights and biases of both directions."""
        return [each.numpy() for each in self.layer.parameters()]

    def __call__(self, x: Array, mask: Array) -> Array:
        lengths = paddle.to_tensor(mask.sum(axis=1))
        steps, state = self.layer(paddle.to_tensor(x), sequence_length=lengths)
        if self.output == "sequence":
            return np.asarray(steps.numpy())
        last = state[0] if isinstance(state, tuple) else state
        return np.concatenate([last[0].numpy(), last[1].numpy()], axis=-1)
