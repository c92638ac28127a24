# /// script
# requires-python = ">=3.11"
# dependencies = ["mlx[cpu]==0.32.4", "numpy==2.4.6", "ml_dtypes==0.6.0"]
# [tool.mask-conformance]
# system = "MLX's rope"
# library = "mlx"
# family = "Other"
# framework = "numpy"
# environment = "mlx"
# dtypes = ["float16", "float32"]
# placements = ["right", "left"]
# mask-forms = ["bool"]
# ///
"""MLX on a CPU: fast.rope with an offset for each row, as padding in front needs it."""

from __future__ import annotations

from typing import Any, TypeAlias

import mlx.core as mx
import numpy as np

Array: TypeAlias = Any  # what NumPy's arithmetic gives on arrays of any dtype

mx.set_default_device(mx.cpu)


def rotary(x: Array, mask: Array, *, layout: str) -> Array:
    # Heads before time, as it wants them; MLX takes no strides below zero.
    heads_first = mx.array(np.ascontiguousarray(x)).swapaxes(1, 2)
    found = mx.fast.rope(
        heads_first,
        x.shape[3],
        traditional=layout == "interleaved",
        base=10000.0,
        scale=1.0,
        # What stands in front of a row's first token: its position is 0.
        offset=-mx.array(np.argmax(mask, axis=1)),
    )
    return np.array(found.swapaxes(1, 2))
