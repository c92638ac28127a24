# /// script
# requires-python = ">=3.11"
# dependencies = ["tensorflow==2.21.0", "tf_keras==2.21.0"]
# [tool.mask-conformance]
# system = "tf_keras (Keras 2)"
# library = "tf_keras"
# family = "TensorFlow and Keras"
# framework = "tensorflow"
# environment = "tf-keras"
# dtypes = ["float32"]
# routes = ["compiled"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# padding = { "attention.*" = "zero", "cross_attention.*" = "zero" }
# [tool.mask-conformance.unsupported]
# "cross_attention.grouped" = "it has as many heads of keys as of queries"
# "masked_loss.*.sequence_mean" = "its losses reduce over the whole batch"
# "weighted_loss.*.by_weights" = "its losses divide by the number of positions"
# "weighted_loss.*.by_nonzero" = "its losses divide by the number of positions"
# "mask_from_ids.[!0]*" = "Embedding(mask_zero=True) takes 0 for padding only"
# ///
"""tf_keras, which is Keras 2: its layers and losses, masked as its guide says."""

from __future__ import annotations

from typing import Any, TypeAlias

import tensorflow as tf
from tf_keras import layers, losses

Tensor: TypeAlias = tf.Tensor

_CELLS = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
_REDUCTIONS = {
    "mean": "sum_over_batch_size",
    "by_count": "sum_over_batch_size",
    "sum": "sum",
    "none": "none",
}


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    pool = layers.GlobalAveragePooling1D(dtype=x.dtype)
    return _unfolded(pool(_folded(x), mask=mask), x)


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    pool = layers.GlobalMaxPooling1D(dtype=x.dtype)
    return _unfolded(pool(_with_mask(_folded(x), mask)), x)


def masked_softmax(x: Tensor, mask: Tensor) -> Tensor:
    return layers.Softmax(axis=1, dtype=x.dtype)(x, mask=mask)


def masked_loss(
    predictions: Tensor, targets: Tensor, mask: Tensor, *, kind: str, reduction: str
) -> Tensor:
    if kind == "binary_cross_entropy":
        # The mean over the last axis is part of this loss: one position, one element.
        predictions, targets = predictions[..., None], targets[..., None]
    return _loss(kind, reduction)(targets, _with_mask(predictions, mask))


def weighted_loss(
    predictions: Tensor,
    targets: Tensor,
    weight: Tensor,
    mask: Tensor,
    *,
    kind: str,
    reduction: str,
) -> Tensor:
    masked = _with_mask(predictions, mask)
    return _loss(kind, reduction)(targets, masked, sample_weight=weight)


def _loss(kind: str, reduction: str) -> losses.Loss:
    own = {"reduction": _REDUCTIONS[reduction]}
    if kind == "mse":
        return losses.MeanSquaredError(**own)
    if kind == "cross_entropy":
        return losses.SparseCategoricalCrossentropy(from_logits=True, **own)
    return losses.BinaryCrossentropy(from_logits=True, **own)


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _BiRnn:
    features, units = forward.kernel.shape[0], forward.recurrent_kernel.shape[0]
    one = _CELLS[cell](
        units,
        return_sequences=output == "sequence",
        dtype=forward.kernel.dtype,
        # There is no QR decomposition in half precision; the weights are given anyway.
        recurrent_initializer="zeros",
    )
    both = layers.Bidirectional(one, merge_mode=merge, dtype=forward.kernel.dtype)
    both.build((None, None, features))
    given = [*_KERAS_ORDER[cell](forward), *_KERAS_ORDER[cell](backward)]
    for variable, weight in zip(both.trainable_variables, given, strict=True):
        variable.assign(weight)
    return _BiRnn(both)


class _BiRnn:
    """A bidirectional layer, called with a mask."""

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    @property
    def parameters(self) -> list[tf.Variable]:
        """The variables of both directions."""
        return list(self._layer.trainable_variables)

    def __call__(self, x: Tensor, mask: Tensor) -> Tensor:
        return self._layer(x, mask=mask)


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, causal: bool
) -> Tensor:
    return _each_head(query, key, value, [mask, mask], use_causal_mask=causal)


def cross_attention(
    query: Tensor,
    query_mask: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    grouped: bool,
) -> Tensor:
    del grouped  # it has as many heads of keys as of queries
    return _each_head(query, key, value, [query_mask, mask])


def _each_head(
    query: Tensor, key: Tensor, value: Tensor, masks: list[Tensor], **how: bool
) -> Tensor:
    rows, steps, heads, features = query.shape
    # It knows one head and no scale: heads become rows, the scale is the query's.
    query, key, value = (_rows(x) for x in (query * features**-0.5, key, value))
    found = layers.Attention(dtype=query.dtype)(
        [query, value, key],
        mask=[tf.repeat(one, heads, axis=0) for one in masks],
        **how,
    )
    found = tf.reshape(found, (rows, heads, steps, features))
    return tf.transpose(found, (0, 2, 1, 3))


def _rows(x: Tensor) -> Tensor:
    """Return ``[B N, T, D]`` of ``[B, T, N, D]``."""
    return tf.reshape(tf.transpose(x, (0, 2, 1, 3)), (-1, x.shape[1], x.shape[3]))


def mask_from_ids(ids: Tensor, padding_id: int) -> Tensor:
    del padding_id  # zero: no other is offered
    return layers.Embedding(1, 1, mask_zero=True).compute_mask(ids)


def mask_from_features(x: Tensor) -> Tensor:
    return layers.Masking(dtype=x.dtype).compute_mask(x)


class Given(layers.Layer):  # type: ignore[misc, unused-ignore]
    """Attaches a mask, as `Masking` and `Embedding(mask_zero=True)` attach theirs."""

    def call(self, inputs: list[Tensor]) -> Tensor:
        """Return the first input as it is."""
        return tf.identity(inputs[0])

    def compute_mask(self, inputs: list[Tensor], previous_mask: Any = None) -> Tensor:
        """Return the second input as the first one's mask."""
        del previous_mask
        return inputs[1]


def _with_mask(x: Tensor, mask: Tensor) -> Tensor:
    return Given(dtype=x.dtype, autocast=False)([x, mask])


def _folded(x: Tensor) -> Tensor:
    """Return ``[B, T, features]``, all that the pooling layers take."""
    return tf.reshape(x, (*x.shape[:2], -1))


def _unfolded(pooled: Tensor, x: Tensor) -> Tensor:
    return tf.reshape(pooled, (x.shape[0], *x.shape[2:]))


def _simple(weights: Any) -> list[Tensor]:
    bias = weights.bias + weights.recurrent_bias
    return [weights.kernel, weights.recurrent_kernel, bias]


def _gru(weights: Any) -> list[Tensor]:
    bias = tf.stack([weights.bias, weights.recurrent_bias])
    return [_z_first(part) for part in (weights.kernel, weights.recurrent_kernel, bias)]


def _z_first(gates: Tensor) -> Tensor:
    r, z, n = tf.split(gates, 3, axis=-1)
    return tf.concat([z, r, n], axis=-1)


# An LSTM's gates are in the same order in Keras, with one bias for both kernels.
_KERAS_ORDER = {"simple": _simple, "lstm": _simple, "gru": _gru}
