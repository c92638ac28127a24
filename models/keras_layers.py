# /// script
# requires-python = ">=3.11"
# [tool.mask-conformance]
# title = "keras"
# targets = ["keras:*"]
# quick = ["keras:LSTM", "keras:GlobalMaxPooling1D", "keras:MultiHeadAttention"]
# [tool.mask-conformance.variants.tensorflow]
# dependencies = ["tensorflow==2.21.0", "keras==3.15.1"]
# environment = "tensorflow"
# variables = { KERAS_BACKEND = "tensorflow" }
# preload = ["keras", "conformance.probe.frameworks.keras.layers"]
# [tool.mask-conformance.variants.torch]
# dependencies = ["torch==2.13.0", "keras==3.15.1"]
# environment = "torch"
# variables = { KERAS_BACKEND = "torch" }
# preload = ["keras", "conformance.probe.frameworks.keras.layers"]
# [tool.mask-conformance.variants.jax]
# dependencies = ["jax==0.10.2", "keras==3.15.1"]
# environment = "jax"
# variables = { KERAS_BACKEND = "jax" }
# seconds = 400
# ///
"""Every layer of keras.layers that can be made from sizes, on three backends."""

from __future__ import annotations

import keras


class Pictures(keras.layers.Layer):
    """A layer that takes a picture at each step: here one of a single column."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def build(self, shape):
        self.layer.build((*shape, 1))

    def call(self, x, mask=None):
        answer = self.layer(keras.ops.expand_dims(x, -1), mask=mask)
        return keras.ops.max(answer, -1)


class OverTime(keras.layers.Layer):
    """A softmax over the steps, whose mask has the shape of its input."""

    def __init__(self):
        super().__init__()
        self.layer = keras.layers.Softmax(axis=1)

    def call(self, x, mask=None):
        if mask is not None:
            mask = keras.ops.broadcast_to(mask[..., None], keras.ops.shape(x))
        return self.layer(x, mask=mask)


def _between(layer):
    x = keras.Input((None, 4))
    h = keras.layers.Dense(16)(keras.layers.Masking()(x))
    return keras.Model(x, layer(h))


def conv_lstm_1d():
    layer = keras.layers.ConvLSTM1D(3, 3, padding="same", return_sequences=True)
    return Pictures(layer)


def conv_lstm_1d_last_state():
    return Pictures(keras.layers.ConvLSTM1D(3, 3, padding="same"))


def softmax_over_time():
    return OverTime()


def stacked_cells():
    cells = [keras.layers.GRUCell(6), keras.layers.LSTMCell(6)]
    return keras.layers.RNN(keras.layers.StackedRNNCells(cells), return_sequences=True)


def backward_gru():
    return keras.layers.GRU(6, go_backwards=True, return_sequences=True)


def bidirectional_last_state():
    return keras.layers.Bidirectional(keras.layers.GRU(6))


def unrolled_lstm():
    return keras.layers.LSTM(6, unroll=True, return_sequences=True)


def lstm_with_zeros_at_padding():
    return keras.layers.LSTM(6, return_sequences=True, zero_output_for_mask=True)


def einsum_dense():
    return _between(keras.layers.EinsumDense("btf,fg->btg", (None, 6), bias_axes="g"))


def parametric_relu():
    return _between(keras.layers.PReLU(shared_axes=[1]))


def rescaling():
    return _between(keras.layers.Rescaling(0.5, offset=1.0))


def causal_convolution():
    return _between(keras.layers.Conv1D(6, 3, padding="causal"))


def convolution_of_same_length():
    return _between(keras.layers.Conv1D(6, 3, padding="same"))


def unit_normalization_over_time():
    return _between(keras.layers.UnitNormalization(axis=1))
