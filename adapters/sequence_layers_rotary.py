# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "flax==0.12.8", "sequence-layers==0.2"]
# [tool.mask-conformance]
# system = "Sequence Layers' rotary encoding"
# library = "sequence-layers"
# family = "JAX and what is built on it"
# framework = "jax"
# environment = "sequence-layers"
# dtypes = ["float16", "bfloat16", "float32"]
# routes = ["compiled", "eager"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "rotary.interleaved" = "it pairs features by halves"
# ///
"""Google's Sequence Layers: rotary encoding of values that carry their mask."""

from __future__ import annotations

from typing import TypeAlias

import jax
from sequence_layers import jax as sl

Array: TypeAlias = jax.Array


def rotary(x: Array, mask: Array, *, layout: str) -> Array:
    del layout
    # It counts valid positions by itself, unless it is told otherwise.
    layer = sl.ApplyRotaryPositionalEncoding.Config(max_wavelength=10000.0).make()
    found = layer.apply({}, sl.Sequence(x, mask), training=False, method="layer")
    return found.values
