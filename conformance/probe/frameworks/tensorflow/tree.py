"""Tensors in and out of a call: NumPy's arrays by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from conformance.probe.frameworks.nest import named_leaves

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.probe.arrangement import Array


def tensors(inputs: Mapping[str, Any], dtype: str) -> dict[str, Any]:
    """Return arguments as tensors, floating ones in a dtype."""
    made: dict[int, Any] = {}
    given: dict[str, Any] = {}
    for name, value in inputs.items():
        if not isinstance(value, np.ndarray):
            given[name] = value
            continue
        if id(value) not in made:
            tensor = tf.constant(value)
            if tensor.dtype.is_floating:
                tensor = tf.cast(tensor, dtype)
            made[id(value)] = tensor
        given[name] = made[id(value)]
    return given


def is_numeric(value: Any) -> bool:
    """Tell whether a value is a tensor of numbers or truths."""
    if not tf.is_tensor(value):
        return False
    dtype = value.dtype
    return bool(
        dtype.is_floating or dtype.is_integer or dtype.is_bool or dtype.is_complex
    )


def array(tensor: Any) -> Array:
    """Return a tensor as an array of its own."""
    plain = tensor
    if isinstance(tensor, tf.IndexedSlices):
        plain = tf.convert_to_tensor(tensor)
    if plain.dtype in {tf.bfloat16, tf.float16}:
        plain = tf.cast(plain, tf.float32)
    return np.array(plain.numpy())


def names(value: Any) -> dict[str, Any]:
    """Return the tensors of a model's answer by name; a single one is ``out``."""
    return named_leaves(value, tf.is_tensor)


def flat(value: Any) -> dict[str, Array]:
    """Return a model's answer as arrays by name; complex ones as two."""
    found: dict[str, Array] = {}
    for name, each in names(value).items():
        if not is_numeric(each):
            continue
        if each.dtype.is_complex:
            found[f"{name}.real"] = array(tf.math.real(each))
            found[f"{name}.imag"] = array(tf.math.imag(each))
        else:
            found[name] = array(each)
    return found


def differentiate(tape: Any, total: Any, leaves: Sequence[Any]) -> list[Array | None]:
    """Return gradients as arrays in float64; None where nothing is connected."""
    if total is None:
        return [None] * len(leaves)
    found = tape.gradient(total, list(leaves))
    return [None if each is None else array(each).astype(float) for each in found]


def weigh(outputs: Mapping[str, Any], cotangents: Mapping[str, Array]) -> Any:
    """Return the sum of cotangent times output; None where there is no such output."""
    parts = [
        tf.reduce_sum(tf.cast(each, outputs[name].dtype) * outputs[name])
        for name, each in cotangents.items()
        if name in outputs and outputs[name].dtype.is_floating
    ]
    return (
        tf.add_n([tf.cast(each, parts[0].dtype) for each in parts]) if parts else None
    )
