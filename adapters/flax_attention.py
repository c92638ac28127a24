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
# [tool.mask-conformance.variants.nnx]
# system = "Flax NNX"
# variables = { MASK_CONFORMANCE_FLAX = "nnx" }
# ///
"""Flax's attention with the masks that its own helpers make, in Linen and NNX."""

from __future__ import annotations

import os
from typing import TypeAlias

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
