"""Whose line an equation is: the innermost frame that is the user's own."""

from __future__ import annotations

import sysconfig
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_STANDARD = sysconfig.get_path("stdlib")
_OWN = str(Path(__file__).parents[2])
_PACKAGES = ("jax", "jaxlib", "flax", "equinox", "haiku", "einops", "chex", "jaxtyping")


@cache
def _libraries() -> tuple[str, ...]:
    found = [_OWN, "<"]
    for name in _PACKAGES:
        spec = find_spec(name)
        if spec is not None and spec.origin:
            found.append(str(Path(spec.origin).parent))
    return tuple(found)


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
        if _is_users(frame.file_name):
            return frame.file_name, frame.line_num
    return None
