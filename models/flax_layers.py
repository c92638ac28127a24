# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "flax==0.12.8"]
# [tool.mask-conformance]
# title = "flax"
# environment = "jax"
# seconds = 400
# quick = ["models/flax_layers.py:linen_lstm"]
# ///
"""Flax's layers that take a mask or lengths: linen and nnx, and what stands between."""

from __future__ import annotations

import jax.numpy as jnp
from flax import linen, nnx


def linen_lstm():
    return linen.RNN(linen.LSTMCell(6))


def linen_optimized_lstm():
    return linen.RNN(linen.OptimizedLSTMCell(6))


def linen_gru():
    return linen.RNN(linen.GRUCell(6))


def linen_minimal_gated_unit():
    return linen.RNN(linen.MGUCell(6))


def linen_simple_rnn():
    return linen.RNN(linen.SimpleCell(6))


def linen_backward_lstm():
    return linen.RNN(linen.LSTMCell(6), reverse=True)


def linen_backward_lstm_in_order():
    return linen.RNN(linen.LSTMCell(6), reverse=True, keep_order=True)


def linen_bidirectional():
    forward, backward = linen.RNN(linen.GRUCell(6)), linen.RNN(linen.GRUCell(6))
    return linen.Bidirectional(forward, backward)


class LinenAttention(linen.Module):
    """Attention of a sequence to itself, as make_attention_mask has it."""

    @linen.compact
    def __call__(self, x, mask):
        pairs = linen.make_attention_mask(mask, mask)
        return linen.MultiHeadDotProductAttention(num_heads=2)(x, mask=pairs)


def linen_attention():
    return LinenAttention()


class LinenBatchNorm(linen.Module):
    """Batch normalization by its running averages; training is asked as well."""

    @linen.compact
    def __call__(self, x, mask, train: bool = False):
        norm = linen.BatchNorm(use_running_average=not train)
        return norm(x, mask=mask[..., None])


def linen_batch_norm():
    return LinenBatchNorm()


def linen_conv():
    return linen.Conv(6, (3,))


def nnx_lstm():
    rngs = nnx.Rngs(0)
    return nnx.RNN(nnx.LSTMCell(8, 6, rngs=rngs))


def nnx_optimized_lstm():
    rngs = nnx.Rngs(0)
    return nnx.RNN(nnx.OptimizedLSTMCell(8, 6, rngs=rngs))


def nnx_gru():
    rngs = nnx.Rngs(0)
    return nnx.RNN(nnx.GRUCell(8, 6, rngs=rngs))


def nnx_simple_rnn():
    rngs = nnx.Rngs(0)
    return nnx.RNN(nnx.SimpleCell(8, 6, rngs=rngs))


def nnx_backward_lstm():
    rngs = nnx.Rngs(0)
    return nnx.RNN(nnx.LSTMCell(8, 6, rngs=rngs), reverse=True)


def nnx_bidirectional():
    rngs = nnx.Rngs(0)
    forward = nnx.RNN(nnx.GRUCell(8, 6, rngs=rngs))
    backward = nnx.RNN(nnx.GRUCell(8, 6, rngs=rngs))
    return nnx.Bidirectional(forward, backward)


class NNXAttention(nnx.Module):
    """Attention of a sequence to itself, as make_attention_mask has it."""

    def __init__(self):
        self.layer = nnx.MultiHeadAttention(2, 8, decode=False, rngs=nnx.Rngs(0))

    def __call__(self, x, mask):
        return self.layer(x, mask=nnx.make_attention_mask(mask, mask))


def nnx_attention():
    return NNXAttention()


class NNXBatchNorm(nnx.Module):
    """Batch normalization of the positions that count."""

    def __init__(self):
        self.layer = nnx.BatchNorm(8, use_running_average=True, rngs=nnx.Rngs(0))

    def __call__(self, x, mask):
        return self.layer(x, mask=mask[..., None])


def nnx_batch_norm():
    return NNXBatchNorm()


class NNXGroupNorm(nnx.Module):
    """Group normalization, whose mask says what its statistics are of."""

    def __init__(self):
        self.layer = nnx.GroupNorm(8, 2, rngs=nnx.Rngs(0))

    def __call__(self, x, mask):
        return self.layer(x, mask=jnp.broadcast_to(mask[..., None], x.shape))


def nnx_group_norm():
    return NNXGroupNorm()


class NNXInstanceNorm(nnx.Module):
    """Instance normalization, whose mask says what its statistics are of."""

    def __init__(self):
        self.layer = nnx.InstanceNorm(8, rngs=nnx.Rngs(0))

    def __call__(self, x, mask):
        return self.layer(x, mask=jnp.broadcast_to(mask[..., None], x.shape))


def nnx_instance_norm():
    return NNXInstanceNorm()


class LinenGroupNorm(linen.Module):
    """Group normalization, whose mask says what its statistics are of."""

    @linen.compact
    def __call__(self, x, mask):
        norm = linen.GroupNorm(num_groups=2)
        return norm(x, mask=jnp.broadcast_to(mask[..., None], x.shape))


def linen_group_norm():
    return LinenGroupNorm()


class LinenInstanceNorm(linen.Module):
    """Instance normalization, whose mask says what its statistics are of."""

    @linen.compact
    def __call__(self, x, mask):
        norm = linen.InstanceNorm()
        return norm(x, mask=jnp.broadcast_to(mask[..., None], x.shape))


def linen_instance_norm():
    return LinenInstanceNorm()
