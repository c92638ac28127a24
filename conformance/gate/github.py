"""Annotate a GitHub job with new failures, next to the code.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.gate.verdict import judge
from conformance.records import clean, describe, parse_check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from conformance.records import Record, Result

MOST = 10
"""Maximum of annotations of one kind per step; GitHub drops further ones."""

LINE = 1000
"""Maximum of characters in a message."""


def annotated(
    runs: Sequence[Record], new: Iterable[tuple[Record, Result]] | None = None
) -> list[str]:
    """Return a workflow command for each new failure, stale entry and problem.

    Args:
        runs: The runs.
        new: The failures to annotate; by default every unknown one.

    Returns:
        At most :data:`MOST` lines; the last one counts those left out.
    """
    found: list[tuple[Record, Result | str]] = [*_problems(runs)]
    found += _failures(runs) if new is None else new
    lines = [
        _command(
            "error", run.header.file, _title(what), _message(what), _line(run, what)
        )
        for run, what in found
    ]
    if len(lines) <= MOST:
        return lines
    rest = len(lines) - MOST + 1
    more = f"{rest} more; the job's summary and the page have all of them"
    return [*lines[: MOST - 1], _command("error", "", "mask-conformance", more, 0)]


def _problems(runs: Iterable[Record]) -> Iterator[tuple[Record, str]]:
    for run in runs:
        judged = judge(run)
        yield from ((run, f"incomplete: {problem}") for problem in judged.problems)
        yield from ((run, f"stale: {complaint}") for complaint in judged.stale)


def _failures(runs: Iterable[Record]) -> Iterator[tuple[Record, Result]]:
    for run in runs:
        yield from ((run, result) for result in judge(run).new)


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
    try:
        lines = Path(run.header.file).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return 0
    wanted = re.compile(rf"\s*def (build_)?{re.escape(operation)}\(")
    return next((at for at, line in enumerate(lines, 1) if wanted.match(line)), 0)


def _command(kind: str, file: str, title: str, message: str, line: int) -> str:
    properties = {"file": file, "line": str(line or ""), "title": title}
    told = ",".join(
        f"{name}={_escaped(text, ':,')}" for name, text in properties.items() if text
    )
    return f"::{kind} {told}::{_escaped(clean(message, LINE))}"


def _escaped(text: str, more: str = "") -> str:
    r"""Return text that ends neither the command nor a property of it.

    >>> _escaped("100%\n::a", ":")
    '100%25%0A%3A%3Aa'
    """
    plain = clean(text)
    for character in f"%\r\n{more}":
        plain = plain.replace(character, f"%{ord(character):02X}")
    return plain
