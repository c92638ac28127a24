# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "dm-haiku==0.0.17"]
# [tool.mask-conformance]
# system = "Haiku"
# library = "dm-haiku"
# family = "JAX and what is built on it"
# framework = "jax"
# environment = "jax"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["compiled"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# padding = { "attention.*" = "attend" }
# [tool.mask-conformance.unsupported]
# "cross_attention.grouped" = "it has as many heads of keys as of queries"
# ///
"""Haiku: MultiHeadAttention between identities, and LayerNorm."""

from __future__ import annotations

from typing import TypeAlias

import haiku as hk
import jax
import jax.numpy as jnp

Array: TypeAlias = jax.Array


def attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    seen = mask[:, None, None, :]
    if causal:
        seen = seen & jnp.tri(mask.shape[1], dtype=bool)
    return _between_identities(query, key, value, seen)


def cross_attention(
    query: Array,
    query_mask: Array,
    key: Array,
    value: Array,
    mask: Array,
    *,
    grouped: bool,
) -> Array:
    del query_mask, grouped  # it takes a mask of the keys alone
    return _between_identities(query, key, value, mask[:, None, None, :])


def _between_identities(query: Array, key: Array, value: Array, seen: Array) -> Array:
    width = query.shape[2] * query.shape[3]
    flat = [x.reshape(*x.shape[:2], width) for x in (query, key, value)]

    def layer(*inputs: Array) -> Array:
        found: Array = hk.MultiHeadAttention(
            query.shape[2],
            query.shape[3],
            w_init=hk.initializers.Identity(),
            with_bias=False,
        )(*inputs)
        return found

    init, apply = hk.without_apply_rng(hk.transform(layer))
    parameters = init(jax.random.key(0), *flat, seen)
    return apply(parameters, *flat, seen).reshape(query.shape)


def layer_norm(x: Array, mask: Array, scale: Array, offset: Array) -> Array:
    def layer(x: Array) -> Array:
        found: Array = hk.LayerNorm(
            -1, create_scale=False, create_offset=False, eps=1e-3
        )(x, scale=scale, offset=offset)
        return found

    _, apply = hk.without_apply_rng(hk.transform(layer))
    return apply({}, x)
