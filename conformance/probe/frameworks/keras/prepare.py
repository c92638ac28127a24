"""A Keras model made ready for a call, and put back as it was."""

from __future__ import annotations

import warnings
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import keras
import numpy as np
from keras.src.backend.common.variables import AutocastScope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.probe.arrangement import Array
    from conformance.probe.frameworks.base import Mode

_RATES = ("rate", "dropout", "recurrent_dropout", "dropout_rate", "stddev")
"""Attributes that make a call random."""


def layers(model: Any) -> list[Any]:
    """Return every layer of a model, the model first; none for a function."""
    if not isinstance(model, keras.Layer):
        return []
    found = list(model._flatten_layers())  # noqa: SLF001 - there is no public way
    inner = [getattr(each, "_functional", None) for each in found]
    return [*found, *(each for each in inner if each is not None)]


_CALLED: WeakSet[Any] = WeakSet()


def called(model: Any) -> None:
    """Remember that a call has worked: a layer that is not built now is never used."""
    if isinstance(model, keras.Layer):
        _CALLED.add(model)


def built(model: Any) -> bool:
    """Tell whether every layer that is used has its variables."""
    found = layers(model)
    return bool(found and model in _CALLED) or all(each.built for each in found)


@contextmanager
def prepared(model: Any, mode: Mode) -> Iterator[None]:
    """Put a model into a dtype and a mode; nothing that a call writes stays.

    Args:
        model: A layer, a model or a function.
        mode: How it is called.
    """
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        # Where the mask ends is said by the probe itself.
        warnings.filterwarnings("ignore", r"Layer '[^']*' \(of type", UserWarning)
        if mode.dtype != dtype_of(model):
            stack.enter_context(_in_dtype(model, mode.dtype))
        if mode.training:
            stack.enter_context(_without_dropout(model))
        if built(model):
            # Running statistics and random seeds are written into the scope.
            stack.enter_context(keras.StatelessScope())
        yield


def scope_of(pairs: list[tuple[Any, Any]]) -> Any:
    """Return a scope in which variables have other values, in whatever dtype."""
    scope = keras.StatelessScope()
    for variable, value in pairs:
        # What is handed to the constructor is cast to the variable's dtype.
        scope.state_mapping[id(variable)] = value
    return scope


def dtype_of(model: Any) -> str:
    """Return the dtype that a model computes in."""
    found = getattr(model, "compute_dtype", None) or keras.config.floatx()
    return str(found)


@contextmanager
def _in_dtype(model: Any, dtype: str) -> Iterator[None]:
    """Have every layer compute in a dtype; variables are cast where they are read."""
    policy = keras.DTypePolicy(dtype)
    before = [(each, each._dtype_policy) for each in layers(model)]  # noqa: SLF001
    symbols = [
        (symbol, symbol.dtype)
        for each in layers(model)
        for symbol in getattr(each, "_inputs", None) or ()
        if "float" in str(symbol.dtype)
    ]
    default, stack = keras.config.floatx(), ExitStack()
    try:
        keras.config.set_floatx(dtype)
        stack.enter_context(AutocastScope(dtype))
        for each, _ in before:
            # The setter would quantise.
            each._dtype_policy = policy  # noqa: SLF001
        for symbol, _ in symbols:  # a functional model casts to its inputs' dtype
            symbol._dtype = dtype  # noqa: SLF001 - it is kept from being set
        yield
    finally:
        stack.close()
        keras.config.set_floatx(default)
        for each, own in before:
            each._dtype_policy = own  # noqa: SLF001
        for symbol, own in symbols:
            symbol._dtype = own  # noqa: SLF001


@contextmanager
def _without_dropout(model: Any) -> Iterator[None]:
    saved = [
        (each, name, vars(each)[name])
        for each in layers(model)
        for name in _RATES
        if isinstance(vars(each).get(name), float) and 0 < vars(each)[name] < 1
    ]
    try:
        for each, name, _ in saved:
            setattr(each, name, 0.0)
        yield
    finally:
        for each, name, value in saved:
            setattr(each, name, value)


def fill_constant(model: Any, seed: int = 0) -> list[tuple[Any, Array]]:
    """Give variables that are all zero or all one random numbers.

    Return them with what they had.

    A bias that is zero keeps padding zero, and hides what reads it.
    """
    random = np.random.default_rng(seed)
    changed: list[tuple[Any, Array]] = []
    for each in model.trainable_variables if isinstance(model, keras.Layer) else ():
        plain = keras.ops.convert_to_numpy(each.value)
        if plain.dtype.kind != "f" or not plain.size:
            continue
        first = plain.flat[0]
        if first in {0.0, 1.0} and bool((plain == first).all()):
            noise = random.standard_normal(plain.shape) * 0.1
            each.assign((plain + noise).astype(plain.dtype))
            changed.append((each, plain))
    return changed
