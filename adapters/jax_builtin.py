# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2"]
# [tool.mask-conformance]
# system = "JAX"
# library = "jax"
# family = "JAX and what is built on it"
# framework = "jax"
# environment = "jax"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["compiled"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# unsupported = { "*pack.steps" = "nonzero goes row by row" }
# [tool.mask-conformance.padding]
# "attention.*" = "attend"
# "cross_attention.*" = "attend"
# "windowed_attention.*" = "attend"
# "packed_attention.*" = "attend"
# "gated_scan.*" = "held"
# [tool.mask-conformance.empty]
# masked_max = "negative-infinity"
# masked_prod = "one"
# ///
"""JAX's own masked operations: reductions, softmax, attention; and its scan."""

from __future__ import annotations

from typing import Any, TypeAlias

import jax
import jax.numpy as jnp

Array: TypeAlias = jax.Array


def masked_mean(x: Array, mask: Array) -> Array:
    return jnp.mean(x, axis=1, where=_like(mask, x))


def masked_max(x: Array, mask: Array) -> Array:
    return jnp.max(x, axis=1, where=_like(mask, x), initial=-jnp.inf)


def masked_min(x: Array, mask: Array) -> Array:
    return jnp.min(x, axis=1, where=_like(mask, x), initial=jnp.inf)


def masked_sum(x: Array, mask: Array) -> Array:
    return jnp.sum(x, axis=1, where=_like(mask, x))


def masked_prod(x: Array, mask: Array) -> Array:
    return jnp.prod(x, axis=1, where=_like(mask, x))


def masked_std(x: Array, mask: Array, *, ddof: int) -> Array:
    return jnp.std(x, axis=1, where=_like(mask, x), ddof=ddof)


def masked_softmax(x: Array, mask: Array) -> Array:
    return jax.nn.softmax(x, axis=1, where=mask)


def masked_log_softmax(x: Array, mask: Array) -> Array:
    return jax.nn.log_softmax(x, axis=1, where=mask)


def masked_logsumexp(x: Array, mask: Array) -> Array:
    return jax.nn.logsumexp(x, axis=1, where=_like(mask, x))


def attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    seen = mask[:, None, None, :]
    return jax.nn.dot_product_attention(query, key, value, mask=seen, is_causal=causal)


def windowed_attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool, window: int
) -> Array:
    return jax.nn.dot_product_attention(
        query,
        key,
        value,
        mask=mask[:, None, None, :],
        is_causal=causal,
        local_window_size=(window, 0 if causal else window),
    )


def packed_attention(
    query: Array,
    key: Array,
    value: Array,
    segments: Array,
    mask: Array,
    *,
    causal: bool,
) -> Array:
    own = segments[:, :, None] == segments[:, None, :]
    seen = (own & mask[:, None, :])[:, None]
    return jax.nn.dot_product_attention(query, key, value, mask=seen, is_causal=causal)


def cross_attention(
    query: Array,
    query_mask: Array,
    key: Array,
    value: Array,
    mask: Array,
    *,
    grouped: bool,
) -> Array:
    del query_mask, grouped  # keys of fewer heads are shared without being told
    seen = mask[:, None, None, :]
    return jax.nn.dot_product_attention(query, key, value, mask=seen)


def gated_scan(
    initial: Array, x: Array, decay: Array, mask: Array, *, output: str
) -> Array:
    # The scan takes no mask and no state: both are positions like others, and half
    # precision is scanned in float32, as state-space layers call it.
    here = _like(mask, x)
    wide = jnp.promote_types(x.dtype, jnp.float32)
    first = initial[:, None].astype(wide)
    added = jnp.concatenate([first, jnp.where(here, x.astype(wide), 0)], axis=1)
    factor = jnp.where(here, decay.astype(wide), 1)
    factor = jnp.concatenate([jnp.ones_like(first), factor], axis=1)
    states = jax.lax.associative_scan(_compose, (factor, added), axis=1)[1]
    return (states[:, -1] if output == "final" else states[:, 1:]).astype(x.dtype)


def apply_mask(x: Array, mask: Array) -> Array:
    return jax.lax.select(
        jnp.broadcast_to(_like(mask, x), x.shape), x, jnp.zeros_like(x)
    )


def pack(x: Array, mask: Array, *, order: str) -> Array:
    del order  # row by row
    at = jnp.nonzero(mask, size=mask.size, fill_value=mask.shape)
    return x.at[at].get(mode="fill", fill_value=0).reshape(x.shape)


def unpack(values: Array, x: Array, mask: Array, *, order: str) -> Array:
    del order  # row by row
    shape, features = x.shape[:2], values.shape[2:]
    at = jnp.nonzero(mask, size=values.shape[0] * values.shape[1], fill_value=shape)
    zeros = jnp.zeros((*shape, *features), values.dtype)
    return zeros.at[at].set(values.reshape(-1, *features), mode="drop")


def _compose(left: tuple[Array, Array], right: tuple[Array, Array]) -> Any:
    return right[0] * left[0], right[0] * left[1] + right[1]


def _like(mask: Array, x: Array) -> Array:
    """Return the mask with as many axes as ``x``."""
    return mask.reshape(mask.shape + (1,) * (x.ndim - 2))
