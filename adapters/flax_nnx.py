# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "flax==0.12.8"]
# [tool.mask-conformance]
# framework = "jax"
# environment = "jax"
# dtypes = ["float32"]
# routes = ["compiled"]
# placements = ["right"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "birnn.gru.*" = "its GRU has no bias at the recurrent kernel of the new state"
# ///
"""Flax NNX's recurrent layers and flip_sequences, which know lengths only."""

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


def _direction(cell: str, weights: Any) -> nnx.RNN:
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
        return nnx.RNN(own)
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
    return nnx.RNN(own)


def _lengths(mask: Array) -> Array:
    return mask.sum(axis=1)
