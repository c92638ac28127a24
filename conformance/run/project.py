"""Read ``[tool.mask-conformance]`` of the user's own pyproject.toml.

It says once what a project would repeat in every command, in pytest and in CI. A key
that is no field is an error: one that is misspelt would otherwise do nothing, unseen.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from conformance.errors import UsageError
from conformance.specification import Level
from conformance.specification.device import read_device
from conformance.specification.disk import is_there, read_text

if TYPE_CHECKING:
    from collections.abc import Callable

TABLE = "tool.mask-conformance"
NAME = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The defaults of a project.

    Attributes:
        adapter: Adapters that commands take where none is named.
        level: The level, where none is given; empty for the usual one.
        known: The file of known differences of the one adapter, if not beside it.
        device: The device, where none is given; empty for the framework's choice.
        probes: What ``probe`` takes where no target is named.
        file: The pyproject.toml; None where no table was found.
    """

    adapter: tuple[str, ...] = ()
    level: str = ""
    known: Path | None = None
    device: str = ""
    probes: tuple[str, ...] = ()
    file: Path | None = None

    def choose_known(self, reference: str) -> Path | None:
        """Return the known file for an adapter, if it is the project's own."""
        named = os.path.normpath(reference)
        mine = any(
            named == each or named.startswith(f"{each}:") for each in self.adapter
        )
        return self.known if mine else None

    def need_adapters(self) -> tuple[str, ...]:
        """Return the project's adapters.

        Raises:
            UsageError: It has none.
        """
        if self.adapter:
            return self.adapter
        raise self._lack()

    def need_adapter(self) -> str:
        """Return the project's one adapter, for a command that takes only one.

        Raises:
            UsageError: It has none, or several.
        """
        if len(self.adapter) == 1:
            return self.adapter[0]
        raise self._lack()

    def _lack(self) -> UsageError:
        found = ", ".join(self.adapter) or "none"
        where = f"adapter in [{TABLE}] of {self.file}" if self.file else NAME
        msg = (
            f"no adapter is named, and {where} has {found}; name one, or write "
            f'adapter = "masking.py" into [{TABLE}] of {NAME}'
        )
        return UsageError(msg)


def read_project(folder: Path | None = None) -> Project:
    """Return what the project of a folder says.

    The file is looked for in the folder and above it, up to the top of its repository;
    without a repository, in the folder alone: what lies above it may be anybody's.

    Args:
        folder: Where to look; by default the working folder.

    Raises:
        UsageError: The table has a wrong key or value, or the file is not TOML.
    """
    start = Path(os.path.abspath(folder or Path.cwd()))  # noqa: PTH100 - links are kept
    for each in _list_folders(start):
        path = each / NAME
        if is_there(path):
            table = _read_table(path)
            if table is not None:
                return _decode(table, path)
    return Project()


def _list_folders(start: Path) -> list[Path]:
    above = [start, *start.parents]
    tops = [at for at, each in enumerate(above) if is_there(each / ".git")]
    return above[: tops[0] + 1] if tops else [start]


def _read_table(path: Path) -> dict[str, Any] | None:
    try:
        whole = tomllib.loads(read_text(path))
    except (OSError, ValueError, RecursionError) as error:
        msg = f"{path}: cannot be read as TOML: {error}; correct the file"
        raise UsageError(msg) from error
    tool = whole.get("tool", {})
    table = tool.get("mask-conformance") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise _error(path, "", table, "a table")
    return table


def _decode(table: dict[str, Any], path: Path) -> Project:
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _READERS:
            raise UsageError(_unknown(path, key))
        found[key] = _READERS[key](path, key, value)
    project = Project(file=path, **found)
    if project.known is not None and len(project.adapter) != 1:
        named = ", ".join(project.adapter) or "none"
        msg = (
            f"{path}: {TABLE}.known is the file of one adapter, and {TABLE}.adapter "
            f"names {named}; name one, or keep each file beside its adapter"
        )
        raise UsageError(msg)
    return project


def _unknown(path: Path, key: str) -> str:
    choices = [each.name for each in fields(Project) if each.name != "file"]
    close = difflib.get_close_matches(key, choices, n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    listed = ", ".join(choices)
    return f"{path}: {TABLE}.{key[:80]} is not a field; {guess}choose from: {listed}"


def _error(path: Path, key: str, value: object, wanted: str) -> UsageError:
    field = f"{TABLE}.{key}" if key else TABLE
    got = repr(value)[:80]
    return UsageError(f"{path}: {field} is {got}, expected {wanted}; correct it")


def _text(path: Path, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _error(path, key, value, "a text")
    return value


def _level(path: Path, key: str, value: object) -> str:
    if value not in get_args(Level):
        raise _error(path, key, value, f"one of {', '.join(get_args(Level))}")
    return str(value)


def _device(path: Path, key: str, value: object) -> str:
    try:
        return read_device(_text(path, key, value))
    except UsageError as error:
        raise _error(path, key, value, "cpu, cuda, cuda:N, gpu or mps") from error


def _references(path: Path, key: str, value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    texts = [each for each in listed if isinstance(each, str) and each.strip()]
    if not texts or len(texts) < len(listed):
        raise _error(path, key, value, "a text or a list of texts")
    return tuple(_place(path.parent, each) for each in texts)


def _path(path: Path, key: str, value: object) -> Path:
    return Path(_relate(path.parent / _text(path, key, value)))


def _place(folder: Path, reference: str) -> str:
    """Return a reference as it holds from the working folder.

    A file is named as seen from pyproject.toml: ``masking.py``, ``masking.py:torch``.
    """
    named, colon, rest = reference.partition(".py")
    is_file = colon and rest[:1] in {"", ":"}
    return f"{_relate(folder / named)}{colon}{rest}" if is_file else reference


def _relate(path: Path) -> str:
    near = os.path.relpath(path)
    return str(path) if near.startswith("..") else near


_READERS: dict[str, Callable[[Path, str, object], Any]] = {
    "adapter": _references,
    "level": _level,
    "known": _path,
    "device": _device,
    "probes": _references,
}
