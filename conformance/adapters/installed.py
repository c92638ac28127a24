"""Look up installed distributions, and the folders that come with the suite.

This imports none of them. Adapters and cases are next to the package in a checkout, and
inside it when installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from conformance.errors import AdapterError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.specification.declaration import Declaration


def shared_folder(room: str) -> Path:
    """Return the folder ``room`` ("adapters" or "cases").

    The packaged folder comes first. A checkout's counts only next to its
    ``pyproject.toml``, so that a broken installation never finds another project's
    ``adapters`` package.
    """
    package = Path(__file__).parents[1]
    packaged = package / "_shared" / room
    if packaged.is_dir():
        return packaged
    root = package.parent
    if (root / "pyproject.toml").is_file() and (root / room).is_dir():
        return root / room
    msg = (
        f"no {room!r} folder: looked in {packaged} and, as a checkout, in {root}; "
        "install mask-conformance again"
    )
    raise UsageError(msg)


def find_missing(found: Declaration) -> list[str]:
    """Return the distributions that an adapter needs but that are not installed."""
    return filter_missing(list_requirements(found))


def suite_version() -> str:
    """Return the version of this suite, which is also the specification's."""
    return find_release("mask-conformance") or "0+unknown"


def find_versions(found: Declaration) -> dict[str, str]:
    """Return the installed versions of the distributions that an adapter needs."""
    releases = {name: find_release(name) for name in list_requirements(found)}
    return {name: text for name, text in releases.items() if text}


def filter_missing(names: Iterable[str]) -> list[str]:
    """Return the distributions that are not installed."""
    return [name for name in names if not find_release(name)]


def find_release(name: str) -> str:
    """Return a distribution's installed version, or nothing."""
    from importlib.metadata import PackageNotFoundError, version  # slow to import

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def list_requirements(found: Declaration) -> list[str]:
    """Return the names of the distributions that an adapter needs.

    Raises:
        AdapterError: One of its dependencies is not a requirement.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    names = []
    for line in found.dependencies:
        try:
            names.append(Requirement(line).name)
        except InvalidRequirement:
            msg = (
                f"{found.file}: dependencies in the head has {line!r}, expected a "
                f"requirement such as 'numpy==2.4.6'; correct the head"
            )
            raise AdapterError(msg) from None
    return names
