"""Judge runs: known differences, new and fixed checks, and the exit status.

The TOML file of known differences next to an adapter is strict: an entry that matches
no check, passes, or fails in another way is a complaint, so that the file says exactly
what the adapter does. Imports no NumPy and no framework.
"""

from __future__ import annotations

from conformance.gate.against import Comparison, against
from conformance.gate.github import annotated
from conformance.gate.known import KINDS, KnownEntry, find, load_known, overdue, stale
from conformance.gate.update import Update, update
from conformance.gate.verdict import Judgement, exit_status, judge, problems

__all__ = [
    "KINDS",
    "Comparison",
    "Judgement",
    "KnownEntry",
    "Update",
    "against",
    "annotated",
    "exit_status",
    "find",
    "judge",
    "load_known",
    "overdue",
    "problems",
    "stale",
    "update",
]
