# /// script
# requires-python = ">=3.11"
# dependencies = ["keras==3.15.1"]
# [tool.mask-conformance]
# library = "keras"
# family = "TensorFlow and Keras"
# role = "variant"
# framework = "tensorflow"
# placements = ["right"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "ctc_loss.*.mean.*" = "gives each row's loss"
# "ctc_loss.*.zeroed" = "has no zero_infinity"
# [tool.mask-conformance.variants.tensorflow]
# system = "Keras on TensorFlow"
# framework = "tensorflow"
# environment = "tensorflow"
# dependencies = ["tensorflow==2.21.0", "keras==3.15.1"]
# routes = ["compiled"]
# variables = { KERAS_BACKEND = "tensorflow" }
# [tool.mask-conformance.variants.torch]
# system = "Keras on PyTorch"
# framework = "torch"
# environment = "torch"
# dependencies = ["torch==2.13.0", "keras==3.15.1"]
# variables = { KERAS_BACKEND = "torch" }
# [tool.mask-conformance.variants.jax]
# system = "Keras on JAX"
# framework = "jax"
# environment = "jax"
# dependencies = ["jax==0.10.2", "keras==3.15.1"]
# routes = ["compiled"]
# variables = { KERAS_BACKEND = "jax" }
# ///
"""Keras's CTC loss on lengths; its losses.CTC takes all frames for valid ones."""

from __future__ import annotations

from typing import Any, TypeAlias

from keras import ops

Tensor: TypeAlias = Any


def ctc_loss(
    labels: Tensor,
    label_mask: Tensor,
    logits: Tensor,
    mask: Tensor,
    *,
    blank: str,
    reduction: str,
    zero_infinity: bool,
) -> Tensor:
    del reduction, zero_infinity
    return ops.nn.ctc_loss(
        labels,
        logits,
        ops.sum(ops.cast(label_mask, "int32"), axis=1),
        ops.sum(ops.cast(mask, "int32"), axis=1),
        mask_index=0 if blank == "first" else logits.shape[2] - 1,
    )
