"""The run record: JSON Lines, one file for each run of one adapter.

The first line is the header, then one line for each check, the last line the footer.
A file without footer is an incomplete run. Imports no NumPy and no framework, so that
any machine can read, merge and compare runs.
"""

from __future__ import annotations

from conformance.records.compare import Change, Changes, diff, merge
from conformance.records.describe import Description, describe
from conformance.records.files import Run, count_sound, read, read_header
from conformance.records.fold import Fold, Folds, fold, gist, name_cause
from conformance.records.protocol import Record
from conformance.records.record import (
    OUTCOMES,
    SCHEMA,
    SORTS,
    Array,
    Failure,
    Footer,
    Header,
    Known,
    Outcome,
    Result,
    Sort,
    Worst,
)
from conformance.records.stored import Stored, join, scan
from conformance.records.text import CheckId, number, parse_check
from conformance.records.writing import Writer, read_observed, renew, write
from conformance.specification.plain import clean

__all__ = [
    "OUTCOMES",
    "SCHEMA",
    "SORTS",
    "Array",
    "Change",
    "Changes",
    "CheckId",
    "Description",
    "Failure",
    "Fold",
    "Folds",
    "Footer",
    "Header",
    "Known",
    "Outcome",
    "Record",
    "Result",
    "Run",
    "Sort",
    "Stored",
    "Worst",
    "Writer",
    "clean",
    "count_sound",
    "describe",
    "diff",
    "fold",
    "gist",
    "join",
    "merge",
    "name_cause",
    "number",
    "parse_check",
    "read",
    "read_header",
    "read_observed",
    "renew",
    "scan",
    "write",
]
