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
"""Google's Sequence Layers: convolutions over values that carry their mask."""

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
