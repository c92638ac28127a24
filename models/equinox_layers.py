# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "equinox==0.13.8"]
# [tool.mask-conformance]
# title = "equinox"
# environment = "jax"
# seconds = 400
# ///
"""Equinox's layers over one row: attention takes a mask, the others take none."""

from __future__ import annotations

import equinox
import jax


class Attention(equinox.Module):
    """Attention of a row to itself."""

    layer: equinox.nn.MultiheadAttention

    def __init__(self, **more):
        key = jax.random.key(0)
        self.layer = equinox.nn.MultiheadAttention(2, 8, key=key, **more)

    def __call__(self, x, mask):
        pairs = mask[:, None] & mask[None, :]
        return self.layer(x, x, x, mask=pairs)


def attention():
    return Attention()


def attention_with_biases():
    return Attention(use_query_bias=True, use_key_bias=True, use_value_bias=True)


def convolution():
    return equinox.nn.Conv1d(8, 6, 3, padding=1, key=jax.random.key(0))
