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
# padding = { reverse_sequence = "kept" }
# ///
"""TensorFlow's own operation that takes lengths instead of a mask."""

from __future__ import annotations

from typing import TypeAlias

import tensorflow as tf

Tensor: TypeAlias = tf.Tensor


def reverse_sequence(x: Tensor, mask: Tensor) -> Tensor:
    lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)
    return tf.reverse_sequence(x, lengths, seq_axis=1)
