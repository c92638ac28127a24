# /// script
# requires-python = ">=3.11"
# dependencies = ["tinygrad==0.14.0", "numpy==2.4.6"]
# [tool.mask-conformance]
# system = "tinygrad"
# library = "tinygrad"
# family = "Other"
# framework = "numpy"
# environment = "tinygrad"
# dtypes = ["float32"]
# placements = ["right", "left", "gaps"]
# variables = { DEV = "PYTHON" }
# [tool.mask-conformance.unsupported]
# "masked_loss.mse.*" = "takes no mask"
# "masked_loss.binary_cross_entropy.*" = "takes no mask"
# "masked_loss.*.sequence_mean" = "reduces over the whole batch"
# ///
"""tinygrad's loss with ignore_index, and attention, on its interpreter."""

from __future__ import annotations

from typing import Any

import numpy as np
from tinygrad import Tensor

Array = np.ndarray[Any, np.dtype[Any]]

_IGNORED = -1  # what sparse_categorical_crossentropy names as its default


def masked_loss(
    predictions: Array, targets: Array, mask: Array, *, kind: str, reduction: str
) -> Array:
    del kind  # cross entropy
    labels = np.where(mask, targets, _IGNORED).astype(np.int32)
    losses = Tensor(predictions).sparse_categorical_crossentropy(
        Tensor(labels), ignore_index=_IGNORED, reduction=reduction
    )
    return np.asarray(losses.numpy())


def attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    allowed = mask[:, None, None, :]
    if causal:
        allowed = allowed & np.tri(mask.shape[1], dtype=bool)
    q, k, v = (Tensor(array.swapaxes(1, 2)) for array in (query, key, value))
    seen = q.scaled_dot_product_attention(k, v, attn_mask=Tensor(allowed))
    return np.asarray(seen.numpy()).swapaxes(1, 2)


def cross_attention(
    query: Array,
    query_mask: Array,
    key: Array,
    value: Array,
    mask: Array,
    *,
    grouped: bool,
) -> Array:
    del query_mask  # it takes a mask of the keys alone
    q, k, v = (Tensor(array.swapaxes(1, 2)) for array in (query, key, value))
    allowed = Tensor(mask[:, None, None, :])
    seen = q.scaled_dot_product_attention(k, v, attn_mask=allowed, enable_gqa=grouped)
    return np.asarray(seen.numpy()).swapaxes(1, 2)
