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
# "mask_from_lengths.left" = "sequence_mask has padding on the right"
# "lengths_from_mask.extent" = "a ragged tensor counts"
# "*pack.steps" = "boolean_mask goes row by row"
# "masked_loss.*.sequence_mean" = "its losses reduce over the whole batch"
# "weighted_loss.*.by_count" = "SUM_OVER_BATCH_SIZE counts padding"
# ///
"""TensorFlow's own ways to leave positions out: ragged tensors and loss weights."""

from __future__ import annotations

from typing import TypeAlias

import tensorflow as tf

Tensor: TypeAlias = tf.Tensor

_LOSSES = tf.compat.v1.losses
_REDUCTIONS = {
    "mean": _LOSSES.Reduction.SUM_BY_NONZERO_WEIGHTS,
    "by_nonzero": _LOSSES.Reduction.SUM_BY_NONZERO_WEIGHTS,
    "by_weights": _LOSSES.Reduction.MEAN,
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


def apply_mask(x: Tensor, mask: Tensor) -> Tensor:
    filled = tf.where(tf.reshape(mask, [*mask.shape, *[1] * (x.shape.rank - 2)]), x, 0)
    return tf.ensure_shape(filled, x.shape)


def mask_from_lengths(lengths: Tensor, x: Tensor, *, side: str) -> Tensor:
    del side  # padding on the right
    return tf.sequence_mask(lengths, tf.shape(x)[1])


def lengths_from_mask(x: Tensor, mask: Tensor, *, by: str) -> Tensor:
    del by  # the count
    return tf.ragged.boolean_mask(x, mask).row_lengths()


def pack(x: Tensor, mask: Tensor, *, order: str) -> Tensor:
    del order  # row by row
    packed = tf.boolean_mask(x, mask)
    behind = tf.size(mask) - tf.shape(packed)[0]
    ends = tf.concat([[[0, behind]], tf.zeros([tf.rank(packed) - 1, 2], tf.int32)], 0)
    return tf.reshape(tf.pad(packed, ends), tf.shape(x))


def unpack(values: Tensor, x: Tensor, mask: Tensor, *, order: str) -> Tensor:
    del order  # row by row
    at = tf.where(mask)
    features = tf.shape(values, tf.int64)[2:]
    flat = tf.reshape(values, tf.concat([[-1], features], 0))[: tf.shape(at)[0]]
    shape = tf.concat([tf.shape(x, tf.int64)[:2], features], 0)
    return tf.scatter_nd(at, flat, shape)


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
    return _weigh(predictions, targets, weights, kind, reduction)


def weighted_loss(
    predictions: Tensor,
    targets: Tensor,
    weight: Tensor,
    mask: Tensor,
    *,
    kind: str,
    reduction: str,
) -> Tensor:
    # Its losses have weights alone: what the mask hides weighs nothing.
    weights = tf.where(mask, weight, tf.zeros_like(weight))
    return _weigh(predictions, targets, weights, kind, reduction)


def _weigh(
    predictions: Tensor, targets: Tensor, weights: Tensor, kind: str, reduction: str
) -> Tensor:
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
