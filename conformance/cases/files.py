"""Read case files from a folder, and compute their digest."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from conformance.cases.model import Case, CaseFile, Flag, Vocabulary
from conformance.cases.validate import check_cases, parse_json
from conformance.errors import CaseError
from conformance.specification.disk import read_bytes, read_text

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def load(path: Path, words: Vocabulary) -> tuple[Case, ...]:
    """Return the cases of one file.

    Raises:
        CaseError: The file is malformed, or a case contradicts itself.
    """
    cases = check_cases(parse_json(read(path), str(path)), str(path), words)
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
    """Return the cases of every file in ``folder``.

    Args:
        folder: The folder of the case files and ``flags.json``.
        words: The names that cases may use.
        operations: Read only the files of these; empty means all.

    Raises:
        CaseError: As for :func:`load`, or the folder has no case.
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


def read_unchecked(folder: Path) -> tuple[Case, ...]:
    """Return the cases of every file as they are written: enough to count them.

    Raises:
        CaseError: A file is malformed.
    """
    found: list[Case] = []
    for path in files(folder):
        text = read(path)
        try:
            found += msgspec.json.decode(text, type=CaseFile).cases
        except (msgspec.MsgspecError, RecursionError) as error:
            msg = f"{path}: {error}; the format is in cases/README.md"
            raise CaseError(msg) from error
    return tuple(found)


def load_flags(folder: Path) -> dict[str, Flag]:
    """Return the flags that the cases in ``folder`` may have, by name.

    Raises:
        CaseError: ``flags.json`` is missing or malformed.
    """
    path = folder / "flags.json"
    try:
        return msgspec.json.decode(read(path), type=dict[str, Flag])
    except (msgspec.MsgspecError, RecursionError) as error:
        msg = f'{path}: {error}; a flag is {{"means": "", "catches": "", "links": []}}'
        raise CaseError(msg) from error


def files(folder: Path) -> list[Path]:
    """Return the case files in ``folder``, sorted by operation.

    An operation's main file, ``masked_mean.json``, comes before additional ones such as
     ``masked_mean.found-value-0a1b2c3d.json``.
    """
    others = {"schema.json", "flags.json"}
    found = [path for path in folder.glob("*.json") if path.name not in others]
    return sorted(found, key=lambda path: (path.name.removesuffix(".json"), path.name))


def digest(folder: Path) -> str:
    """Return a digest of the cases that does not depend on line endings."""
    found = hashlib.sha256()
    for path in files(folder):
        content = read_bytes(path).replace(b"\r\n", b"\n")
        found.update(f"{path.name} {len(content)}\n".encode() + content)
    return f"sha256:{found.hexdigest()}"


def read(path: Path) -> str:
    """Return a file's text.

    Raises:
        CaseError: It is missing, or not UTF-8.
    """
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read: {error}; give a JSON file in UTF-8"
        raise CaseError(msg) from error
