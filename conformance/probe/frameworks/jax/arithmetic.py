"""What NumPy computes of JAX's primitives: the common ones, without compiling.

Each function takes an equation's parameters and arrays. What is not here, or raises
``LookupError``, JAX itself computes.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from conformance.probe.frameworks.jax.windows import convolve, look_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.probe.arrangement import Array


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(params: Any, *given: Any) -> Any:
        del params
        return function(*given)

    return call


def _floats(function: Callable[..., Any]) -> Callable[..., Any]:
    """Take floats only: NumPy would make floats of whole numbers."""

    def call(params: Any, *given: Any) -> Any:
        del params
        if any(each.dtype.kind != "f" for each in given):
            raise LookupError
        return function(*given)

    return call


def _each(function: Callable[[float], float]) -> Callable[..., Any]:
    """Compute number by number what NumPy has no function for."""
    compute = np.vectorize(function, otypes=[np.float64])

    def call(value: Array) -> Array:
        found: Array = compute(value)
        return found.astype(value.dtype)

    return call


def _select(params: Any, which: Array, *cases: Array) -> Array:
    del params
    if len(cases) != 2:  # noqa: PLR2004 - a choice between two
        raise LookupError
    return np.where(which.astype(bool), cases[1], cases[0])


def _clamp(params: Any, low: Array, value: Array, high: Array) -> Array:
    del params
    return np.minimum(np.maximum(value, low), high)


def _convert(params: Any, value: Array) -> Array:
    wanted = params["new_dtype"]
    if value.dtype.kind == "f" and np.dtype(wanted).kind in "iu":
        raise LookupError  # what NaN and what is too large become, JAX knows
    return value.astype(wanted)


def _broadcast(params: Any, value: Array) -> Array:
    shape, where = params["shape"], params["broadcast_dimensions"]
    sizes = [1] * len(shape)
    for axis, size in zip(where, value.shape, strict=True):
        sizes[axis] = size
    return np.broadcast_to(value.reshape(sizes), shape)


def _reshape(params: Any, value: Array) -> Array:
    if params.get("dimensions") is not None:
        raise LookupError
    return value.reshape(params["new_sizes"])


def _slice(params: Any, value: Array) -> Array:
    starts, stops = params["start_indices"], params["limit_indices"]
    steps = params["strides"] or (1,) * value.ndim
    return value[tuple(map(slice, starts, stops, steps))]


def _dynamic_slice(params: Any, value: Array, *starts: Array) -> Array:
    sizes = params["slice_sizes"]
    if len(starts) != value.ndim:
        raise LookupError
    return value[_within(value.shape, sizes, starts)]


def _dynamic_update(params: Any, value: Array, part: Array, *starts: Array) -> Array:
    del params
    fresh = value.copy()
    fresh[_within(value.shape, part.shape, starts)] = part
    return fresh


def _within(
    shape: Sequence[int], sizes: Sequence[int], starts: Sequence[Any]
) -> tuple[slice, ...]:
    """Return slices that are moved inside the array, as XLA moves them."""
    found = []
    for length, size, start in zip(shape, sizes, starts, strict=True):
        at = min(max(int(start), 0), length - size)
        found.append(slice(at, at + size))
    return tuple(found)


def _pad(params: Any, value: Array, fill: Array) -> Array:
    config = params["padding_config"]
    if any(low < 0 or high < 0 or inner for low, high, inner in config):
        raise LookupError
    return np.pad(value, [each[:2] for each in config], constant_values=fill)


def _split(params: Any, value: Array) -> list[Array]:
    ends = np.cumsum(params["sizes"])[:-1]
    return list(np.split(value, ends, params["axis"]))


def _iota(params: Any) -> Array:
    shape, axis = params["shape"], params["dimension"]
    sizes = [1] * len(shape)
    sizes[axis] = shape[axis]
    numbers = np.arange(shape[axis]).astype(params["dtype"])
    return np.broadcast_to(numbers.reshape(sizes), shape)


def _reduce(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(params: Any, value: Array) -> Array:
        if params.get("axes") is None or not all(value.shape):
            raise LookupError
        found = function(value, axis=tuple(params["axes"]))
        return np.asarray(found, dtype=value.dtype)

    return call


def _arg(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(params: Any, value: Array) -> Array:
        (axis,) = params["axes"]
        return np.asarray(function(value, axis=axis), dtype=params["index_dtype"])

    return call


def _running(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(params: Any, value: Array) -> Array:
        axis = params["axis"]
        turned = np.flip(value, axis) if params["reverse"] else value
        found = function(turned, axis=axis).astype(value.dtype)
        return np.flip(found, axis) if params["reverse"] else found

    return call


def _dot(params: Any, one: Array, two: Array) -> Array:
    """Multiply: batch axes first, then free ones, contracted ones summed."""
    (sum1, sum2), (batch1, batch2) = params["dimension_numbers"]
    if one.dtype.kind != "f" or two.dtype.kind != "f":
        raise LookupError
    free1 = [at for at in range(one.ndim) if at not in {*sum1, *batch1}]
    free2 = [at for at in range(two.ndim) if at not in {*sum2, *batch2}]
    batch = [one.shape[at] for at in batch1]
    left = [one.shape[at] for at in free1]
    right = [two.shape[at] for at in free2]
    inner = int(np.prod([one.shape[at] for at in sum1], dtype=int))
    first = one.transpose([*batch1, *free1, *sum1])
    second = two.transpose([*batch2, *sum2, *free2])
    rows = int(np.prod(left, dtype=int))
    columns = int(np.prod(right, dtype=int))
    product = first.reshape([*batch, rows, inner]) @ second.reshape(
        [*batch, inner, columns]
    )
    return product.reshape([*batch, *left, *right])


_ANY: dict[str, Callable[..., Any]] = {
    "add": np.add,
    "add_any": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "not": np.invert,
    "neg": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "square": np.square,
    "copy": np.array,
    "copy_p": np.array,
}

_FLOATS: dict[str, Callable[..., Any]] = {
    "div": np.divide,
    "rem": np.fmod,
    "pow": np.power,
    "atan2": np.arctan2,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "floor": np.floor,
    "ceil": np.ceil,
    "is_finite": np.isfinite,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "logistic": lambda x: 0.5 * (1 + np.tanh(0.5 * x)),
    "erf": _each(math.erf),
    "erfc": _each(math.erfc),
}

TABLE: dict[str, Callable[..., Any]] = {
    **{name: _plain(each) for name, each in _ANY.items()},
    **{name: _floats(each) for name, each in _FLOATS.items()},
    "integer_pow": lambda params, x: _floats(lambda v: v ** params["y"])(params, x),
    "select_n": _select,
    "clamp": _clamp,
    "convert_element_type": _convert,
    "broadcast_in_dim": _broadcast,
    "reshape": _reshape,
    "squeeze": lambda params, x: np.squeeze(x, tuple(params["dimensions"])),
    "transpose": lambda params, x: x.transpose(params["permutation"]),
    "concatenate": lambda params, *xs: np.concatenate(xs, params["dimension"]),
    "rev": lambda params, x: np.flip(x, tuple(params["dimensions"])),
    "slice": _slice,
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update,
    "pad": _pad,
    "split": _split,
    "iota": _iota,
    "reduce_sum": _reduce(np.sum),
    "reduce_max": _reduce(np.max),
    "reduce_min": _reduce(np.min),
    "reduce_prod": _reduce(np.prod),
    "reduce_and": _reduce(np.all),
    "reduce_or": _reduce(np.any),
    "argmax": _arg(np.argmax),
    "argmin": _arg(np.argmin),
    "cumsum": _running(np.cumsum),
    "cumprod": _running(np.cumprod),
    "cummax": _running(np.maximum.accumulate),
    "cummin": _running(np.minimum.accumulate),
    "dot_general": _dot,
    "conv_general_dilated": convolve,
    "gather": look_up,
    "optimization_barrier": _plain(lambda *values: list(values)),
    "reduce_precision": _plain(lambda value: value),
}


def compute(name: str, params: Any, given: Sequence[Any]) -> list[Array] | None:
    """Return a primitive's results; None where JAX has to compute them."""
    function = TABLE.get(name)
    if function is None or any(each.dtype == jnp.bfloat16 for each in given):
        return None
    try:
        with np.errstate(all="ignore"):
            found = function(params, *given)
    except LookupError:
        return None
    return found if isinstance(found, list) else [np.asarray(found)]
