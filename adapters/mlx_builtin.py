# /// script
# requires-python = ">=3.11"
# dependencies = ["mlx[cpu]==0.32.4", "numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "MLX"
# library = "mlx"
# family = "Other"
# framework = "numpy"
# environment = "mlx"
# dtypes = ["float16", "float32"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# padding = { "attention.*" = "attend", "cross_attention.*" = "attend" }
# [tool.mask-conformance.unsupported]
# "masked_loss.mse.*" = "its mse_loss takes no weights"
# "masked_loss.*.sequence_mean" = "its losses reduce the whole batch"
# ///
"""MLX on a CPU: losses with weights, scaled_dot_product_attention with a mask."""

from __future__ import annotations

from typing import Any, TypeAlias

import mlx.core as mx
import numpy as np
from mlx.nn import losses

Array: TypeAlias = Any  # what NumPy's arithmetic gives on arrays of any dtype

mx.set_default_device(mx.cpu)


def masked_loss(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    # MLX reads what lies at a label without asking whether it is a class.
    labels = np.where(mask, targets, 0) if kind == "cross_entropy" else targets
    scores, goals = _given(predictions), _given(labels)
    loss = getattr(losses, kind)
    weights = _given(mask).astype(scores.dtype)
    return np.array(loss(scores, goals, weights=weights, reduction=reduction))


def attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    return _attend(query, key, value, mask, causal=causal)


def sink_attention(
    query: Array, key: Array, value: Array, mask: Array, sink: Array, *, causal: bool
) -> Array:
    return _attend(query, key, value, mask, causal=causal, sinks=_given(sink))


def _attend(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool, **more: Any
) -> Array:
    q, k, v = (_given(x).swapaxes(1, 2) for x in (query, key, value))
    seen = np.broadcast_to(mask[:, None, None, :], (len(mask), 1, *mask.shape[1:] * 2))
    if causal:
        seen = seen & np.tri(mask.shape[1], dtype=bool)
    found = mx.fast.scaled_dot_product_attention(
        q, k, v, scale=query.shape[3] ** -0.5, mask=_given(seen), **more
    )
    return np.array(found.swapaxes(1, 2))


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
    q, k, v = (_given(x).swapaxes(1, 2) for x in (query, key, value))
    shape = (len(mask), 1, query.shape[1], mask.shape[1])
    seen = np.broadcast_to(mask[:, None, None, :], shape)
    found = mx.fast.scaled_dot_product_attention(
        q, k, v, scale=query.shape[3] ** -0.5, mask=_given(seen)
    )
    return np.array(found.swapaxes(1, 2))


def _given(x: Array) -> mx.array:
    """Return a copy as MLX's own array, which takes no strides below zero."""
    return mx.array(np.ascontiguousarray(x))
