"""What a model answers, as names and tensors."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SKIP = {
    *("past_key_values", "hidden_states", "attentions", "cache", "state"),
    *("decoder_hidden_states", "encoder_hidden_states", "cross_attentions"),
}
"""Outputs that are no answer: a cache, or what a model shows of its inside."""


def named_leaves(value: Any, is_leaf: Callable[[Any], bool]) -> dict[str, Any]:
    """Return the leaves of a nest by name; a single one is ``out``."""
    return {name or "out": each for name, each in _walk(value, "", is_leaf)}


def leaves(value: Any, is_leaf: Callable[[Any], bool]) -> list[Any]:
    """Return the leaves in a nest of lists, tuples and mappings, in order."""
    if is_leaf(value):
        return [value]
    if isinstance(value, dict):
        return [leaf for each in value.values() for leaf in leaves(each, is_leaf)]
    if isinstance(value, list | tuple):
        return [leaf for each in value for leaf in leaves(each, is_leaf)]
    return []


def replace_leaves(
    value: Any, is_leaf: Callable[[Any], bool], made: Iterator[Any]
) -> Any:
    """Return a nest with other leaves, in the order of ``leaves``."""
    if is_leaf(value):
        return next(made)
    if isinstance(value, dict):
        return {
            name: replace_leaves(each, is_leaf, made) for name, each in value.items()
        }
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(replace_leaves(each, is_leaf, made) for each in value))
    if isinstance(value, list | tuple):
        return type(value)(replace_leaves(each, is_leaf, made) for each in value)
    return value


def _walk(
    value: Any, name: str, is_leaf: Callable[[Any], bool]
) -> Iterator[tuple[str, Any]]:
    if is_leaf(value):
        yield name, value
        return
    for key, each in _children(value):
        if key not in SKIP:
            yield from _walk(each, f"{name}.{key}" if name else key, is_leaf)


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a container holds, by name."""
    if isinstance(value, dict):
        yield from ((str(key), each) for key, each in value.items())
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        yield from zip(value._fields, value, strict=True)
    elif isinstance(value, tuple | list):
        yield from ((str(at), each) for at, each in enumerate(value))
    elif is_dataclass(value) and not isinstance(value, type):
        yield from ((each.name, getattr(value, each.name)) for each in fields(value))
