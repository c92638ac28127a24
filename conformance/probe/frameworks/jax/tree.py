"""Arrays in and out of a call: NumPy's arrays by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.probe.arrangement import Array

NARROW = {jnp.dtype(name) for name in ("float32", "float16", "bfloat16")}
"""Floating dtypes that become float64 where that is asked for."""

SKIP = {"past_key_values", "hidden_states", "attentions", "cache"}
"""Outputs that are no answer: a cache, or what a model shows of its inside."""


def split(
    inputs: Mapping[str, Any], dtype: str
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return arguments that are arrays, in dtypes that JAX has, and constants."""
    arrays, constants = {}, {}
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            arrays[name] = _fit(value, dtype)
        else:
            constants[name] = value
    return arrays, constants


def _fit(value: Array, dtype: str) -> Array:
    if value.dtype.kind == "f":
        return value.astype(jnp.dtype(dtype))
    return value.astype(jax.dtypes.canonicalize_dtype(value.dtype))


def floating(value: Any) -> bool:
    """Tell whether a value is an array of floating numbers."""
    dtype = getattr(value, "dtype", None)
    return dtype is not None and jnp.issubdtype(dtype, jnp.floating)


def cast(tree: Any, dtype: str) -> Any:
    """Return a pytree with its floating arrays in a dtype."""
    wanted = jnp.dtype(dtype)

    def change(leaf: Any) -> Any:
        if floating(leaf) and leaf.dtype != wanted:
            return np.asarray(leaf).astype(wanted)
        return leaf

    return jax.tree.map(change, tree)


def names(value: Any) -> dict[str, Any]:
    """Return the arrays of a model's answer by name; a single one is ``out``."""
    found: dict[str, Any] = {}
    for path, leaf in jax.tree_util.tree_leaves_with_path(value):
        parts = [_part(each) for each in path]
        if SKIP & set(parts) or not hasattr(jnp.asarray(leaf), "dtype"):
            continue
        name, array = ".".join(parts) or "out", jnp.asarray(leaf)
        if jnp.issubdtype(array.dtype, jnp.complexfloating):
            found[f"{name}.real"], found[f"{name}.imag"] = array.real, array.imag
        elif not jax.dtypes.issubdtype(array.dtype, jax.dtypes.extended):
            found[name] = array
    return found


def _part(key: Any) -> str:
    for name in ("key", "name", "idx"):
        if hasattr(key, name):
            return str(getattr(key, name))
    return str(key)


def array(value: Any) -> Array:
    """Return a NumPy array; floats that NumPy does not have become float32."""
    if jax.dtypes.issubdtype(value.dtype, jax.dtypes.extended):
        return np.zeros(value.shape, dtype=np.int8)  # keys are no numbers
    found = np.asarray(value)
    if found.dtype.kind == "V" or found.dtype == jnp.bfloat16:
        found = found.astype(np.float32)
    return found.astype(np.float32) if found.dtype == np.float16 else found
