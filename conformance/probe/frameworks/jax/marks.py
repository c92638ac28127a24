"""Write a module's path into the name stack while its call is traced.

Flax writes method names there, Equinox class names, nnx nothing, and none of them says
where a module stands in the model. So each call of a module is traced in a named scope
that carries a number, and the number leads to the path.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import jax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_FORM = "mask-probe-{}-"
_MARK = re.compile(r"mask-probe-(\d+)-")

# A compiled function inside a model is traced once for each shape, so numbers that it
# carries must mean the same for as long as the process lives.
_PLACES: list[tuple[str, str]] = []
_NUMBERS: dict[tuple[str, str], int] = {}


def scope(path: str, kind: str) -> Any:
    """Return the named scope of a module: its path and its class."""
    key = (path, kind)
    if key not in _NUMBERS:
        _NUMBERS[key] = len(_PLACES)
        _PLACES.append(key)
    return jax.named_scope(_FORM.format(_NUMBERS[key]))


def place(stack: object) -> tuple[str, str] | None:
    """Return path and class of the innermost module of a name stack."""
    found = _MARK.findall(str(stack))
    return _PLACES[int(found[-1])] if found else None


class Paths:
    """Knows where each module of a model stands.

    Args:
        modules: Path and module; the first path of a module that has several counts.
    """

    def __init__(self, modules: Iterable[tuple[str, Any]]) -> None:
        self._paths: dict[int, str] = {}
        self._by_arrays: dict[tuple[object, ...], str] = {}
        self._alive: list[Any] = []
        for path, module in modules:
            self._paths.setdefault(id(module), path)
            self._by_arrays.setdefault(_arrays(module), path)
            self._alive.append(module)

    @property
    def classes(self) -> set[type]:
        """The modules' classes that can be called."""
        found = {type(each) for each in self._alive}
        return {
            each
            for each in found
            if any("__call__" in base.__dict__ for base in each.__mro__)
        }

    def of(self, module: Any) -> str | None:
        """Return a module's path.

        A transformation such as vmap makes the module anew around the same arrays.
        """
        path = self._paths.get(id(module))
        if path is None:
            key = _arrays(module)
            path = self._by_arrays.get(key) if len(key) > 1 else None
        return path


def _arrays(module: Any) -> tuple[object, ...]:
    return (type(module), *(id(each) for each in jax.tree.leaves(module)))


@contextmanager
def marked(
    paths: Paths, instead: Callable[[Any], bool] = lambda _: False
) -> Iterator[None]:
    """Mark every call of the modules; those of ``instead`` return their first argument.

    Classes are given another ``__call__`` for as long as this lasts.
    """
    before: list[tuple[type, Any]] = []
    try:
        for each in paths.classes:
            before.append((each, each.__dict__.get("__call__")))
            _wrap(each, paths, instead)
        yield
    finally:
        for each, own in before:
            if own is None:
                type.__delattr__(each, "__call__")
            else:
                type.__setattr__(each, "__call__", own)


def _wrap(kind: type, paths: Paths, instead: Callable[[Any], bool]) -> None:
    original = kind.__dict__.get("__call__")
    if original is None:
        original = next(
            each.__dict__["__call__"]
            for each in kind.__mro__[1:]
            if "__call__" in each.__dict__
        )
        original = getattr(original, "__mask_probe__", original)

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if instead(self):
            return args[0]
        bound = original.__get__(self, type(self))
        path = paths.of(self) if type(self) is kind else None
        if path is None:
            return bound(*args, **kwargs)
        with scope(path, kind.__name__):
            return bound(*args, **kwargs)

    call.__mask_probe__ = original  # type: ignore[attr-defined]
    type.__setattr__(kind, "__call__", call)
