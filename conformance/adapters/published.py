"""Adapters that installed libraries publish as entry points.

    [project.entry-points."mask_conformance.adapters"]
    mylib = "mylib.masking"          # an adapter file, a module of the library
    mylib = "mylib.masking:adapter"  # or an object with a declaration

Names are listed without importing anything; only loading an adapter does that.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from conformance.errors import AdapterError

GROUP = "mask_conformance.adapters"

_NAME = re.compile(r"[\w-]+")
"""A name without dots: ``package.module:object`` is never looked up."""

_INFO = (".dist-info", ".egg-info")
"""How the folders end that say what an installed library publishes."""


def list_published() -> dict[str, str]:
    """Return what installed libraries publish: a reference by name."""
    if not any(map(_may_publish, sys.path)):
        return {}
    from importlib.metadata import entry_points  # slow to import

    found = entry_points(group=GROUP)
    return {each.name: each.value for each in sorted(found, key=lambda e: e.name)}


def _may_publish(folder: str) -> bool:
    """Tell whether an installed library in a folder may publish an adapter.

    Most folders have none, and a look at their files costs a tenth of the import that
    would ask properly. What is no folder, such as a zip file, is asked properly.
    """
    try:
        with os.scandir(folder or ".") as entries:
            libraries = [each.path for each in entries if each.name.endswith(_INFO)]
    except NotADirectoryError:
        return True
    except OSError:
        return False
    return any(map(_names_group, libraries))


def _names_group(library: str) -> bool:
    """Tell whether the metadata of a library has our group's name in it."""
    try:
        return GROUP.encode() in Path(library, "entry_points.txt").read_bytes()
    except OSError:
        return False


def resolve_published(reference: str) -> str:
    """Return what a published name stands for; anything else as it is.

    ``mylib:torch`` is a variant of a published adapter file.

    Raises:
        AdapterError: It names a module that is not there.
    """
    name, _, variant = reference.partition(":")
    if not _NAME.fullmatch(name):
        return reference
    value = list_published().get(name)
    if value is None:
        return reference
    if ":" in value:
        return value
    file = find_module(value, name)
    return f"{file}:{variant}" if variant else str(file)


def find_module(module: str, name: str) -> Path:
    """Return a module's file without importing the module or its packages.

    Args:
        module: The module's dotted name.
        name: What it is published as, for the message.

    Raises:
        AdapterError: It is not found on ``sys.path``.
    """
    parts = Path(*module.split("."))
    for folder in map(Path, sys.path):
        for path in (folder / f"{parts}.py", folder / parts / "__init__.py"):
            if path.is_file():
                return path
    msg = (
        f"adapter {name!r}: its entry point names the module {module}, which is not "
        f"installed as a file; correct {GROUP} in the library's pyproject.toml"
    )
    raise AdapterError(msg)
