"""Annotate a GitHub job with new failures, next to the code.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from conformance.gate.source import find_line
from conformance.records import clean, describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.gate.verdict import Judgement
    from conformance.records import Record, Result

MOST = 10
"""Maximum of annotations of one kind per step; GitHub drops further ones."""

LINE = 1000
"""Maximum of characters in a message."""


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
        file = run.header.file
        line = 0 if isinstance(what, str) else find_line(file, what.check)
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
