"""One failure as every form tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.gate import find_line
from conformance.records import describe
from conformance.specification.plain import clean, disarm

if TYPE_CHECKING:
    from conformance.records import Record, Result

LONGEST = 4000
"""Characters of a failure's text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCheck:
    """A failed or errored check.

    Attributes:
        check: Its id.
        outcome: How it ended.
        message: What is wrong, in a line.
        text: The whole of it: clause, input, answer, how to see it again.
        clause: The clause that is broken.
        diagnosis: The mistake that gives this answer, if one was recognised.
        command: Runs it again.
        file: The adapter's file.
        line: The line of its function; 0 where it is not found.
        reason: Why it was to be expected, if it was.
        ms: How long it took.
    """

    check: str
    outcome: str
    message: str
    text: str
    clause: str
    diagnosis: str
    command: str
    file: str
    line: int
    reason: str
    ms: float


def find(run: Record, result: Result) -> FailedCheck:
    """Return a failure with its texts made harmless."""
    said = describe(result)
    known = result.known.reason if result.known and result.accepted else ""
    return FailedCheck(
        check=tame(result.check),
        outcome=result.outcome,
        message=tame(said.message),
        text=tame("\n".join(said.lines(trace=6))),
        clause=tame(result.clause),
        diagnosis=tame(said.diagnosis),
        command=tame(said.command),
        file=tame(run.header.file),
        line=find_line(run.header.file, result.check),
        reason=tame(known),
        ms=result.ms,
    )


def tame(text: str) -> str:
    """Return somebody else's text: bounded, printable, and no command to anybody."""
    return disarm(clean(text, LONGEST))
