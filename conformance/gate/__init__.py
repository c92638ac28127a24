"""Judge runs: known differences, new and fixed checks, and the exit status.

The TOML file of known differences next to an adapter is strict: an entry that matches
no check, passes, or fails in another way is a complaint, so that the file says exactly
what the adapter does. Imports no NumPy and no framework.
"""

from __future__ import annotations

from conformance.gate.against import Comparison, against, missing
from conformance.gate.github import annotated
from conformance.gate.known import (
    KINDS,
    KnownEntry,
    contradicted,
    find,
    load_known,
    overdue,
    stale,
    unjudged,
)
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
    "against",
    "annotated",
    "contradicted",
    "describe_part",
    "exit_status",
    "find",
    "judge",
    "load_known",
    "missing",
    "overdue",
    "problems",
    "stale",
    "unjudged",
    "update",
]
