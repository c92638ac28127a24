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
# ///
"""Flax Linen's recurrent layers and flip_sequences, which know lengths only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import add
from typing import Any, TypeAlias

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax.linen.recurrent import flip_sequences

Array: TypeAlias = jax.Array

_CELLS: dict[str, Any] = {
    "simple": nn.SimpleCell,
    "lstm": nn.LSTMCell,
    "gru": nn.GRUCell,
}


def reverse_sequence(x: Array, mask: Array) -> Array:
    return flip_sequences(x, _lengths(mask), num_batch_dims=1, time_major=False)


def build_birnn(
    forward: Any, backward: Any, *, cell: str, merge: str, output: str
) -> _BiRnn:
    parameters = {
        "forward_rnn": {"cell": _PARTS[cell](forward)},
        "backward_rnn": {"cell": _PARTS[cell](backward)},
    }
    return _BiRnn(parameters=parameters, cell=cell, merge=merge, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _BiRnn:
    """A layer whose lengths come from the mask, its size from the parameters."""

    parameters: dict[str, Any]
    cell: str
    merge: str
    output: str

    def __call__(self, x: Array, mask: Array) -> Array:
        return self.apply(self.parameters, x, mask)

    def apply(self, parameters: dict[str, Any], x: Array, mask: Array) -> Array:
        kernel = jax.tree.leaves(parameters)[-1]
        make = partial(
            _CELLS[self.cell], kernel.shape[-1], dtype=x.dtype, param_dtype=x.dtype
        )
        merged = {} if self.merge == "concat" else {"merge_fn": add}
        layer = nn.Bidirectional(
            nn.RNN(make()), nn.RNN(make()), return_carry=True, **merged
        )
        found = layer.apply({"params": parameters}, x, seq_lengths=_lengths(mask))
        (there, back), steps = found
        if self.output == "sequence":
            return steps
        # An LSTM carries its cell state and then its output.
        ends = (end[1] if isinstance(end, tuple) else end for end in (there, back))
        return layer.merge_fn(*ends)


def _simple(weights: Any) -> dict[str, Any]:
    return {
        "i": {"kernel": weights.kernel, "bias": weights.bias + weights.recurrent_bias},
        "h": {"kernel": weights.recurrent_kernel},
    }


def _lstm(weights: Any) -> dict[str, Any]:
    bias = weights.bias + weights.recurrent_bias
    parts = zip(
        "ifgo",
        jnp.split(weights.kernel, 4, axis=-1),
        jnp.split(weights.recurrent_kernel, 4, axis=-1),
        jnp.split(bias, 4),
        strict=True,
    )
    found: dict[str, Any] = {}
    for gate, kernel, recurrent, shift in parts:
        found["i" + gate] = {"kernel": kernel}
        found["h" + gate] = {"kernel": recurrent, "bias": shift}
    return found


def _gru(weights: Any) -> dict[str, Any]:
    recurrent_bias = jnp.split(weights.recurrent_bias, 3)
    parts = zip(
        "rzn",
        jnp.split(weights.kernel, 3, axis=-1),
        jnp.split(weights.recurrent_kernel, 3, axis=-1),
        jnp.split(weights.bias, 3),
        recurrent_bias,
        strict=True,
    )
    found: dict[str, Any] = {}
    for gate, kernel, recurrent, shift, own in parts:
        # Only the new state has a bias of its own at the recurrent kernel.
        inner = shift if gate == "n" else shift + own
        found["i" + gate] = {"kernel": kernel, "bias": inner}
        found["h" + gate] = {"kernel": recurrent}
    found["hn"]["bias"] = recurrent_bias[2]
    return found


_PARTS = {"simple": _simple, "lstm": _lstm, "gru": _gru}


def _lengths(mask: Array) -> Array:
    return mask.sum(axis=1)
