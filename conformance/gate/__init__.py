"""Known differences, what is new and what is fixed, and the exit status.

Known differences stand in a TOML file beside the adapter and are strict: an entry that
matches nothing, passes, or fails in another way is a complaint, so that the file never
says less or more than the adapter does. Imports no NumPy and no framework.
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
