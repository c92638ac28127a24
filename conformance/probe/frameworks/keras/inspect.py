"""What a Keras layer or model says of itself without being called."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import keras
from keras import tree

from conformance.probe.frameworks.base import Argument, Facts, takes_keywords
from conformance.probe.frameworks.keras.prepare import layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MODES = {"training"}
_WIDTH = 6
_PLAIN = 3
"""Axes of a batch of sequences of features."""


def facts(model: Any) -> Facts:
    """Return what a layer, a model or a function says of itself."""
    found = layers(model)
    value = _propagates(found)
    channels_first = any(
        getattr(each, "data_format", "") == "channels_first" for each in found
    )
    return Facts(
        arguments=arguments(model),
        keywords=not _hands_down(model) and takes_keywords(_function_of(model)),
        sizes=frozenset(_sizes(found)),
        vocabularies=tuple(
            each.input_dim for each in found if isinstance(each, keras.layers.Embedding)
        ),
        features=tuple(dict.fromkeys((*_features(model, found), _WIDTH))),
        layouts=("BFT", "BTF") if channels_first else _layouts(model),
        propagates=value,
        largest=_largest(model),
    )


def arguments(model: Any) -> tuple[Argument, ...]:
    """Return what a call takes; a functional model's inputs by their names."""
    named = input_names(model)
    if named:
        return tuple(Argument(name=name) for name in named)
    function = _function_of(model)
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    found = [
        Argument(name=each.name, required=each.default is inspect.Parameter.empty)
        for each in inspect.signature(function).parameters.values()
        if each.kind not in kinds and each.name not in _MODES
    ]
    if isinstance(model, keras.Layer) and not _takes_mask(model):
        return tuple(each for each in found if each.name != "mask")
    return tuple(found)


def _function_of(model: Any) -> Callable[..., Any]:
    """Return the function whose signature counts."""
    called: Callable[..., Any] = model.call if isinstance(model, keras.Layer) else model
    return called


def _takes_mask(model: Any) -> bool:
    """Tell whether a model's own ``mask`` can reach a layer that reads it."""
    inner = [each for each in layers(model) if not _hands_down(each)]
    return not _hands_down(model) or any(
        "mask" in inspect.signature(each.call).parameters for each in inner
    )


def _hands_down(model: Any) -> bool:
    """Tell whether a model is a graph of layers, which only hands a mask down."""
    return isinstance(model, keras.Sequential) or hasattr(model, "_operations")


def input_names(model: Any) -> list[str]:
    """Return the names of a functional model's inputs, where it has several."""
    structure = getattr(model, "_inputs_struct", None)
    if isinstance(structure, dict):
        return [str(name) for name in structure]
    if isinstance(structure, list | tuple) and len(structure) > 1:
        return [each.name for each in tree.flatten(structure)]
    return []


def _propagates(found: list[Any]) -> float | None:
    """Return the value that Keras takes for padding."""
    for each in found:
        if isinstance(each, keras.layers.Masking):
            return float(each.mask_value)
        if isinstance(each, keras.layers.Embedding) and each.mask_zero:
            return 0.0
    return None


def _sizes(found: list[Any]) -> Iterator[int]:
    for each in found:
        for weight in each.weights:
            yield from weight.shape
        if each.built:
            continue
        try:
            config = each.get_config()
        except Exception:  # noqa: BLE001, S112 - a user's layer may have none
            continue
        for value in config.values():
            if isinstance(value, int) and not isinstance(value, bool) and value > 1:
                yield value


def _input_shape(model: Any) -> tuple[int | None, ...]:
    """Return the shape that a model was built for; empty where that is not known."""
    try:
        shape = model.input_shape
    except Exception:  # noqa: BLE001 - a layer that was not called has none
        shape = (getattr(model, "_build_shapes_dict", None) or {}).get("input_shape")
    if isinstance(shape, list | tuple) and shape and not isinstance(shape[0], list):
        first = shape[0] if isinstance(shape[0], tuple) else shape
        return tuple(first)
    if isinstance(shape, dict) and shape:
        return tuple(next(iter(shape.values())))
    return ()


def _features(model: Any, found: list[Any]) -> Iterator[int]:
    shape = _input_shape(model)
    if len(shape) == _PLAIN and shape[-1]:
        yield shape[-1]
    if shape:
        return
    for each in found:
        for weight in each.weights[:1]:
            if len(weight.shape) > 1:
                yield weight.shape[-2]


def _layouts(model: Any) -> tuple[str, ...]:
    shape = _input_shape(model)
    return ("BT", "BTF") if len(shape) == _PLAIN - 1 else ("BTF", "BT")


def _largest(model: Any) -> int:
    shape = _input_shape(model)
    return (shape[1] or 0) if len(shape) == _PLAIN and model.built else 0


class Call:
    """A model as a function of named tensors.

    Args:
        model: A layer, a model or a function.
    """

    def __init__(self, model: Any) -> None:
        self._model = model
        self._names = input_names(model)
        self._made: dict[bool, Callable[..., Any]] = {}

    def function(self, *, training: bool) -> Callable[..., Any]:
        """Return the call in a mode."""
        if training not in self._made:
            self._made[training] = self._make(training=training)
        return self._made[training]

    def _make(self, *, training: bool) -> Callable[..., Any]:
        model, names = self._model, self._names
        structure = getattr(model, "_inputs_struct", None)

        def call(**given: Any) -> Any:
            if not isinstance(model, keras.Layer):
                return model(**given)
            if not names:
                return model(**given, training=training)
            packed = [given.pop(name) for name in names]
            inputs = tree.pack_sequence_as(structure, packed)
            return model(inputs, **given, training=training)

        return call
