"""Whose line an operation is: the innermost frame of the Python stack that is a user's.

The search ends where the probe calls the model: whoever called the probe is no part of
the model.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_OWN = str(Path(__file__).parents[1])
_PACKAGES = ("keras", "tensorflow", "torch", "jax", "jaxlib", "optree", "contextlib")


def _libraries() -> tuple[str, ...]:
    """Return the folders of the libraries; what has frames has been imported."""
    files = (getattr(sys.modules.get(name), "__file__", None) for name in _PACKAGES)
    paths = [Path(each) for each in files if each]
    folders = (p.parent if p.name == "__init__.py" else p for p in paths)
    return (_OWN, "<", *map(str, folders))


@cache
def _is_users(file: str) -> bool:
    # AutoGraph writes a user's function anew into a file that soon is gone.
    return not file.startswith(_libraries()) and "__autograph_generated" not in file


def call_model(function: Callable[..., Any], given: dict[str, Any]) -> Any:
    """Call a model; frames outside this one are not the model's."""
    return function(**given)


def user_line() -> tuple[str, int]:
    """Return file and line of the innermost frame that is the user's own.

    Both are empty where the model has none, such as one made of library layers only.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - a stack is 50 times dearer
    while frame is not None and frame.f_code is not call_model.__code__:
        if _is_users(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return "", 0
