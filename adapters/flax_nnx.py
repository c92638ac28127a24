# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "flax==0.12.8"]
# [tool.mask-conformance]
# system = "Flax NNX"
# library = "flax"
# family = "JAX and what is built on it"
# framework = "jax"
# environment = "jax"
# releases = ["flax==0.12.3", "flax==0.12.5"]
# dtypes = ["float32"]
# routes = ["compiled"]
# placements = ["right"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "birnn.gru.*" = "its GRU has no bias at the recurrent kernel of the new state"
# "rnn.gru.*" = "its GRU has no bias at the recurrent kernel of the new state"
# "row_norm.time.1.inside" = "its variance divides by n"
# "row_norm.time.0.outside" = "its epsilon stands under the root"
# ///
"""Flax NNX: recurrent layers that know lengths only, norms, modules in modules."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import add
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from flax import nnx
from flax.nnx.nn.recurrent import flip_sequences

Array: TypeAlias = jax.Array

_CELLS: dict[str, Any] = {"simple": nnx.SimpleCell, "lstm": nnx.LSTMCell}


def reverse_sequence(x: Array, mask: Array) -> Array:
    return flip_sequences(x, _lengths(mask), num_batch_dims=1, time_major=False)


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _BiRnn:
    directions = (_direction(cell, weights) for weights in (forward, backward))
    merged = {} if merge == "concat" else {"merge_fn": add}
    layer = nnx.Bidirectional(*directions, return_carry=True, **merged)
    graph, values, rest = nnx.split(layer, nnx.Param, ...)
    return _BiRnn(parameters=_Parameters(values, graph), rest=rest, output=output)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class _Parameters:
    """A layer's arrays, and what it looks like without them."""

    values: Any
    graph: Any = field(metadata={"static": True})


@dataclass(frozen=True, kw_only=True, eq=False)
class _BiRnn:
    """A layer taken apart, whose lengths come from the mask."""

    parameters: _Parameters
    rest: Any
    output: str

    def __call__(self, x: Array, mask: Array) -> Array:
        return self.apply(self.parameters, x, mask)

    def apply(self, parameters: _Parameters, x: Array, mask: Array) -> Array:
        # A copy: the layer counts its random numbers, and may only within its trace.
        layer = nnx.merge(parameters.graph, parameters.values, self.rest, copy=True)
        (there, back), steps = layer(x, seq_lengths=_lengths(mask))
        if self.output == "sequence":
            return steps
        # An LSTM carries its cell state and then its output.
        ends = (end[1] if isinstance(end, tuple) else end for end in (there, back))
        return layer.merge_fn(*ends)


def build_rnn(weights: Any, *, cell: str, direction: str, output: str) -> _Rnn:
    back = direction == "backward"
    layer = _direction(cell, weights, return_carry=True, reverse=back, keep_order=True)
    graph, values, rest = nnx.split(layer, nnx.Param, ...)
    return _Rnn(parameters=_Parameters(values, graph), rest=rest, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rnn:
    """One direction taken apart, which is given its carry and gives it back."""

    parameters: _Parameters
    rest: Any
    output: str

    def __call__(self, initial: Array, x: Array, mask: Array) -> Array:
        return self.apply(self.parameters, initial, x, mask)

    def apply(
        self, parameters: _Parameters, initial: Array, x: Array, mask: Array
    ) -> Array:
        # A copy: the layer counts its random numbers, and may only within its trace.
        layer = nnx.merge(parameters.graph, parameters.values, self.rest, copy=True)
        units = layer.cell.hidden_features
        # An LSTM carries its cell state and then its output.
        states = jnp.split(initial, initial.shape[1] // units, axis=1)[::-1]
        begun = tuple(states) if len(states) > 1 else states[0]
        carry, steps = layer(x, initial_carry=begun, seq_lengths=_lengths(mask))
        if self.output == "sequence":
            return steps
        ends = carry[::-1] if isinstance(carry, tuple) else (carry,)
        return jnp.concatenate(ends, axis=-1)


def _direction(cell: str, weights: Any, **how: bool) -> nnx.RNN:
    features, units = weights.kernel.shape[0], weights.recurrent_kernel.shape[0]
    dtype = weights.kernel.dtype
    own = _CELLS[cell](
        features, units, dtype=dtype, param_dtype=dtype, rngs=nnx.Rngs(0)
    )
    bias = weights.bias + weights.recurrent_bias
    if cell == "simple":
        own.dense_i.kernel[...] = weights.kernel
        own.dense_i.bias[...] = bias
        own.dense_h.kernel[...] = weights.recurrent_kernel
        return nnx.RNN(own, **how)
    parts = zip(
        "ifgo",
        jnp.split(weights.kernel, 4, axis=-1),
        jnp.split(weights.recurrent_kernel, 4, axis=-1),
        jnp.split(bias, 4),
        strict=True,
    )
    for gate, kernel, recurrent, shift in parts:
        # "if" is a word of Python's.
        inner = getattr(own, "if_" if gate == "f" else f"i{gate}")
        inner.kernel[...] = kernel
        outer = getattr(own, f"h{gate}")
        outer.kernel[...] = recurrent
        outer.bias[...] = shift
    return nnx.RNN(own, **how)


def _lengths(mask: Array) -> Array:
    return mask.sum(axis=1)


def build_nested(
    first: Any, second: Any = None, norm: Any = None, *, inner: str
) -> Any:
    return _Layer(_Nested(first, second, norm), inner)


class _Nested(nnx.Module):  # type: ignore[misc, unused-ignore]
    """Modules inside a module, which finds their variables by itself."""

    def __init__(self, first: Any, second: Any, norm: Any) -> None:
        self.first = _linear(first)
        self.second = self.first if second is None else _linear(second)
        self.norm = None if norm is None else _norm(norm)

    def __call__(self, x: Array, *, training: bool = False) -> Array:
        h = jnp.tanh(self.first(x))
        if self.norm is not None:
            h = self.norm(h, use_running_average=not training)
        return jax.nn.sigmoid(self.second(h))


class _Layer:
    """A module, taken apart where JAX wants it so."""

    def __init__(self, module: _Nested, inner: str) -> None:
        self._module = module
        frozen = nnx.PathContains("first") if inner == "frozen" else nnx.Nothing()
        self._trained = nnx.All(nnx.Param, nnx.Not(frozen))

    def _split(self) -> Any:
        return nnx.split(self._module, self._trained, ...)

    @property
    def parameters(self) -> Any:
        return self._split()[1]

    @property
    def state(self) -> Any:
        return self._split()[2]

    @property
    def names(self) -> list[str]:
        parts = self._split()[1:]
        paths = [path for part in parts for path, _ in nnx.to_flat_state(part)]
        return ["/".join(map(str, path)) for path in paths]

    def __call__(self, x: Array, mask: Array) -> Array:
        return self._module(x)

    def apply(self, parameters: Any, x: Array, mask: Array) -> Array:
        graph, _, rest = self._split()
        return nnx.merge(graph, parameters, rest, copy=True)(x)

    def step(self, x: Array, mask: Array, cotangent: Array) -> None:
        def worth(module: _Nested) -> Array:
            return (module(x, training=True) * cotangent).sum()

        slopes = nnx.grad(worth, argnums=nnx.DiffState(0, self._trained))(self._module)
        moved = jax.tree.map(
            lambda old, slope: old - 0.25 * slope, self.parameters, slopes
        )
        nnx.update(self._module, moved)

    def saved(self) -> Any:
        return nnx.to_pure_dict(nnx.state(self._module))

    def restore(self, saved: Any) -> None:
        state = nnx.state(self._module)
        nnx.replace_by_pure_dict(state, saved)
        nnx.update(self._module, state)


def _linear(weights: Any) -> nnx.Linear:
    kernel = weights.kernel
    layer = nnx.Linear(
        *kernel.shape, dtype=kernel.dtype, param_dtype=kernel.dtype, rngs=nnx.Rngs(0)
    )
    layer.kernel[...] = kernel
    layer.bias[...] = weights.bias
    return layer


def _norm(weights: Any) -> nnx.BatchNorm:
    dtype = weights.scale.dtype
    layer = nnx.BatchNorm(
        len(weights.scale),
        momentum=0.9,
        epsilon=1e-3,
        dtype=dtype,
        param_dtype=dtype,
        rngs=nnx.Rngs(0),
    )
    layer.scale[...], layer.bias[...] = weights.scale, weights.offset
    layer.mean[...], layer.var[...] = weights.mean, weights.variance
    return layer


def masked_batch_norm(x: Array, mask: Array, scale: Array, offset: Array) -> Array:
    layer = nnx.BatchNorm(
        x.shape[2], epsilon=1e-3, dtype=x.dtype, param_dtype=x.dtype, rngs=nnx.Rngs(0)
    )
    layer.scale[...], layer.bias[...] = scale, offset
    return layer(x, use_running_average=False, mask=mask[..., None])


def layer_norm(x: Array, mask: Array, scale: Array, offset: Array) -> Array:
    layer = nnx.LayerNorm(
        x.shape[2], epsilon=1e-3, dtype=x.dtype, param_dtype=x.dtype, rngs=nnx.Rngs(0)
    )
    layer.scale[...], layer.bias[...] = scale, offset
    return layer(x)


def row_norm(x: Array, mask: Array, *, over: str, ddof: int, epsilon: str) -> Array:
    del ddof, epsilon  # 0, and under the root
    plain = {"epsilon": 1e-3, "use_bias": False, "use_scale": False}
    how: dict[str, Any] = {**plain, "rngs": nnx.Rngs(0)}
    if over == "time":
        return nnx.InstanceNorm(x.shape[2], **how)(x, mask=mask[..., None])
    # Its mask is reshaped as x is, and must have every feature.
    wide = jnp.broadcast_to(mask[..., None], x.shape)
    return nnx.GroupNorm(x.shape[2], num_groups=1, **how)(x, mask=wide)
