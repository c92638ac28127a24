# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "flax==0.12.8", "sequence-layers==0.2"]
# [tool.mask-conformance]
# system = "Sequence Layers"
# library = "sequence-layers"
# family = "JAX and what is built on it"
# framework = "jax"
# environment = "sequence-layers"
# dtypes = ["float32"]
# routes = ["compiled"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# ///
"""Google's Sequence Layers: convolutions and pools over values with their mask."""

from __future__ import annotations

from typing import TypeAlias

import jax
from sequence_layers import jax as sl

Array: TypeAlias = jax.Array


def conv1d(
    x: Array, mask: Array, kernel: Array, bias: Array, *, padding: str, dilation: int
) -> Array:
    layer = sl.Conv1D.Config(
        filters=kernel.shape[2],
        kernel_size=kernel.shape[0],
        dilation_rate=dilation,
        padding=padding,
    ).make()
    given = {"params": {"kernel": kernel, "bias": bias}}
    found = layer.apply(given, sl.Sequence(x, mask), training=False, method="layer")
    return found.mask_invalid().values


def strided_conv1d(
    x: Array,
    mask: Array,
    kernel: Array,
    bias: Array,
    *,
    padding: str,
    stride: int,
    dilation: int,
) -> Array:
    layer = sl.Conv1D.Config(
        filters=kernel.shape[2],
        kernel_size=kernel.shape[0],
        strides=stride,
        dilation_rate=dilation,
        # Its "same" puts half of the zeros before the row, whatever T is.
        padding="same" if padding == "half" else padding,
    ).make()
    given = {"params": {"kernel": kernel, "bias": bias}}
    found = layer.apply(given, sl.Sequence(x, mask), training=False, method="layer")
    return found.mask_invalid().values


def pool1d(
    x: Array, mask: Array, *, of: str, padding: str, window: int, stride: int
) -> Array:
    names = {"half": "same", "ahead": "reverse_causal"}
    how = {
        "pool_size": window,
        "strides": stride,
        "padding": names.get(padding, padding),
    }
    config = (
        sl.AveragePooling1D.Config(**how, masked_average=True)
        if of == "average"
        else sl.MaxPooling1D.Config(**how)
    )
    found = config.make().apply(
        {}, sl.Sequence(x, mask), training=False, method="layer"
    )
    return found.mask_invalid().values
