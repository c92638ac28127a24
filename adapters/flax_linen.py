# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "flax==0.12.8"]
# [tool.mask-conformance]
# system = "Flax Linen"
# library = "flax"
# family = "JAX and what is built on it"
# framework = "jax"
# environment = "jax"
# releases = ["flax==0.10.7", "flax==0.11.2", "flax==0.12.3"]
# dtypes = ["float32"]
# routes = ["compiled"]
# placements = ["right"]
# mask-forms = ["bool"]
# [tool.mask-conformance.unsupported]
# "row_norm.time.1.inside" = "its variance divides by n"
# "row_norm.time.0.outside" = "its epsilon stands under the root"
# ///
"""Flax Linen: recurrent layers that know lengths only, norms, modules in modules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import add
from typing import Any, TypeAlias

import flax.linen as nn
import jax
import jax.numpy as jnp
from flax import serialization
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


def build_rnn(weights: Any, *, cell: str, direction: str, output: str) -> _Rnn:
    own = {"cell": _PARTS[cell](weights)}
    return _Rnn(parameters=own, cell=cell, direction=direction, output=output)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rnn:
    """One direction, which is given its carry and gives it back."""

    parameters: dict[str, Any]
    cell: str
    direction: str
    output: str

    def __call__(self, initial: Array, x: Array, mask: Array) -> Array:
        return self.apply(self.parameters, initial, x, mask)

    def apply(
        self, parameters: dict[str, Any], initial: Array, x: Array, mask: Array
    ) -> Array:
        units = jax.tree.leaves(parameters)[-1].shape[-1]
        own = _CELLS[self.cell](units, dtype=x.dtype, param_dtype=x.dtype)
        layer = nn.RNN(
            own,
            return_carry=True,
            reverse=self.direction == "backward",
            keep_order=True,
        )
        # An LSTM carries its cell state and then its output.
        h, c = initial[:, :units], initial[:, units:]
        carry, steps = layer.apply(
            {"params": parameters},
            x,
            initial_carry=(c, h) if self.cell == "lstm" else h,
            seq_lengths=_lengths(mask),
        )
        if self.output == "sequence":
            return steps
        ends = carry[::-1] if self.cell == "lstm" else (carry,)
        return jnp.concatenate(ends, axis=-1)


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


def build_nested(
    first: Any, second: Any = None, norm: Any = None, *, inner: str
) -> Any:
    module = _Nested(
        hidden=len(first.bias), units=0 if second is None else len(second.bias),
        normed=norm is not None, dtype=first.kernel.dtype,
    )  # fmt: skip
    whole = {"first": {"kernel": first.kernel, "bias": first.bias}}
    if second is not None:
        whole["second"] = {"kernel": second.kernel, "bias": second.bias}
    state = {}
    if norm is not None:
        whole["norm"] = {"scale": norm.scale, "bias": norm.offset}
        state = {"batch_stats": {"norm": {"mean": norm.mean, "var": norm.variance}}}
    if inner == "frozen":
        state = {"frozen": {"first": whole.pop("first")}}
    return _Layer(module, whole, state)


class _Nested(nn.Module):  # type: ignore[misc, unused-ignore]
    """Modules inside a module; with no units of its own the first is used twice."""

    hidden: int
    units: int
    normed: bool
    dtype: Any

    @nn.compact  # type: ignore[untyped-decorator, unused-ignore]
    def __call__(self, x: Array, *, training: bool = False) -> Array:
        own = {"dtype": self.dtype, "param_dtype": self.dtype}
        first = nn.Dense(self.hidden, name="first", **own)
        h = jnp.tanh(first(x))
        if self.normed:
            h = nn.BatchNorm(
                use_running_average=not training,
                momentum=0.9,
                epsilon=1e-3,
                name="norm",
                **own,
            )(h)
        last = nn.Dense(self.units, name="second", **own) if self.units else first
        return jax.nn.sigmoid(last(h))


class _Layer:
    """A module with its variables: trained, frozen, and statistics of batches."""

    def __init__(self, module: _Nested, parameters: Any, state: Any) -> None:
        self._module = module
        self.parameters = parameters
        self.state = state

    @property
    def names(self) -> list[str]:
        trees = (self.parameters, self.state)
        paths = [jax.tree_util.tree_leaves_with_path(tree) for tree in trees]
        return [jax.tree_util.keystr(path) for tree in paths for path, _ in tree]

    def __call__(self, x: Array, mask: Array) -> Array:
        return self.apply(self.parameters, x, mask)

    def apply(self, parameters: Any, x: Array, mask: Array) -> Array:
        return self._module.apply(self._variables(parameters), x)

    def _variables(self, parameters: Any) -> dict[str, Any]:
        rest = {name: one for name, one in self.state.items() if name != "frozen"}
        return {"params": {**parameters, **self.state.get("frozen", {})}, **rest}

    def step(self, x: Array, mask: Array, cotangent: Array) -> None:
        def worth(parameters: Any) -> tuple[Array, Any]:
            found, moved = self._module.apply(
                self._variables(parameters), x, training=True, mutable=["batch_stats"]
            )
            return (found * cotangent).sum(), moved

        slopes, moved = jax.grad(worth, has_aux=True)(self.parameters)
        self.parameters = jax.tree.map(
            lambda old, slope: old - 0.25 * slope, self.parameters, slopes
        )
        self.state = {**self.state, **moved}

    def saved(self) -> bytes:
        return serialization.to_bytes((self.parameters, self.state))

    def restore(self, saved: bytes) -> None:
        found = serialization.from_bytes((self.parameters, self.state), saved)
        self.parameters, self.state = jax.tree.map(jnp.asarray, found)


def masked_batch_norm(x: Array, mask: Array, scale: Array, offset: Array) -> Array:
    layer = nn.BatchNorm(
        use_running_average=False, epsilon=1e-3, dtype=x.dtype, param_dtype=x.dtype
    )
    state = {"mean": jnp.zeros_like(scale), "var": jnp.ones_like(scale)}
    variables = {"params": {"scale": scale, "bias": offset}, "batch_stats": state}
    seen = mask[..., None]
    return layer.apply(variables, x, mask=seen, mutable=["batch_stats"])[0]


def layer_norm(x: Array, mask: Array, scale: Array, offset: Array) -> Array:
    layer = nn.LayerNorm(epsilon=1e-3, dtype=x.dtype, param_dtype=x.dtype)
    return layer.apply({"params": {"scale": scale, "bias": offset}}, x)


def row_norm(x: Array, mask: Array, *, over: str, ddof: int, epsilon: str) -> Array:
    del ddof, epsilon  # 0, and under the root
    how: dict[str, Any] = {"epsilon": 1e-3, "use_bias": False, "use_scale": False}
    if over == "time":
        return nn.InstanceNorm(**how).apply({}, x, mask=mask[..., None])
    # Its mask is reshaped as x is, and must have every feature.
    wide = jnp.broadcast_to(mask[..., None], x.shape)
    return nn.GroupNorm(num_groups=1, **how).apply({}, x, mask=wide)
