# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "equinox==0.13.8"]
# [tool.mask-conformance]
# framework = "jax"
# environment = "jax"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["compiled"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# padding = { "attention.*" = "attend" }
# ///
"""Equinox's MultiheadAttention, its projections set to the identity."""

from __future__ import annotations

from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp

Array: TypeAlias = jax.Array

_PROJECTIONS = ("query_proj", "key_proj", "value_proj", "output_proj")


def attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    heads, size = query.shape[2:]
    layer = eqx.nn.MultiheadAttention(
        heads, heads * size, dtype=query.dtype, key=jax.random.key(0)
    )
    same = jnp.eye(heads * size, dtype=query.dtype)
    layer = eqx.tree_at(_weights, layer, [same] * len(_PROJECTIONS))
    seen = jnp.broadcast_to(mask[:, None, :], (*mask.shape, mask.shape[1]))
    if causal:
        seen = seen & jnp.tri(mask.shape[1], dtype=bool)
    flat = (x.reshape(*x.shape[:2], heads * size) for x in (query, key, value))
    return jax.vmap(layer)(*flat, seen).reshape(query.shape)


def _weights(layer: eqx.nn.MultiheadAttention) -> list[Array]:
    return [getattr(layer, name).weight for name in _PROJECTIONS]
