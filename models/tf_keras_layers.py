# /// script
# requires-python = ">=3.11"
# dependencies = ["tensorflow==2.21.0", "tf_keras==2.21.0"]
# [tool.mask-conformance]
# title = "tf_keras"
# environment = "tf-keras"
# preload = ["tensorflow", "tf_keras", "conformance.probe.frameworks.tensorflow"]
# ///
"""tf_keras, which is Keras 2: layers that take a mask, and what stands behind Masking."""

from __future__ import annotations

import tensorflow as tf
import tf_keras
from tf_keras import layers


class Given(tf.Module):
    """A layer that is handed the mask."""

    def __init__(self, layer, *, twice=False):
        super().__init__()
        self.layer = layer
        self.twice = twice

    def __call__(self, x, mask):
        if self.twice:
            return self.layer([x, x], mask=[mask, mask])
        return self.layer(x, mask=mask)


class Behind(tf.Module):
    """A layer in a model whose mask comes from Masking.

    A Dense layer, whose bias makes padding a number again, stands between the two.
    """

    def __init__(self, layer, *, twice=False):
        super().__init__()
        x = tf_keras.Input((None, 4))
        h = layers.Dense(16, bias_initializer="random_normal")(layers.Masking()(x))
        self.model = tf_keras.Model(x, layer([h, h]) if twice else layer(h))

    def __call__(self, x, mask, training=False):
        given = tf.where(mask[..., None], x, tf.zeros_like(x))
        return self.model(given, training=training)


class SelfAttention(tf.Module):
    """Multi-head attention of a sequence to itself."""

    def __init__(self):
        super().__init__()
        self.layer = layers.MultiHeadAttention(2, 4)

    def __call__(self, x, mask):
        return self.layer(x, x, attention_mask=mask[:, None])


class Wide(tf.Module):
    """A layer whose mask has the shape of its input."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def __call__(self, x, mask):
        wide = tf.broadcast_to(mask[..., None], tf.shape(x))
        return self.layer(x, mask=wide)


def _many(maker, **more):
    return Given(maker(6, return_sequences=True, **more))


def lstm():
    return _many(layers.LSTM)


def gru():
    return _many(layers.GRU)


def gru_of_one_bias():
    return _many(layers.GRU, reset_after=False)


def simple_rnn():
    return _many(layers.SimpleRNN)


def lstm_last_state():
    return Given(layers.LSTM(6))


def gru_last_state():
    return Given(layers.GRU(6))


def lstm_unrolled():
    return _many(layers.LSTM, unroll=True)


def lstm_with_zeros_at_padding():
    return _many(layers.LSTM, zero_output_for_mask=True)


def backward_gru():
    return Behind(layers.GRU(6, go_backwards=True, return_sequences=True))


def stacked_cells():
    cells = [layers.GRUCell(6), layers.LSTMCell(6)]
    return Given(layers.RNN(layers.StackedRNNCells(cells), return_sequences=True))


def bidirectional():
    return Given(layers.Bidirectional(layers.LSTM(6, return_sequences=True)))


def bidirectional_last_state():
    return Given(layers.Bidirectional(layers.GRU(6)))


def time_distributed():
    return Given(layers.TimeDistributed(layers.Dense(6)))


def attention():
    return Given(layers.Attention(), twice=True)


def scaled_attention():
    return Given(layers.Attention(use_scale=True), twice=True)


def additive_attention():
    return Given(layers.AdditiveAttention(), twice=True)


def multi_head_attention():
    return SelfAttention()


def average_pooling():
    return Given(layers.GlobalAveragePooling1D())


def max_pooling():
    return Behind(layers.GlobalMaxPooling1D())


def softmax_over_time():
    return Wide(layers.Softmax(axis=1))


def batch_normalization():
    return Behind(layers.BatchNormalization())


def layer_normalization():
    return Behind(layers.LayerNormalization())


def group_normalization():
    return Wide(layers.GroupNormalization(2))


def group_normalization_behind_masking():
    return Behind(layers.GroupNormalization(2))


def unit_normalization_over_time():
    return Behind(layers.UnitNormalization(axis=1))


def convolution():
    return Behind(layers.Conv1D(6, 3, padding="same"))


def causal_convolution():
    return Behind(layers.Conv1D(6, 3, padding="causal"))


def separable_convolution():
    return Behind(layers.SeparableConv1D(6, 3, padding="same"))


def local_average_pooling():
    return Behind(layers.AveragePooling1D(3, strides=1, padding="same"))


def parametric_relu():
    return Behind(layers.PReLU(shared_axes=[1]))


def dense():
    return Behind(layers.Dense(6))


def einsum_dense():
    return Behind(layers.EinsumDense("btf,fg->btg", (None, 6), bias_axes="g"))
