"""``keras:LAYER``: a layer of keras.layers with small sizes.

A layer that takes a mask is probed by itself. Another one stands behind Masking and a
Dense layer, whose bias makes padding a number again: so what a model with a mask does
to it is seen. The Dense layer is wide, so that a maximum takes padding in somewhere.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import keras

from conformance.errors import UnknownNameError
from conformance.probe.frameworks.keras import Keras
from conformance.probe.infer import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES: dict[str, Any] = {
    "units": 6,
    "filters": 6,
    "kernel_size": 3,
    "strides": 1,
    "pool_size": 2,
    "num_heads": 2,
    "num_query_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 4,
    "key_dim": 4,
    "groups": 2,
    "input_dim": 23,
    "output_dim": 6,
    "mask_zero": True,
    "rate": 0.1,
    "stddev": 0.1,
    "n": 3,
    "size": 2,
}
"""What constructors are given, by the argument's name."""

_OWN: dict[str, tuple[str, Callable[[], Any]]] = {
    "Bidirectional": (
        "keras.layers.LSTM(6, return_sequences=True)",
        lambda: keras.layers.LSTM(6, return_sequences=True),
    ),
    "TimeDistributed": ("keras.layers.Dense(6)", lambda: keras.layers.Dense(6)),
    "RNN": ("keras.layers.LSTMCell(6)", lambda: keras.layers.LSTMCell(6)),
    "SpectralNormalization": ("keras.layers.Dense(6)", lambda: keras.layers.Dense(6)),
    "Activation": ("'tanh'", lambda: "tanh"),
    "Permute": ("(2, 1)", lambda: (2, 1)),
    "Reshape": ("(-1, 2)", lambda: (-1, 2)),
}
"""First arguments that are no size, as code and made."""

_BESIDES = {"Conv1DTranspose": ("groups",), "Conv1D": ("groups",)}
"""Sizes that a layer has another use for."""

_TWICE = ("MultiHeadAttention", "GroupQueryAttention", "GroupedQueryAttention")
"""Layers that are called with the sequence twice: it attends to itself."""

_LISTED = (
    *("Attention", "AdditiveAttention", "Add", "Average", "Concatenate", "Dot"),
    *("Maximum", "Minimum", "Multiply", "Subtract"),
)
"""Layers that are called with a list of it."""

_BY_THEMSELVES = ("Embedding", "Masking")
_ELEMENTS = ("Softmax",)
"""Layers whose mask has the shape of their input."""


def make(name: str) -> dict[str, Any]:
    """Return a layer, in a model where it needs one, and the code that makes it.

    Raises:
        TargetError: It cannot be made from sizes alone.
        UnknownNameError: keras.layers has no such layer.
    """
    kind = getattr(keras.layers, name, None)
    if not _is_layer(kind):
        what = "layer of keras.layers"
        raise UnknownNameError(what, name, names())
    framework = Keras()
    keras.utils.set_random_seed(0)
    code = _text(kind, name)
    seed = ("import keras", "keras.utils.set_random_seed(0)")
    try:
        layer = _made(kind, name)
        if _takes_mask(layer, name):
            lines: tuple[str, ...] = (*seed, f"model = {code}")
            return {"model": layer, "framework": framework, "code": lines}
        model = _behind_masking(layer, name)
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        msg = f"keras:{name}: {code} raised {text}; write a function that makes it"
        raise TargetError(msg) from error
    lines = (
        *seed,
        "x = keras.Input((None, 4))",
        "h = keras.layers.Dense(16)(keras.layers.Masking()(x))",
        f"model = keras.Model(x, {code}({_given_text(name)}))",
    )
    return {"model": model, "framework": framework, "code": lines}


def _takes_mask(layer: Any, name: str) -> bool:
    if name in _BY_THEMSELVES:
        return True
    alone = name not in {*_TWICE, *_LISTED, *_ELEMENTS}
    return alone and "mask" in inspect.signature(layer.call).parameters


def _behind_masking(layer: Any, name: str) -> Any:
    x = keras.Input((None, 4))
    h = keras.layers.Dense(16)(keras.layers.Masking()(x))
    if name in _TWICE:
        return keras.Model(x, layer(h, h))
    return keras.Model(x, layer([h, h] if name in _LISTED else h))


def _given_text(name: str) -> str:
    return "h, h" if name in _TWICE else "[h, h]" if name in _LISTED else "h"


def _arguments(kind: Any, name: str) -> dict[str, Any]:
    """Return the sizes that a constructor needs, and those that are too large."""
    found = inspect.signature(kind).parameters.values()
    besides = _BESIDES.get(name, ())
    return {
        each.name: SIZES[each.name]
        for each in found
        if each.name in SIZES
        and each.name not in besides
        and (
            each.default is inspect.Parameter.empty
            or each.name in {"groups", "mask_zero"}
        )
    }


def _made(kind: Any, name: str) -> Any:
    first = [_OWN[name][1]()] if name in _OWN else []
    return kind(*first, **_arguments(kind, name))


def _text(kind: Any, name: str) -> str:
    given = [_OWN[name][0]] if name in _OWN else []
    given += [f"{key}={value!r}" for key, value in _arguments(kind, name).items()]
    return f"keras.layers.{name}({', '.join(given)})"


def names() -> list[str]:
    """Return the layers that there are, in order."""
    return [name for name, kind in inspect.getmembers(keras.layers) if _is_layer(kind)]


def _is_layer(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, keras.Layer)
