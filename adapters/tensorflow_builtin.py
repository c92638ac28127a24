# /// script
# requires-python = ">=3.11"
# dependencies = ["tensorflow==2.21.0"]
# [tool.mask-conformance]
# system = "TensorFlow"
# library = "tensorflow"
# family = "TensorFlow and Keras"
# framework = "tensorflow"
# environment = "tensorflow"
# dtypes = ["float16", "float32"]
# routes = ["compiled"]
# placements = ["right", "left", "gaps"]
# [tool.mask-conformance.empty]
# masked_prod = "one"
# [tool.mask-conformance.unsupported]
# "masked_loss.*.sequence_mean" = "its losses reduce over the whole batch"
# ///
"""TensorFlow's own ways to leave positions out: ragged tensors and loss weights."""

from __future__ import annotations

from typing import TypeAlias

import tensorflow as tf

Tensor: TypeAlias = tf.Tensor

_LOSSES = tf.compat.v1.losses
_REDUCTIONS = {
    "mean": _LOSSES.Reduction.SUM_BY_NONZERO_WEIGHTS,
    "sum": _LOSSES.Reduction.SUM,
    "none": _LOSSES.Reduction.NONE,
}


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    return tf.reduce_mean(tf.ragged.boolean_mask(x, mask), axis=1)


def masked_sum(x: Tensor, mask: Tensor) -> Tensor:
    return tf.reduce_sum(tf.ragged.boolean_mask(x, mask), axis=1)


def masked_prod(x: Tensor, mask: Tensor) -> Tensor:
    return tf.reduce_prod(tf.ragged.boolean_mask(x, mask), axis=1)


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    return tf.reduce_max(tf.ragged.boolean_mask(x, mask), axis=1)


def masked_min(x: Tensor, mask: Tensor) -> Tensor:
    return tf.reduce_min(tf.ragged.boolean_mask(x, mask), axis=1)


def masked_variance(x: Tensor, mask: Tensor) -> Tensor:
    return tf.math.reduce_variance(tf.ragged.boolean_mask(x, mask), axis=1)


def masked_softmax(x: Tensor, mask: Tensor) -> Tensor:
    shares = tf.nn.softmax(tf.ragged.boolean_mask(x, mask), axis=1)
    # Back from rows of different lengths to where each position was.
    return tf.scatter_nd(tf.where(mask), shares.flat_values, x.shape)


def masked_logsumexp(x: Tensor, mask: Tensor) -> Tensor:
    return tf.reduce_logsumexp(tf.ragged.boolean_mask(x, mask), axis=1)


def masked_loss(
    predictions: Tensor, targets: Tensor, mask: Tensor, *, kind: str, reduction: str
) -> Tensor:
    weights = tf.cast(mask, predictions.dtype)
    how = _REDUCTIONS[reduction]
    if kind == "cross_entropy":
        return _LOSSES.sparse_softmax_cross_entropy(
            targets, predictions, weights, reduction=how
        )
    if kind == "binary_cross_entropy":
        return _LOSSES.sigmoid_cross_entropy(
            targets, predictions, weights, reduction=how
        )
    losses = _LOSSES.mean_squared_error(
        targets, predictions, weights[..., None], reduction=how
    )
    # This loss, unlike the others, is float32 whatever its inputs are.
    losses = tf.cast(losses, predictions.dtype)
    if reduction == "none":
        return tf.reduce_mean(losses, axis=-1)
    # A position's loss is the mean over its features, which are summed up here.
    return losses / predictions.shape[-1] if reduction == "sum" else losses
