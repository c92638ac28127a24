"""What is installed, by distribution, without importing any of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import AdapterError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.adapter import Declaration


def missing(found: Declaration) -> list[str]:
    """Return the distributions that an adapter runs on and that are not installed."""
    return without(needed(found))


def version() -> str:
    """Return the version of this suite, which is also the specification's."""
    return release("mask-conformance") or "0+unknown"


def versions(found: Declaration) -> dict[str, str]:
    """Return the installed versions of what an adapter runs on, by distribution."""
    releases = {name: release(name) for name in needed(found)}
    return {name: text for name, text in releases.items() if text}


def without(names: Iterable[str]) -> list[str]:
    """Return those of some distributions that are not installed."""
    return [name for name in names if not release(name)]


def release(name: str) -> str:
    """Return a distribution's installed version, or nothing."""
    from importlib.metadata import PackageNotFoundError, version  # slow to import

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def needed(found: Declaration) -> list[str]:
    """Return the names of the distributions that an adapter runs on.

    Raises:
        AdapterError: A line of its dependencies is no requirement.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    names = []
    for line in found.dependencies:
        try:
            names.append(Requirement(line).name)
        except InvalidRequirement:
            msg = (
                f"{found.file}: dependencies in the head has {line!r}, expected a "
                f"requirement such as 'numpy==2.4.6'; mend the head"
            )
            raise AdapterError(msg) from None
    return names
