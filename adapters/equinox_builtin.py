# /// script
# requires-python = ">=3.11"
# dependencies = ["jax==0.10.2", "equinox==0.13.8"]
# [tool.mask-conformance]
# system = "Equinox"
# library = "equinox"
# family = "JAX and what is built on it"
# framework = "jax"
# environment = "jax"
# releases = ["equinox==0.13.2", "equinox==0.13.4"]
# dtypes = ["float16", "bfloat16", "float32", "float64"]
# routes = ["compiled"]
# placements = ["right", "left", "gaps"]
# mask-forms = ["bool"]
# padding = { "attention.*" = "attend" }
# [tool.mask-conformance.unsupported]
# "cross_attention.grouped" = "it has as many heads of keys as of queries"
# ///
"""Equinox: MultiheadAttention between identities, norms, modules in modules."""

from __future__ import annotations

from io import BytesIO
from typing import Any, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp

Array: TypeAlias = jax.Array

_PROJECTIONS = ("query_proj", "key_proj", "value_proj", "output_proj")


def attention(
    query: Array, key: Array, value: Array, mask: Array, *, causal: bool
) -> Array:
    seen = jnp.broadcast_to(mask[:, None, :], (*mask.shape, mask.shape[1]))
    if causal:
        seen = seen & jnp.tri(mask.shape[1], dtype=bool)
    return _between_identities(query, key, value, seen)


def cross_attention(
    query: Array,
    query_mask: Array,
    key: Array,
    value: Array,
    mask: Array,
    *,
    grouped: bool,
) -> Array:
    del query_mask, grouped  # it takes a mask of the keys alone
    shape = (len(mask), query.shape[1], mask.shape[1])
    seen = jnp.broadcast_to(mask[:, None, :], shape)
    return _between_identities(query, key, value, seen)


def _between_identities(query: Array, key: Array, value: Array, seen: Array) -> Array:
    heads, size = query.shape[2:]
    layer = eqx.nn.MultiheadAttention(
        heads, heads * size, dtype=query.dtype, key=jax.random.key(0)
    )
    same = jnp.eye(heads * size, dtype=query.dtype)
    layer = eqx.tree_at(_weights, layer, [same] * len(_PROJECTIONS))
    flat = (x.reshape(*x.shape[:2], heads * size) for x in (query, key, value))
    return jax.vmap(layer)(*flat, seen).reshape(query.shape)


def _weights(layer: eqx.nn.MultiheadAttention) -> list[Array]:
    return [getattr(layer, name).weight for name in _PROJECTIONS]


def build_nested(
    first: Any, second: Any = None, norm: Any = None, *, inner: str
) -> Any:
    state = eqx.nn.State({})
    own = None
    if norm is not None:
        own, state = eqx.nn.make_with_state(_norm)(norm)
        state = state.set(own.batch_state_index, (norm.mean, norm.variance))
    last = None if second is None else _linear(second)
    return _Layer(_Nested(first=_linear(first), second=last, norm=own), state, inner)


class _Nested(eqx.Module):  # type: ignore[misc, unused-ignore]
    """Modules inside a module; without a second the first is used twice."""

    first: eqx.nn.Linear
    second: eqx.nn.Linear | None
    norm: eqx.nn.BatchNorm | None

    def __call__(
        self, x: Array, state: eqx.nn.State, *, training: bool
    ) -> tuple[Array, eqx.nn.State]:
        h = jnp.tanh(self.first(x))
        if self.norm is not None:
            h, state = self.norm(h, state, inference=not training)
        last = self.first if self.second is None else self.second
        return jax.nn.sigmoid(last(h)), state


class _Layer:
    """A module parted into what is trained and what is not, and its state."""

    def __init__(self, module: _Nested, state: eqx.nn.State, inner: str) -> None:
        chosen = jax.tree.map(eqx.is_inexact_array, module)
        if inner == "frozen":
            still = jax.tree.map(lambda _: False, module.first)
            chosen = eqx.tree_at(lambda one: one.first, chosen, still)
        self.parameters, self._rest = eqx.partition(module, chosen)
        self._state = state

    @property
    def state(self) -> Any:
        return eqx.filter((self._rest, self._state), eqx.is_array)

    @property
    def names(self) -> list[str]:
        trees = (self.parameters, self.state)
        paths = [jax.tree_util.tree_leaves_with_path(tree) for tree in trees]
        return [jax.tree_util.keystr(path) for tree in paths for path, _ in tree]

    def __call__(self, x: Array, mask: Array) -> Array:
        return self.apply(self.parameters, x, mask)

    def apply(self, parameters: _Nested, x: Array, mask: Array) -> Array:
        return self._called(parameters, x, training=False)[0]

    def _called(
        self, parameters: _Nested, x: Array, *, training: bool
    ) -> tuple[Array, eqx.nn.State]:
        module = eqx.combine(parameters, self._rest)

        def each(row: Array) -> tuple[Array, eqx.nn.State]:
            return module(row, self._state, training=training)

        rows = x.reshape(-1, x.shape[-1])
        mapped = jax.vmap(each, axis_name="batch", out_axes=(0, None))
        found, state = mapped(rows)
        return found.reshape(*x.shape[:2], -1), state

    def step(self, x: Array, mask: Array, cotangent: Array) -> None:
        def worth(parameters: _Nested) -> tuple[Array, eqx.nn.State]:
            found, state = self._called(parameters, x, training=True)
            return (found * cotangent).sum(), state

        slopes, self._state = eqx.filter_grad(worth, has_aux=True)(self.parameters)
        moved = jax.tree.map(lambda slope: -0.25 * slope, slopes)
        self.parameters = eqx.apply_updates(self.parameters, moved)

    def saved(self) -> bytes:
        file = BytesIO()
        eqx.tree_serialise_leaves(file, (self.parameters, self._rest, self._state))
        return file.getvalue()

    def restore(self, saved: bytes) -> None:
        like = (self.parameters, self._rest, self._state)
        found = eqx.tree_deserialise_leaves(BytesIO(saved), like)
        self.parameters, self._rest, self._state = found


def _linear(weights: Any) -> eqx.nn.Linear:
    layer = eqx.nn.Linear(
        *weights.kernel.shape, dtype=weights.kernel.dtype, key=jax.random.key(0)
    )
    own = (weights.kernel.T, weights.bias)
    return eqx.tree_at(lambda one: (one.weight, one.bias), layer, own)


def _norm(weights: Any) -> eqx.nn.BatchNorm:
    layer = eqx.nn.BatchNorm(
        len(weights.scale),
        axis_name="batch",
        eps=1e-3,
        momentum=0.9,
        dtype=weights.scale.dtype,
        mode="batch",
    )
    own = (weights.scale, weights.offset)
    return eqx.tree_at(lambda one: (one.weight, one.bias), layer, own)


def layer_norm(x: Array, mask: Array, scale: Array, offset: Array) -> Array:
    layer = eqx.nn.LayerNorm(x.shape[2], eps=1e-3, dtype=x.dtype)
    own = (scale, offset)
    layer = eqx.tree_at(lambda one: (one.weight, one.bias), layer, own)
    return jax.vmap(jax.vmap(layer))(x)
