"""Annotate a GitHub job with new failures, next to the code.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.records import clean, describe, parse_check

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.gate.verdict import Judgement
    from conformance.records import Record, Result

MOST = 10
"""Maximum of annotations of one kind per step; GitHub drops further ones."""

LINE = 1000
"""Maximum of characters in a message."""

SOURCE = 2**22
"""Bytes of an adapter's file in which its functions are looked for."""


def workflow_commands(
    judged: Sequence[tuple[Record, Judgement]], complaints: Sequence[str] = ()
) -> list[str]:
    """Return a workflow command for each new failure, stale entry and problem.

    Args:
        judged: The runs, and what they mean.
        complaints: What is wrong besides, such as files that cannot be read.

    Returns:
        At most :data:`MOST` lines; the last one counts those left out.
    """
    lines = [
        _command("error", "", "mask-conformance", text, 0) for text in complaints[:MOST]
    ]
    for run, what in islice(_findings(judged), MOST):
        file, line = run.header.file, _line(run, what)
        lines.append(_command("error", file, _title(what), _message(what), line))
    every = len(complaints) + sum(
        len(each.problems) + len(each.stale) + len(each.new) + each.more
        for _, each in judged
    )
    if every <= MOST:
        return lines
    more = f"{every - MOST + 1:,} more; the job's summary and the page have all of them"
    return [*lines[: MOST - 1], _command("error", "", "mask-conformance", more, 0)]


def _findings(
    judged: Sequence[tuple[Record, Judgement]],
) -> Iterator[tuple[Record, Result | str]]:
    for run, each in judged:
        yield from ((run, f"incomplete: {problem}") for problem in each.problems)
        yield from ((run, f"stale: {complaint}") for complaint in each.stale)
    for run, each in judged:
        yield from ((run, result) for result in each.new)


def _title(what: Result | str) -> str:
    if isinstance(what, str):
        return "mask-conformance"
    return f"{what.outcome}: {what.check}"


def _message(what: Result | str) -> str:
    if isinstance(what, str):
        return what
    said = describe(what)
    parts = [said.message, *said.clauses, said.diagnosis, *said.reproducer]
    return "\n".join(part for part in parts if part)


def _line(run: Record, what: Result | str) -> int:
    """Return the line of the function that the check calls, or 0."""
    if isinstance(what, str):
        return 0
    operation = parse_check(what.check).operation
    wanted = re.compile(rf"\s*def (build_)?{re.escape(operation)}\(")
    lines = _source(run.header.file)
    return next((at for at, line in enumerate(lines, 1) if wanted.match(line)), 0)


def _source(file: str) -> list[str]:
    """Return the lines of an adapter's file, if it is one of this checkout.

    A record is somebody else's file: it may name a pipe, a device or a secret.
    """
    try:
        path = Path(file).resolve()
        inside = path.is_relative_to(Path.cwd()) and path.suffix == ".py"
        if not inside or not path.is_file() or path.stat().st_size > SOURCE:
            return []
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError, RuntimeError):
        return []


def _command(kind: str, file: str, title: str, message: str, line: int) -> str:
    properties = {"file": file, "line": str(line or ""), "title": title}
    told = ",".join(
        f"{name}={_escape(text, ':,')}" for name, text in properties.items() if text
    )
    return f"::{kind} {told}::{_escape(clean(message, LINE))}"


def _escape(text: str, more: str = "") -> str:
    r"""Return text that ends neither the command nor a property of it.

    >>> _escaped("100%\n::a", ":")
    '100%25%0A%3A%3Aa'
    """
    plain = clean(text)
    for character in f"%\r\n{more}":
        plain = plain.replace(character, f"%{ord(character):02X}")
    return plain
