# /// script
# requires-python = ">=3.11"
# dependencies = ["keras==3.15.1"]
# [tool.mask-conformance]
# library = "keras"
# family = "TensorFlow and Keras"
# framework = "tensorflow"
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "masked_loss.*.sequence_mean" = "Keras's losses reduce over the whole batch"
# "weighted_loss.*.by_nonzero" = "its losses count positions, or add up weights"
# "mask_from_ids.[!0]*" = "Embedding(mask_zero=True) takes 0 for padding only"
# [tool.mask-conformance.padding]
# "gated_scan.*" = "held"
# "rnn.*" = "zero"
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
# dtypes = ["float16", "float32"]
# variables = { KERAS_BACKEND = "torch" }
# [tool.mask-conformance.variants.jax]
# system = "Keras on JAX"
# framework = "jax"
# environment = "jax"
# releases = ["keras==3.5.0", "keras==3.10.0"]
# dependencies = ["jax==0.10.2", "keras==3.15.1"]
# routes = ["compiled"]
# variables = { KERAS_BACKEND = "jax" }
# ///
"""Keras's own layers and losses, masked the way its guide on masking says."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import keras
from keras import layers, losses, ops

Tensor: TypeAlias = Any

_CELLS = {"simple": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}
_REDUCTIONS = {
    "mean": "sum_over_batch_size",
    "by_count": "sum_over_batch_size",
    "by_weights": "mean_with_sample_weight",
    "sum": "sum",
    "none": "none",
}


def masked_mean(x: Tensor, mask: Tensor) -> Tensor:
    pool = layers.GlobalAveragePooling1D(dtype=_dtype(x))
    return _unfolded(pool(_folded(x), mask=mask), x)


def masked_max(x: Tensor, mask: Tensor) -> Tensor:
    pool = layers.GlobalMaxPooling1D(dtype=_dtype(x))
    return _unfolded(pool(_with_mask(_folded(x), mask)), x)


def masked_softmax(x: Tensor, mask: Tensor) -> Tensor:
    return layers.Softmax(axis=1, dtype=_dtype(x))(x, mask=mask)


def masked_loss(
    predictions: Tensor, targets: Tensor, mask: Tensor, *, kind: str, reduction: str
) -> Tensor:
    if kind == "binary_cross_entropy":
        # The mean over the last axis is part of this loss: one position, one element.
        predictions, targets = predictions[..., None], targets[..., None]
    found = _loss(kind, reduction)(targets, _with_mask(predictions, mask))
    return ops.cast(found, _dtype(predictions))


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
    found = _loss(kind, reduction)(targets, masked, sample_weight=weight)
    return ops.cast(found, _dtype(predictions))


def _loss(kind: str, reduction: str) -> losses.Loss:
    # A loss computes in float32 whatever its predictions are, unless told otherwise.
    own = {"reduction": _REDUCTIONS[reduction]}
    if kind == "mse":
        return losses.MeanSquaredError(**own)
    if kind == "cross_entropy":
        return losses.SparseCategoricalCrossentropy(from_logits=True, **own)
    return losses.BinaryCrossentropy(from_logits=True, **own)


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _BiRnn:
    both = _bidirectional(forward, cell=cell, merge=merge, output=output)
    both.build((None, None, forward.kernel.shape[0]))
    given = [*_KERAS_ORDER[cell](forward), *_KERAS_ORDER[cell](backward)]
    return _given(both, given, (cell, merge, output, _dtype(forward.kernel)))


def build_stack(
    first_forward: Any,
    first_backward: Any,
    convolution: Any,
    second_forward: Any,
    second_backward: Any,
    *,
    cell: str,
    output: str,
) -> _BiRnn:
    dtype = _dtype(convolution.kernel)
    taps, _, channels = convolution.kernel.shape
    how = {"cell": cell, "merge": "concat"}
    stack = keras.Sequential(
        [
            keras.Input((None, first_forward.kernel.shape[0]), dtype=dtype),
            _bidirectional(first_forward, **how, output="sequence"),
            layers.Conv1D(channels, taps, padding="same", dtype=dtype),
            _bidirectional(second_forward, **how, output=output),
        ]
    )
    order = _KERAS_ORDER[cell]
    first = [*order(first_forward), *order(first_backward)]
    second = [*order(second_forward), *order(second_backward)]
    given = [*first, convolution.kernel, convolution.bias, *second]
    return _given(stack, given, ("stack", cell, output, dtype))


def _bidirectional(forward: Any, *, cell: str, merge: str, output: str) -> Any:
    one = _CELLS[cell](
        forward.recurrent_kernel.shape[0],
        return_sequences=output == "sequence",
        dtype=_dtype(forward.kernel),
        # Keras has no QR decomposition in half precision; the weights are given anyway.
        recurrent_initializer="zeros",
    )
    return layers.Bidirectional(one, merge_mode=merge, dtype=_dtype(forward.kernel))


def _given(layer: Any, weights: list[Tensor], kind: tuple[str, ...]) -> _BiRnn:
    """Return a built layer with the given weights, as each framework calls it."""
    for variable, weight in zip(layer.trainable_variables, weights, strict=True):
        variable.assign(weight)
    # JAX calls one layer with the parameters of others, also of other shapes.
    _BUILT[kind, tuple(one.shape for one in layer.trainable_variables)] = layer
    return _BiRnn(layer, kind)


_BUILT: dict[tuple[Any, ...], Any] = {}


def build_rnn(weights: Any, *, cell: str, direction: str, output: str) -> _Rnn:
    dtype, sequence = _dtype(weights.kernel), output == "sequence"
    layer = _CELLS[cell](
        weights.recurrent_kernel.shape[0],
        return_sequences=sequence,
        return_state=True,
        go_backwards=direction == "backward",
        # What it gives at padding is the output before it unless it is told otherwise.
        zero_output_for_mask=sequence,
        dtype=dtype,
        recurrent_initializer="zeros",
    )
    layer.build((None, None, weights.kernel.shape[0]))
    kind = ("rnn", cell, direction, output, dtype)
    return _Rnn(_given(layer, _KERAS_ORDER[cell](weights), kind))


class _Rnn:
    """A layer that is given its initial state and gives its final one."""

    def __init__(self, own: _BiRnn) -> None:
        self._own = own

    @property
    def parameters(self) -> list[Tensor]:
        """The framework's own variables or arrays."""
        return self._own.parameters

    def __call__(self, initial: Tensor, x: Tensor, mask: Tensor) -> Tensor:
        state = _states(initial, self._own.layer.units)
        return self._show(self._own(x, mask, initial_state=state))

    def apply(
        self, parameters: list[Tensor], initial: Tensor, x: Tensor, mask: Tensor
    ) -> Tensor:
        """Call the layer with other parameters, as JAX does."""
        state = _states(initial, parameters[1].shape[0])
        return self._show(self._own.apply(parameters, x, mask, initial_state=state))

    def _show(self, found: list[Tensor]) -> Tensor:
        steps, *ends = found
        if not self._own.layer.return_sequences:
            return ops.concatenate(ends, axis=1)
        # What goes backwards is given in that order, as its documentation says.
        return ops.flip(steps, axis=1) if self._own.layer.go_backwards else steps


def _states(initial: Tensor, units: int) -> list[Tensor]:
    """Return the states that stand side by side, h first."""
    return ops.split(initial, initial.shape[1] // units, axis=1)


class _BiRnn:
    """A layer, or a model, of Keras, called as each framework calls its own."""

    def __init__(self, layer: Any, kind: tuple[str, ...]) -> None:
        self.layer = layer
        self._kind = kind

    @property
    def parameters(self) -> list[Tensor]:
        """The framework's own variables or arrays."""
        return [one.value for one in self.layer.trainable_variables]

    def __call__(self, x: Tensor, mask: Tensor, **how: Any) -> Tensor:
        return self.layer(x, mask=mask, **how)

    def apply(
        self, parameters: list[Tensor], x: Tensor, mask: Tensor, **how: Any
    ) -> Tensor:
        """Call the layer with other parameters, as JAX does."""
        layer = _BUILT[self._kind, tuple(one.shape for one in parameters)]
        state = [one.value for one in layer.non_trainable_variables]
        return layer.stateless_call(parameters, state, x, mask=mask, **how)[0]


def attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor, *, causal: bool
) -> Tensor:
    allowed = mask[:, None, None, :]
    return ops.dot_product_attention(query, key, value, mask=allowed, is_causal=causal)


def cross_attention(
    query: Tensor,
    query_mask: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor,
    *,
    grouped: bool,
) -> Tensor:
    heads, size = query.shape[2:]
    own = {"use_bias": False, "dtype": _dtype(query)}
    if grouped:
        layer = layers.GroupQueryAttention(size, heads, key.shape[2], **own)
    else:
        layer = layers.MultiHeadAttention(heads, size, **own)
    pairs = ((query, query_mask), (value, mask), (key, mask))
    masked = [_with_mask(_joined(x), valid) for x, valid in pairs]
    with keras.StatelessScope(initialize_variables=False):
        layer.build(*(x.shape for x in masked))
    # Projections that leave their input as it is.
    unit = [(one, _unit(one.shape, query)) for one in layer.variables]
    with keras.StatelessScope(unit, initialize_variables=False):
        return ops.reshape(layer(*masked), query.shape)


def _joined(x: Tensor) -> Tensor:
    return ops.reshape(x, (*x.shape[:2], x.shape[2] * x.shape[3]))


def _unit(shape: tuple[int, ...], like: Tensor) -> Tensor:
    # Features come in first or go out last; heads are fewer.
    unit = ops.eye(max(shape[0], shape[-1]), dtype=_dtype(like))
    return ops.reshape(unit, shape)


def mask_from_ids(ids: Tensor, padding_id: int) -> Tensor:
    return layers.Embedding(1, 1, mask_zero=True).compute_mask(ids)


def mask_from_features(x: Tensor) -> Tensor:
    return layers.Masking(dtype=_dtype(x)).compute_mask(x)


class Given(layers.Layer):  # type: ignore[misc, unused-ignore]
    """Attaches a mask, as `Masking` and `Embedding(mask_zero=True)` attach theirs."""

    def call(self, inputs: list[Tensor]) -> Tensor:
        """Return the first input as it is."""
        return ops.copy(inputs[0])

    def compute_mask(self, inputs: list[Tensor], previous_mask: Any = None) -> Tensor:
        """Return the second input as the first one's mask."""
        del previous_mask
        return inputs[1]


def _with_mask(x: Tensor, mask: Tensor) -> Tensor:
    return Given(dtype=_dtype(x))([x, mask])


def _folded(x: Tensor) -> Tensor:
    """Return ``[B, T, features]``, all that the pooling layers take."""
    return ops.reshape(x, (*x.shape[:2], -1))


def _unfolded(pooled: Tensor, x: Tensor) -> Tensor:
    return ops.reshape(pooled, (x.shape[0], *x.shape[2:]))


def _dtype(x: Tensor) -> str:
    return keras.backend.standardize_dtype(x.dtype)


def _simple(weights: Any) -> list[Tensor]:
    bias = weights.bias + weights.recurrent_bias
    return [weights.kernel, weights.recurrent_kernel, bias]


def _gru(weights: Any) -> list[Tensor]:
    bias = ops.stack([weights.bias, weights.recurrent_bias])
    return [_z_first(part) for part in (weights.kernel, weights.recurrent_kernel, bias)]


def _z_first(gates: Tensor) -> Tensor:
    r, z, n = ops.split(gates, 3, axis=-1)
    return ops.concatenate([z, r, n], axis=-1)


# An LSTM's gates are in the same order in Keras, with one bias for both kernels.
_KERAS_ORDER = {"simple": _simple, "lstm": _simple, "gru": _gru}


def build_nested(
    first: Any, second: Any = None, norm: Any = None, *, inner: str
) -> Any:
    return _Layer(Nested(first, second, norm, inner=inner), len(first.kernel))


class Nested(layers.Layer):  # type: ignore[misc, unused-ignore]
    """Layers inside a layer, which finds their weights by itself."""

    def __init__(self, first: Any, second: Any, norm: Any, *, inner: str) -> None:
        super().__init__(dtype=_dtype(first.kernel))
        self.first = _dense(first, {"dtype": self.dtype})
        self.last, self.norm = self.first, None
        if second is not None:
            # From the first one's configuration; a name of its own is made for it.
            config = self.first.get_config()
            del config["name"]
            self.last = _dense(second, config)
        if norm is not None:
            self.norm = _norm(norm)
        self.first.trainable = inner != "frozen"
        self.built = True

    def call(self, x: Tensor, training: Any = None) -> Tensor:
        """Return the answer; in training the norm takes the batch's statistics."""
        h = ops.tanh(self.first(x))
        h = h if self.norm is None else self.norm(h, training=training)
        return ops.sigmoid(self.last(h))


class Worth(losses.Loss):  # type: ignore[misc, unused-ignore]
    """What each answer is worth: the loss whose gradient is the cotangent."""

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the product of each answer with its worth."""
        return y_true * y_pred


class _Layer:
    """A layer in a model, trained and saved by Keras."""

    def __init__(self, layer: Nested, features: int) -> None:
        self._layer = layer
        self._model = keras.Sequential([layer])
        self._model.build((None, None, features))
        self._model.compile(
            optimizer=keras.optimizers.SGD(0.25),
            loss=Worth(reduction="sum", dtype=layer.dtype),
            run_eagerly=keras.backend.backend() == "tensorflow",
        )

    @property
    def parameters(self) -> list[Tensor]:
        """The framework's own variables or arrays."""
        return [one.value for one in self._layer.trainable_variables]

    @property
    def state(self) -> list[Tensor]:
        """Those that are not trained."""
        return [one.value for one in self._layer.non_trainable_variables]

    @property
    def names(self) -> list[str]:
        """Their paths."""
        layer = self._layer
        every = (*layer.trainable_variables, *layer.non_trainable_variables)
        return [one.path for one in every]

    def __call__(self, x: Tensor, mask: Tensor) -> Tensor:
        return self._layer(x)

    def apply(self, parameters: list[Tensor], x: Tensor, mask: Tensor) -> Tensor:
        """Call the layer with other parameters, as JAX does."""
        return self._layer.stateless_call(parameters, self.state, x)[0]

    def step(self, x: Tensor, mask: Tensor, cotangent: Tensor) -> None:
        """Take one step of Keras's own loop."""
        self._model.train_on_batch(x, cotangent)

    def saved(self) -> bytes:
        """Return the file of weights that Keras writes."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "nested.weights.h5"
            self._model.save_weights(path)
            return path.read_bytes()

    def restore(self, saved: bytes) -> None:
        """Have Keras read it."""
        with TemporaryDirectory() as folder:
            path = Path(folder) / "nested.weights.h5"
            path.write_bytes(saved)
            self._model.load_weights(path)


def _dense(weights: Any, config: dict[str, Any]) -> layers.Dense:
    features, units = weights.kernel.shape
    layer = layers.Dense.from_config({**config, "units": units})
    layer.build((None, None, features))
    layer.kernel.assign(weights.kernel)
    layer.bias.assign(weights.bias)
    return layer


def _norm(weights: Any) -> layers.BatchNormalization:
    layer = layers.BatchNormalization(momentum=0.9, dtype=_dtype(weights.scale))
    layer.build((None, None, len(weights.scale)))
    layer.gamma.assign(weights.scale)
    layer.beta.assign(weights.offset)
    layer.moving_mean.assign(weights.mean)
    layer.moving_variance.assign(weights.variance)
    return layer


def masked_batch_norm(x: Tensor, mask: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
    layer = layers.BatchNormalization(dtype=_dtype(x))
    return _stateless(layer, x, [scale, offset], training=True, mask=mask)


def layer_norm(x: Tensor, mask: Tensor, scale: Tensor, offset: Tensor) -> Tensor:
    layer = layers.LayerNormalization(dtype=_dtype(x))
    return _stateless(layer, x, [scale, offset])


def _stateless(layer: Any, x: Tensor, given: list[Tensor], **how: Any) -> Tensor:
    # Variables are not made but stood in for: TensorFlow makes none where it traces,
    # and the gradient goes through what is given.
    with keras.StatelessScope(initialize_variables=False):
        layer.build((None, None, x.shape[-1]))
    state = [ops.zeros_like(given[0]) for _ in layer.non_trainable_variables]
    pairs = zip(layer.variables, [*given, *state], strict=True)
    with keras.StatelessScope([*pairs], initialize_variables=False):
        return layer(x, **how)


def gated_scan(
    initial: Tensor, x: Tensor, decay: Tensor, mask: Tensor, *, output: str
) -> Tensor:
    # The scan takes no mask and no state: both are positions like others, and half
    # precision is scanned in float32, as state-space layers call it.
    wide = "float32" if _dtype(x) == "float16" else _dtype(x)
    first, added, factor = (ops.cast(each, wide) for each in (initial, x, decay))
    added = ops.where(mask[..., None], added, 0.0)
    factor = ops.where(mask[..., None], factor, 1.0)
    added = ops.concatenate([first[:, None], added], axis=1)
    factor = ops.concatenate([ops.ones_like(first)[:, None], factor], axis=1)
    states = ops.associative_scan(_compose, (factor, added), axis=1)[1]
    found = states[:, -1] if output == "final" else states[:, 1:]
    return ops.cast(found, _dtype(x))


def _compose(left: tuple[Tensor, Tensor], right: tuple[Tensor, Tensor]) -> Any:
    return right[0] * left[0], right[0] * left[1] + right[1]
