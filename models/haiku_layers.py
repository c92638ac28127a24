# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "dm-haiku==0.0.17"]
# [tool.mask-conformance]
# title = "dm-haiku"
# environment = "jax"
# seconds = 400
# ///
"""Haiku's layers, transformed; attention alone takes a mask."""

from __future__ import annotations

import haiku as hk


def attention():
    def call(x, mask):
        pairs = mask[:, None, :, None] & mask[:, None, None, :]
        start = hk.initializers.VarianceScaling(1.0)
        layer = hk.MultiHeadAttention(2, 4, w_init=start, model_size=8)
        return layer(x, x, x, mask=pairs)

    return hk.transform(call)


def _unrolled(make):
    def call(x):
        core = make()
        return hk.dynamic_unroll(core, x, core.initial_state(len(x)), time_major=False)[
            0
        ]

    return hk.transform(call)


def lstm():
    return _unrolled(lambda: hk.LSTM(6))


def gru():
    return _unrolled(lambda: hk.GRU(6))


def vanilla_rnn():
    return _unrolled(lambda: hk.VanillaRNN(6))


def convolution():
    def call(x):
        return hk.Conv1D(6, 3)(x)

    return hk.transform(call)
