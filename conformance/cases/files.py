"""Case files from a folder: reading, and the digest that names what was read."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from conformance.cases.model import Case, Flag, Vocabulary
from conformance.cases.validate import checked, parsed
from conformance.errors import CaseError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def load(path: Path, words: Vocabulary) -> tuple[Case, ...]:
    """Return the cases of one file.

    Raises:
        CaseError: The file breaks the format, or a case contradicts itself.
    """
    cases = checked(parsed(read(path), str(path)), str(path), words)
    if path.name.partition(".")[0] != cases[0].operation:
        name = cases[0].operation
        msg = (
            f"{path}: operation: got {name!r}, expected the file's name; call the file "
            f"{name}.json, or {name}.WHAT.json"
        )
        raise CaseError(msg)
    return cases


def load_all(
    folder: Path, words: Vocabulary, operations: Collection[str] = ()
) -> tuple[Case, ...]:
    """Return the cases of every file in ``folder``, with the flags that it defines.

    Args:
        folder: Where the case files are.
        words: What cases may name.
        operations: Those whose files are read; empty means all.

    Raises:
        CaseError: As :func:`load`, or there is no case at all.
    """
    words = replace(words, flags=set(load_flags(folder)))
    cases = tuple(
        case
        for path in files(folder)
        if not operations or path.name.partition(".")[0] in operations
        for case in load(path, words)
    )
    if not cases:
        msg = f"{folder}: found no case file, expected one per operation, such as "
        raise CaseError(msg + "masked_mean.json")
    twice = [name for name, count in Counter(c.id for c in cases).items() if count > 1]
    if twice:
        msg = f"{folder}: {twice[0]} is in two files; slugs are unique, so rename one"
        raise CaseError(msg)
    return cases


def load_flags(folder: Path) -> dict[str, Flag]:
    """Return the flags that the cases in ``folder`` may have, by name.

    Raises:
        CaseError: ``flags.json`` is not there, or breaks its format.
    """
    path = folder / "flags.json"
    try:
        return msgspec.json.decode(read(path), type=dict[str, Flag])
    except (msgspec.MsgspecError, RecursionError) as error:
        msg = f'{path}: {error}; a flag is {{"means": "", "catches": "", "links": []}}'
        raise CaseError(msg) from error


def files(folder: Path) -> list[Path]:
    """Return the case files in ``folder``, sorted by operation.

    An operation's own file, ``masked_mean.json``, comes before those that were added,
    such as ``masked_mean.found-value-0a1b2c3d.json``.
    """
    others = {"schema.json", "flags.json"}
    found = [path for path in folder.glob("*.json") if path.name not in others]
    return sorted(found, key=lambda path: (path.name.removesuffix(".json"), path.name))


def digest(folder: Path) -> str:
    """Return what tells one set of cases from another, whatever the line endings."""
    found = hashlib.sha256()
    for path in files(folder):
        content = path.read_bytes().replace(b"\r\n", b"\n")
        found.update(f"{path.name} {len(content)}\n".encode() + content)
    return f"sha256:{found.hexdigest()}"


def read(path: Path) -> str:
    """Return a file's text.

    Raises:
        CaseError: It is not there, or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read: {error}; give a JSON file in UTF-8"
        raise CaseError(msg) from error
