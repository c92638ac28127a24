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
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["compiled"]
# unsupported = { "unpack.steps" = "a ragged tensor goes row by row" }
# padding = { reverse_sequence = "kept" }
# ///
"""TensorFlow's own operations that take lengths instead of a mask."""

from __future__ import annotations

from typing import TypeAlias

import tensorflow as tf

Tensor: TypeAlias = tf.Tensor


def reverse_sequence(x: Tensor, mask: Tensor) -> Tensor:
    lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
    return tf.reverse_sequence(x, lengths, seq_axis=1)


def unpack(values: Tensor, x: Tensor, mask: Tensor, *, order: str) -> Tensor:
    del order  # row by row
    lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
    flat = tf.reshape(values, tf.concat([[-1], tf.shape(values)[2:]], axis=0))
    needed = flat[: tf.reduce_sum(lengths)]
    return tf.RaggedTensor.from_row_lengths(needed, lengths).to_tensor(
        shape=[None, x.shape[1], *values.shape[2:]]
    )
