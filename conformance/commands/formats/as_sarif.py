"""New failures as SARIF 2.1.0, which code scanning and editors show at the line.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from conformance.adapters.installed import suite_version
from conformance.commands.formats.findings import FailedCheck, find, tame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.gate import Judgement
    from conformance.records import Record

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def write_sarif(
    judged: Sequence[tuple[Record, Judgement]], errors: Sequence[str], status: int
) -> str:
    """Return the new failures of runs as SARIF; a clause is a rule."""
    found = [
        (run.header.adapter, find(run, result))
        for run, each in judged
        for result in each.new
    ]
    problems = [
        *errors,
        *(text for _, each in judged for text in (*each.problems, *each.stale)),
    ]
    clauses = sorted({each.clause for _, each in found if each.clause})
    whole = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "mask-conformance",
                        "version": suite_version(),
                        "rules": [{"id": clause} for clause in clauses],
                    }
                },
                "results": [_write_result(name, each) for name, each in found],
                "invocations": [_write_invocation(problems, status)],
            }
        ],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False)


def _write_result(adapter: str, found: FailedCheck) -> dict[str, Any]:
    region = {"region": {"startLine": found.line}} if found.line else {}
    return {
        "ruleId": found.clause or found.check,
        "level": "error",
        "message": {"text": f"{found.check}: {found.text}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _write_uri(found.file)},
                    **region,
                }
            }
        ],
        "partialFingerprints": {"check/v1": f"{tame(adapter)}/{found.check}"},
    }


def _write_uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _write_invocation(problems: Sequence[str], status: int) -> dict[str, Any]:
    notes = [{"level": "error", "message": {"text": tame(each)}} for each in problems]
    return {
        "executionSuccessful": not problems,
        "exitCode": status,
        **({"toolExecutionNotifications": notes} if notes else {}),
    }
