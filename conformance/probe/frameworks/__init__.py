"""The frameworks that can be probed, each in a room of its own.

A framework is imported when an object of it turns up: by then its user has imported it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from conformance.errors import UnknownNameError
from conformance.probe.frameworks.base import (
    Argument,
    Facts,
    Gradients,
    Mode,
    ProbeFramework,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Argument",
    "Facts",
    "Gradients",
    "Mode",
    "ProbeFramework",
    "framework_of",
    "is_known",
    "made_by_prefix",
    "names_by_prefix",
]

_ROOMS: dict[str, tuple[str, str]] = {
    "keras": ("conformance.probe.frameworks.keras", "Keras"),
    "tensorflow": ("conformance.probe.frameworks.tensorflow", "TensorFlow"),
    "torch": ("conformance.probe.frameworks.torch", "Torch"),
    "jax": ("conformance.probe.frameworks.jax", "JAX"),
    "numpy": ("conformance.probe.frameworks.numpy", "NumPy"),
}
"""By name: the room, and the class in it that calls models."""

_OBJECTS: dict[str, tuple[str, ...]] = {
    # On torch, a Keras layer is a torch module as well, so Keras comes first.
    "keras": ("keras.src.layers.layer.Layer",),
    "tensorflow": ("tensorflow.python.module.module.Module",),
    "torch": ("torch.nn.modules.module.Module",),
    "jax": (
        "flax.linen.module.Module",
        "flax.nnx.module.Module",
        "equinox._module._module.Module",
        "haiku._src.transform.Transformed",
        "haiku._src.transform.TransformedWithState",
    ),
}
"""Classes whose objects belong to a framework; the first framework that fits counts."""

_MODULES: dict[str, str] = {
    "keras": "keras",
    "tensorflow": "tensorflow",
    "torch": "torch",
    "jax": "jax",
    "numpy": "numpy",
}
"""Which imported module shows that a plain function is written on a framework."""

_MAKERS: dict[str, str] = {
    "keras": "conformance.probe.frameworks.keras.layers",
    "hf": "conformance.probe.frameworks.transformers",
    "torch": "conformance.probe.frameworks.torch.layers",
}
"""Prefixes of targets, and the room whose ``make(rest)`` makes them."""


def made_by_prefix(prefix: str) -> Callable[[str], dict[str, Any]] | None:
    """Return what makes the targets of a prefix, such as ``hf``."""
    room = _MAKERS.get(prefix)
    make: Callable[[str], dict[str, Any]] | None = None
    if room is not None:
        make = import_module(room).make
    return make


def names_by_prefix(prefix: str) -> list[str]:
    """Return everything that a prefix can make, such as every type of ``hf``.

    Raises:
        UnknownNameError: No such prefix lists what it can make.
    """
    if prefix not in _MAKERS:
        kind = "prefix of targets"
        raise UnknownNameError(kind, prefix, _MAKERS)
    found: list[str] = import_module(_MAKERS[prefix]).names()
    return found


def named(name: str) -> ProbeFramework:
    """Return a framework by name.

    Raises:
        UnknownNameError: There is none of that name.
    """
    if name not in _ROOMS:
        kind = "framework"
        raise UnknownNameError(kind, name, _ROOMS)
    room, attribute = _ROOMS[name]
    found: ProbeFramework = getattr(import_module(room), attribute)()
    return found


def framework_of(model: Any, name: str = "") -> ProbeFramework:
    """Return the framework that calls an object: by its class, else by what it uses."""
    if name:
        return named(name)
    if own := _owner(model):
        return named(own)
    used = _imported_packages(model)
    for framework, module in _MODULES.items():
        if module in used:
            return named(framework)
    return named("numpy")


def is_known(model: Any) -> bool:
    """Tell whether an object's class belongs to a framework, callable or not."""
    return bool(_owner(model))


def _owner(model: Any) -> str:
    classes = {f"{each.__module__}.{each.__qualname__}" for each in type(model).__mro__}
    for framework, wanted in _OBJECTS.items():
        if classes & set(wanted):
            return framework
    return ""


def _imported_packages(function: Any) -> set[str]:
    """Return the packages that a function's module has imported."""
    inner = getattr(function, "func", function)
    inner = getattr(inner, "__wrapped__", inner)
    code = getattr(inner, "__globals__", None)
    if code is None:
        method = vars(type(inner)).get("__call__")
        code = getattr(method, "__globals__", {})
    found = {type(inner).__module__.partition(".")[0]}
    for value in list(code.values()):
        name = getattr(value, "__name__", "") if type(value) is type(sys) else ""
        found.add((name or getattr(value, "__module__", None) or "").partition(".")[0])
    return found
