# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "flax==0.12.8", "sequence-layers==0.2"]
# [tool.mask-conformance]
# system = "Sequence Layers' attention"
# library = "sequence-layers"
# family = "JAX and what is built on it"
# framework = "jax"
# environment = "sequence-layers"
# dtypes = ["float32"]
# routes = ["compiled"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# ///
"""Google's Sequence Layers: local self attention over values that carry their mask."""

from __future__ import annotations

from typing import TypeAlias

import jax
import jax.numpy as jnp
from sequence_layers import jax as sl

Array: TypeAlias = jax.Array


def windowed_attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool, window: int
) -> Array:
    heads, size = query.shape[2:]
    layer = sl.LocalDotProductSelfAttention.Config(
        num_heads=heads,
        units_per_head=size,
        block_size=window,
        max_past_horizon=window,
        max_future_horizon=0 if causal else window,
        input_projection=sl.SeparateQueryKeyValueProjection(),
    ).make()
    # One input of all three side by side, of which each projection takes its own.
    parts = [x.reshape((*mask.shape, heads * size)) for x in (query, key, value)]
    unit = jnp.eye(3 * heads * size, dtype=query.dtype).reshape((-1, 3, heads, size))
    names = ("query_projection", "key_projection", "value_projection")
    given = {name: {"kernel": unit[:, at]} for at, name in enumerate(names)}
    whole = sl.Sequence(jnp.concatenate(parts, axis=2), mask)
    found = layer.apply({"params": given}, whole, training=False, method="layer")
    return found.mask_invalid().values
