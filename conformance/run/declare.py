"""What an adapter declares, told by a process of its own where that means importing it.

An adapter file's head is read; ``package.module:object`` has to be imported, and what
it does then must not be done to the process that gives the verdict.
"""

from __future__ import annotations

import os
import sys
from dataclasses import asdict, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

import msgspec

from conformance.adapters.load import is_object, known_file, read_declaration
from conformance.errors import ConformanceError, IncompleteRunError, UsageError
from conformance.run.child import USAGE, become_child, refuse
from conformance.run.launch import clean_environment
from conformance.run.log import Log
from conformance.run.process import Limits, Process, enter
from conformance.specification.declaration import Declaration


def declare(reference: str) -> Declaration:
    """Return what an adapter declares; only another process imports it for that.

    Raises:
        UsageError: It is not there, or not an adapter.
        IncompleteRunError: The process ended without an answer.
    """
    if not is_object(reference):
        return read_declaration(reference)
    with TemporaryDirectory(prefix="mask-conformance-") as folder:
        answer, path = Path(folder) / "declaration.json", Path(folder) / "declare.log"
        command = [*enter("conformance.run.declare"), reference, str(answer)]
        with Log(path) as log:
            process = Process(command, clean_environment(), answer, log)
            ending = process.wait(Limits(), lambda _done, _of: None, Event())
            kind, message = log.told(process.word)
        if kind:
            raise (UsageError if kind == USAGE else IncompleteRunError)(message)
        try:
            return _decode(answer.read_bytes())
        except (OSError, ValueError, TypeError, ConformanceError):
            msg = f"{reference}: {ending} while it was imported\n{log.read_reason()}"
            raise IncompleteRunError(msg.strip()) from None


def _decode(content: bytes) -> Declaration:
    found = msgspec.json.decode(
        content, type=dict[str, str | list[str] | dict[str, str]]
    )
    names = {field.name for field in fields(Declaration)}
    plain: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in found.items()
        if name in names
    }
    return Declaration(**plain)


def main() -> int:
    """Write what the adapter declares that the command line names to a file."""
    word = become_child()
    reference, answer = sys.argv[1], Path(sys.argv[2])
    try:
        found = read_declaration(reference)
        # Beside the module, which only this process has imported.
        told = asdict(found) | {"known": str(known_file(found).absolute())}
        answer.write_bytes(msgspec.json.encode(told))
    except ConformanceError as error:
        refuse(word, error)
    os._exit(0)  # whatever the module has left to be done at the end
