"""Which module gives something else when it alone is compiled."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import torch

from conformance.probe.trace import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_COMPILED = 60
"""Modules that are compiled at most in a search."""


def narrow(model: Any, leaks: Callable[[], bool]) -> tuple[Site, bool] | None:
    """Return the innermost module that leaks when it alone is compiled.

    Args:
        model: A module, which leaks when it is compiled as a whole.
        leaks: Calls the model as it is then, and tells whether it leaks.

    Returns:
        The module, its file and line those of its ``forward``; and whether all modules
        in it were tried. None for a function, and where no part leaks by itself.
    """
    if not isinstance(model, torch.nn.Module):
        return None
    path, module, left = "", model, _COMPILED
    while True:
        for name, child in _parts(module, path):
            left -= 1
            if left < 0:
                return _site(path, module), False
            if _is_wrong(child, leaks):
                path, module = name, child
                break
        else:
            return _site(path, module), True


def _parts(module: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the modules that a module calls; a list of modules is never called."""
    for name, child in module.named_children():
        where = f"{path}.{name}" if path else name
        if isinstance(child, torch.nn.ModuleList | torch.nn.ModuleDict):
            yield from _parts(child, where)
        else:
            yield where, child


def _is_wrong(module: Any, leaks: Callable[[], bool]) -> bool:
    """Compile one module for a call."""
    torch.compiler.reset()
    own = vars(module).get("forward")
    module.forward = torch.compile(module.forward, backend="aot_eager")
    try:
        return leaks()
    except Exception:  # noqa: BLE001 - what cannot be compiled alone shows nothing
        return False
    finally:
        del module.forward
        if own is not None:
            module.forward = own


def _site(path: str, module: Any) -> Site:
    try:
        file = inspect.getsourcefile(type(module).forward) or ""
        _, line = inspect.getsourcelines(type(module).forward)
    except (OSError, TypeError):
        file, line = "", 0
    return Site(path=path, kind=type(module).__name__, op="", file=file, line=line)
