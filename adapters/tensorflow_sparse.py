# /// script
# requires-python = ">=3.11"
# dependencies = ["tensorflow==2.21.0"]
# [tool.mask-conformance]
# system = "TensorFlow"
# library = "tensorflow"
# family = "TensorFlow and Keras"
# role = "variant"
# framework = "tensorflow"
# environment = "tensorflow"
# dtypes = ["float32"]
# routes = ["compiled"]
# [tool.mask-conformance.unsupported]
# "ctc_loss.*.mean.*" = "gives each row's loss"
# "ctc_loss.*.zeroed" = "has no zero_infinity"
# ///
"""TensorFlow's CTC loss of sparse labels, an operation of its own on a CPU."""

from __future__ import annotations

from typing import TypeAlias

import tensorflow as tf

Tensor: TypeAlias = tf.Tensor


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
    kept = tf.where(label_mask)
    values = tf.cast(tf.gather_nd(labels, kept), tf.int32)
    shape = tf.shape(labels, out_type=tf.int64)
    return tf.nn.ctc_loss(
        tf.sparse.SparseTensor(kept, values, shape),
        logits,
        None,
        tf.reduce_sum(tf.cast(mask, tf.int32), axis=1),
        logits_time_major=False,
        blank_index=0 if blank == "first" else -1,
    )
