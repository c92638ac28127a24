# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.13.0", "keras==3.15.1"]
# [tool.mask-conformance]
# system = "Keras on PyTorch"
# library = "keras"
# family = "TensorFlow and Keras"
# role = "variant"
# framework = "torch"
# environment = "torch"
# placements = ["right", "left", "gaps"]
# variables = { KERAS_BACKEND = "torch" }
# ///
"""Keras's recurrent layers with unroll=True on torch, masked as those without it."""

from __future__ import annotations

from typing import Any, TypeAlias

from keras import backend, layers, ops

Tensor: TypeAlias = Any

_CELLS = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _BiRnn:
    features, units = forward.kernel.shape[0], forward.recurrent_kernel.shape[0]
    dtype = backend.standardize_dtype(forward.kernel.dtype)
    one = _CELLS[cell](
        units, return_sequences=output == "sequence", dtype=dtype, unroll=True
    )
    both = layers.Bidirectional(one, merge_mode=merge, dtype=dtype)
    both.build((None, 1, features))
    given = [*_KERAS_ORDER[cell](forward), *_KERAS_ORDER[cell](backward)]
    for variable, weight in zip(both.trainable_variables, given, strict=True):
        variable.assign(weight)
    return _BiRnn(both)


class _BiRnn:
    """A bidirectional layer of Keras, called with a mask."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    @property
    def parameters(self) -> list[Tensor]:
        """The framework's own variables."""
        return [one.value for one in self._layer.trainable_variables]

    def __call__(self, x: Tensor, mask: Tensor) -> Tensor:
        return self._layer(x, mask=mask)


def _simple(weights: Any) -> list[Tensor]:
    bias = weights.bias + weights.recurrent_bias
    return [weights.kernel, weights.recurrent_kernel, bias]


def _gru(weights: Any) -> list[Tensor]:
    bias = ops.stack([weights.bias, weights.recurrent_bias])
    return [_z_first(part) for part in (weights.kernel, weights.recurrent_kernel, bias)]


def _z_first(gates: Tensor) -> Tensor:
    r, z, n = ops.split(gates, 3, axis=-1)
    return ops.concatenate([z, r, n], axis=-1)


# An LSTM's gates are in the same order in Keras, with one bias for both kernels.
_KERAS_ORDER = {"simple": _simple, "lstm": _simple, "gru": _gru}
