"""Judge runs: known differences, new and fixed checks, and the exit status.

The TOML file of known differences next to an adapter is strict: an entry that matches
no check, passes, or fails in another way is a complaint, so that the file says exactly
what the adapter does. Imports no NumPy and no framework.
"""

from __future__ import annotations

from conformance.gate.against import Comparison, compare_runs, missing
from conformance.gate.github import workflow_commands
from conformance.gate.known import (
    KINDS,
    KnownEntry,
    find,
    find_contradicted,
    find_overdue,
    find_stale,
    find_unjudged,
    load_known,
    select_device,
)
from conformance.gate.source import find_line, locate
from conformance.gate.update import Update, update
from conformance.gate.verdict import (
    Judgement,
    describe_part,
    exit_status,
    judge,
    problems,
)

__all__ = [
    "KINDS",
    "Comparison",
    "Judgement",
    "KnownEntry",
    "Update",
    "compare_runs",
    "describe_part",
    "exit_status",
    "find",
    "find_contradicted",
    "find_line",
    "find_overdue",
    "find_stale",
    "find_unjudged",
    "judge",
    "load_known",
    "locate",
    "missing",
    "problems",
    "select_device",
    "update",
    "workflow_commands",
]
