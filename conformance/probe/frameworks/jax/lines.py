"""Whose line an equation is: the innermost frame that is the user's own."""

from __future__ import annotations

import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import Any

from conformance.probe.frameworks.stack import call_model

_STANDARD = sysconfig.get_path("stdlib")
_OWN = str(Path(__file__).parents[2])
_PACKAGES = (
    "jax",
    "jaxlib",
    "flax",
    "equinox",
    "haiku",
    "einops",
    "chex",
    "jaxtyping",
    "keras",
)


def _libraries() -> tuple[str, ...]:
    """Return the folders of the libraries; what has frames has been imported."""
    files = (getattr(sys.modules.get(name), "__file__", None) for name in _PACKAGES)
    return (_OWN, "<", *(str(Path(each).parent) for each in files if each))


@cache
def _is_users(file: str) -> bool:
    if file.startswith(_libraries()):
        return False
    return "site-packages" in file or not file.startswith(_STANDARD)


def user_line(source: Any) -> tuple[str, int] | None:
    """Return file and line of an equation; None where no frame is the user's.

    JAX cuts the frames at the edge of a compiled function: inside one of JAX's own,
    such as ``jnp.where``, there is none, and whoever calls it knows the line.
    """
    if source.traceback is None:
        return None
    for frame in source.traceback.frames:
        if frame.function_name == call_model.__name__:
            return None  # who calls the model is no part of it
        if _is_users(frame.file_name):
            return frame.file_name, frame.line_num
    return None
