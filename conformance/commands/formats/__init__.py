"""What came of runs, in the forms that people, scripts and services read.

Everything a record says was written by somebody else, so each form gets it without
terminal codes, and no line or word of it is a command to a CI service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.gate import workflow_commands
from conformance.specification.plain import disarm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.gate import Judgement
    from conformance.records import Record

    Judged = Sequence[tuple[Record, Judgement]]

FORMATS = ("text", "json", "junit", "github", "sarif")
"""The forms; ``github`` is the text with a job's annotations behind it."""

_DOCUMENTS = ("json", "junit", "sarif")


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How a command shows what came out.

    Attributes:
        form: One of :data:`FORMATS`.
        quiet: Whether to show a line for each adapter and each kind of failure.
        verbose: Whether to show a line for each check.
        durations: How many of the slowest checks to show.
    """

    form: str = "text"
    quiet: bool = False
    verbose: bool = False
    durations: int = 0

    @property
    def is_document(self) -> bool:
        """Whether nothing but one document may stand on stdout."""
        return self.form in _DOCUMENTS


def write_document(
    form: str, judged: Judged, errors: Sequence[str] = (), status: int = 0
) -> str:
    """Return runs as a document for a program.

    Args:
        form: ``json``, ``junit`` or ``sarif``.
        judged: The runs, and what they mean.
        errors: What is wrong besides, such as adapters that did not load.
        status: The exit status of the command.
    """
    # Here, since Python's XML brings an HTTP client with it, and most runs print text.
    from conformance.commands.formats import as_json, as_junit, as_sarif

    writers: dict[str, Callable[[Judged, Sequence[str], int], str]] = {
        "json": as_json.write_json,
        "junit": as_junit.write_junit,
        "sarif": as_sarif.write_sarif,
    }
    return disarm(writers[form](judged, errors, status))


def annotate(judged: Judged, errors: Sequence[str] = ()) -> list[str]:
    """Return the annotations of a GitHub job, a line each, escaped."""
    return workflow_commands(judged, errors)
