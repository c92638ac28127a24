# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "flax==0.12.8"]
# [tool.mask-conformance]
# library = "flax"
# family = "JAX and what is built on it"
# role = "variant"
# framework = "jax"
# environment = "jax"
# dtypes = ["float16", "float32", "float64"]
# routes = ["compiled"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.variants.linen]
# system = "Flax Linen"
# variables = { MASK_CONFORMANCE_FLAX = "linen" }
# [tool.mask-conformance.variants.linen.unsupported]
# "cross_attention.grouped" = "it has as many heads of keys as of queries"
# "decode.chunk" = "it decodes one position at a time"
# [tool.mask-conformance.variants.nnx]
# system = "Flax NNX"
# variables = { MASK_CONFORMANCE_FLAX = "nnx" }
# [tool.mask-conformance.variants.nnx.unsupported]
# "decode.chunk" = "it decodes one position at a time"
# ///
"""Flax's attention with the masks that its own helpers make, in Linen and NNX."""

from __future__ import annotations

import os
from typing import Any, TypeAlias

import flax.linen
import jax
import jax.numpy as jnp
from flax import nnx

Array: TypeAlias = jax.Array

_LIBRARIES = {"linen": flax.linen, "nnx": nnx}
_LIBRARY = _LIBRARIES[os.environ.get("MASK_CONFORMANCE_FLAX", "linen")]


def attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    seen = _LIBRARY.make_attention_mask(mask, mask)
    if causal:
        seen = _LIBRARY.combine_masks(seen, _LIBRARY.make_causal_mask(mask))
    return _LIBRARY.dot_product_attention(query, key, value, mask=seen)


def packed_attention(
    query: Array,
    key: Array,
    value: Array,
    segments: Array,
    mask: Array,
    *,
    causal: bool,
) -> Array:
    # As its examples pack: which numbers are equal, what is padding, what came before.
    seen = [_LIBRARY.make_attention_mask(segments, segments, jnp.equal)]
    seen.append(_LIBRARY.make_attention_mask(mask, mask))
    if causal:
        seen.append(_LIBRARY.make_causal_mask(mask))
    whole = _LIBRARY.combine_masks(*seen)
    return _LIBRARY.dot_product_attention(query, key, value, mask=whole)


def cross_attention(
    query: Array,
    query_mask: Array,
    key: Array,
    value: Array,
    mask: Array,
    *,
    grouped: bool,
) -> Array:
    del grouped  # keys of fewer heads are shared without being told
    seen = _LIBRARY.make_attention_mask(query_mask, mask)
    return _LIBRARY.dot_product_attention(query, key, value, mask=seen)


def decode(
    query: Array,
    step_key: Array,
    step_value: Array,
    step_mask: Array,
    key: Array,
    value: Array,
    mask: Array,
    *,
    chunk: bool,
) -> Array:
    del chunk  # one position at a time alone, the prompt's as well
    # What a prompt asks is nobody's answer here.
    pairs = (jnp.zeros_like(key), query), (key, step_key), (value, step_value)
    every = [jnp.concatenate(pair, axis=1).reshape(*_flat(pair)) for pair in pairs]
    seen = jnp.concatenate([mask, step_mask], axis=1)[:, None, None, :]
    begin = _begin_nnx if _LIBRARY is nnx else _begin_linen
    state, call = begin(every, query.shape[2])

    def step(state: Any, now: list[Array]) -> tuple[Any, Array]:
        return call(state, [each[:, None] for each in now], seen)

    by_time = [jnp.moveaxis(each, 1, 0) for each in every]
    found = jnp.moveaxis(jax.lax.scan(step, state, by_time)[1][:, :, 0], 0, 1)
    return found[:, key.shape[1] :].reshape(query.shape)


def _flat(pair: tuple[Array, Array]) -> tuple[int, int, int]:
    rows, _, heads, size = pair[0].shape
    return rows, pair[0].shape[1] + pair[1].shape[1], heads * size


def _begin_linen(every: list[Array], heads: int) -> tuple[Any, Any]:
    """Return an empty cache, and a call of the layer for one position."""
    width, dtype = every[0].shape[2], every[0].dtype
    layer = flax.linen.MultiHeadDotProductAttention(
        heads, use_bias=False, dtype=dtype, decode=True
    )
    begun = layer.init(jax.random.key(0), *every)
    # Projections that leave their input as it is.
    unit = jnp.eye(width, dtype=dtype)
    own = jax.tree.map(lambda kernel: unit.reshape(kernel.shape), begun["params"])

    def call(cache: Any, now: list[Array], seen: Array) -> tuple[Any, Array]:
        given = {"params": own, "cache": cache}
        found, new = layer.apply(given, *now, mask=seen, mutable=["cache"])
        return new["cache"], found

    return begun["cache"], call


def _begin_nnx(every: list[Array], heads: int) -> tuple[Any, Any]:
    """Return an empty cache, and a call of the layer for one position."""
    width, dtype = every[0].shape[2], every[0].dtype
    layer = nnx.MultiHeadAttention(
        heads,
        width,
        use_bias=False,
        dtype=dtype,
        param_dtype=dtype,
        decode=True,
        rngs=nnx.Rngs(0),
    )
    unit = jnp.eye(width, dtype=dtype)
    for part in (layer.query, layer.key, layer.value, layer.out):
        part.kernel[...] = unit.reshape(part.kernel[...].shape)
    layer.init_cache(every[0].shape, dtype)
    graph, state = nnx.split(layer)

    def call(state: Any, now: list[Array], seen: Array) -> tuple[Any, Array]:
        layer = nnx.merge(graph, state)
        found = layer(*now, mask=seen)
        return nnx.state(layer), found

    return state, call
