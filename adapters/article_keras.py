# /// script
# requires-python = ">=3.11"
# dependencies = ["tensorflow==2.21.0", "keras==3.15.1"]
# [tool.mask-conformance]
# system = "Recipes of kexue.fm"
# library = "tensorflow"
# family = "TensorFlow and Keras"
# role = "reference"
# framework = "tensorflow"
# environment = "tensorflow"
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["compiled", "eager"]
# placements = ["right"]
# mask-forms = ["bool", "float", "int8", "uint8", "rank-3"]
# [tool.mask-conformance.empty]
# masked_mean = "nan"
# "masked_loss.*.mean" = "nan"
# "masked_loss.*.sequence_mean" = "nan"
# ///
"""The recipes of kexue.fm/archives/6810 on Keras, formula by formula, unrepaired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import tensorflow as tf

Tensor: TypeAlias = tf.Tensor

_CELLS = {
    "simple": keras.layers.SimpleRNN,
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
}


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    m = _like(mask, x)
    return tf.reduce_sum(x * m, axis=1) / tf.reduce_sum(m, axis=1)


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    return tf.reduce_max(x - (1 - _like(mask, x)) * _far(x), axis=1)


def masked_softmax(x: Tensor, mask: Tensor) -> Tensor:
    return tf.nn.softmax(x - (1 - _like(mask, x)) * _far(x), axis=1)


def masked_loss(
    predictions: Tensor, targets: Tensor, mask: Tensor, *, kind: str, reduction: str
) -> Tensor:
    losses = _losses(kind, predictions, targets)
    m = _like(mask, losses)
    if reduction == "none":
        return losses * m
    if reduction == "sum":
        return tf.reduce_sum(losses * m)
    if reduction == "mean":
        return tf.reduce_sum(losses * m) / tf.reduce_sum(m)
    return tf.reduce_mean(tf.reduce_sum(losses * m, axis=1) / tf.reduce_sum(m, axis=1))


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _Bidirectional:
    features, units = forward.kernel.shape[0], forward.recurrent_kernel.shape[0]
    there = _CELLS[cell](
        units,
        return_sequences=True,
        dtype=forward.kernel.dtype.name,
        # Keras has no QR decomposition in half precision; the weights are given anyway.
        recurrent_initializer="zeros",
    )
    config = there.get_config()
    back = type(there).from_config({**config, "name": f"{config['name']}_backward"})
    for layer, weights in ((there, forward), (back, backward)):
        layer.build((None, None, features))
        for variable, weight in zip(
            layer.trainable_variables, _KERAS_ORDER[cell](weights), strict=True
        ):
            variable.assign(weight)
    return _Bidirectional(forward=there, backward=back, merge=merge, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Bidirectional:
    """``OurBidirectional``: two layers, the second on each reversed valid part."""

    forward: Any
    backward: Any
    merge: str
    output: str

    @property
    def parameters(self) -> list[tf.Variable]:
        """The variables of both layers."""
        layers = (self.forward, self.backward)
        return [one.value for layer in layers for one in layer.trainable_variables]

    def __call__(self, x: Tensor, mask: Tensor) -> Tensor:
        m = _like(mask, x)
        lengths = tf.cast(tf.round(tf.reduce_sum(m, axis=[1, 2])), tf.int32)
        there = self.forward(x)
        back = self.backward(tf.reverse_sequence(x, lengths, seq_axis=1))
        if self.output == "final":
            last = tf.one_hot(lengths - 1, x.shape[1], dtype=x.dtype)[..., None]
            ends = (tf.reduce_sum(states * last, axis=1) for states in (there, back))
            return self._merged(*ends)
        back = tf.reverse_sequence(back, lengths, seq_axis=1)
        return self._merged(there, back) * m

    def _merged(self, there: Tensor, back: Tensor) -> Tensor:
        if self.merge == "concat":
            return tf.concat([there, back], axis=-1)
        return there + back


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


def _losses(kind: str, predictions: Tensor, targets: Tensor) -> Tensor:
    if kind == "mse":
        return keras.losses.mean_squared_error(targets, predictions)
    if kind == "cross_entropy":
        return keras.losses.sparse_categorical_crossentropy(
            targets, predictions, from_logits=True
        )
    return keras.ops.binary_crossentropy(targets, predictions, from_logits=True)


def _far(x: Tensor) -> Tensor:
    # Infinity in float16, as it is to anyone who runs the recipe there.
    return tf.cast(1e10, x.dtype)


def _like(mask: Tensor, x: Tensor) -> Tensor:
    """Return the mask in x's dtype, one for each position, with as many axes."""
    m = tf.cast(mask, x.dtype)
    return tf.reshape(m, [*x.shape[:2], *(1,) * (x.shape.rank - 2)])


def build_nested(
    first: Any, second: Any = None, norm: Any = None, *, inner: str
) -> Any:
    dtype = first.kernel.dtype.name
    one = keras.layers.Dense(first.kernel.shape[1], dtype=dtype)
    one.trainable = inner != "frozen"
    last, between = one, None
    if second is not None:
        # Another layer from the first one's configuration, renamed.
        config = {**one.get_config(), "name": f"{one.name}_last", "trainable": True}
        last = keras.layers.Dense.from_config(
            {**config, "units": second.kernel.shape[1]}
        )
    if norm is not None:
        between = keras.layers.BatchNormalization(momentum=0.9, dtype=dtype)
    layer = OurDense(first=one, last=last, norm=between, dtype=dtype)
    # The inner layers are built at the first call.
    layer(tf.zeros([1, 1, first.kernel.shape[0]], dtype))
    given: dict[int, tuple[Tensor, ...]] = {id(one): (first.kernel, first.bias)}
    if second is not None:
        given[id(last)] = (second.kernel, second.bias)
    if norm is not None:
        given[id(between)] = (norm.scale, norm.offset, norm.mean, norm.variance)
    for own in (one, last, between):
        if own is not None:
            for variable, value in zip(own.variables, given[id(own)], strict=True):
                variable.assign(value)
    return _Layer(layer)


@dataclass(frozen=True, kw_only=True)
class _Inner:
    """What a layer reuses, where Keras does not look for layers."""

    first: Any
    last: Any
    norm: Any


class OurDense(keras.layers.Layer):  # type: ignore[misc, unused-ignore]
    """``OurLayer`` with ``reuse``, and two dense layers in it."""

    def __init__(self, *, first: Any, last: Any, norm: Any, dtype: str) -> None:
        super().__init__(dtype=dtype)
        self._inner = _Inner(first=first, last=last, norm=norm)

    def reuse(self, layer: Any, x: Tensor, **how: Any) -> Tensor:
        """Call an inner layer and take its weights over, each once."""
        if not layer.built:
            layer.build(x.shape)
        found = layer.call(x, **how)
        for own, theirs in (
            (self._trainable_variables, layer.trainable_variables),
            (self._non_trainable_variables, layer.non_trainable_variables),
        ):
            for one in theirs:
                if not any(one is other for other in own):
                    own.append(one)
        return found

    def call(self, x: Tensor, training: Any = None) -> Tensor:
        """Return y = g(f(x W1 + b1) W2 + b2)."""
        h = tf.tanh(self.reuse(self._inner.first, x))
        if self._inner.norm is not None:
            h = self.reuse(self._inner.norm, h, training=training)
        return tf.sigmoid(self.reuse(self._inner.last, h))


class _Layer:
    """The layer, trained by hand and saved as a list of arrays."""

    def __init__(self, layer: OurDense) -> None:
        self._layer = layer

    @property
    def parameters(self) -> list[tf.Variable]:
        """What the owner trains."""
        return [one.value for one in self._layer.trainable_variables]

    @property
    def state(self) -> list[tf.Variable]:
        """What it does not."""
        return [one.value for one in self._layer.non_trainable_variables]

    @property
    def names(self) -> list[str]:
        """The variables' paths."""
        layer = self._layer
        every = (*layer.trainable_variables, *layer.non_trainable_variables)
        return [one.path for one in every]

    def __call__(self, x: Tensor, mask: Tensor) -> Tensor:
        return self._layer(x)

    def step(self, x: Tensor, mask: Tensor, cotangent: Tensor) -> None:
        """Take one step of Keras's gradient descent."""
        with tf.GradientTape() as tape:
            worth = tf.reduce_sum(self._layer(x, training=True) * cotangent)
        variables = self._layer.trainable_variables
        slopes = tape.gradient(worth, self.parameters)
        keras.optimizers.SGD(0.25).apply(slopes, variables)

    def saved(self) -> list[Any]:
        """Return the weights as Keras lists them."""
        return self._layer.get_weights()

    def restore(self, saved: list[Any]) -> None:
        """Set them."""
        self._layer.set_weights(saved)
