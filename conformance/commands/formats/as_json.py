"""Runs as one JSON object, for scripts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from conformance.commands.formats.findings import find, tame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.gate import Judgement
    from conformance.records import Record

SCHEMA = 1
"""Version of the object; a field that goes or changes its meaning raises it."""


def write_json(
    judged: Sequence[tuple[Record, Judgement]], errors: Sequence[str], status: int
) -> str:
    """Return runs as JSON, indented."""
    whole = {
        "schema": SCHEMA,
        "status": status,
        "errors": [tame(text) for text in errors],
        "runs": [_write_run(run, each) for run, each in judged],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False)


def _write_run(run: Record, judgement: Judgement) -> dict[str, Any]:
    header = run.header
    failures = []
    for result in judgement.new:
        found = find(run, result)
        failures.append(
            {
                "check": found.check,
                "outcome": found.outcome,
                "message": found.message,
                "clause": found.clause,
                "diagnosis": found.diagnosis,
                "file": found.file,
                "line": found.line,
                "command": found.command,
                "ms": found.ms,
            }
        )
    return {
        "adapter": tame(header.adapter),
        "framework": tame(header.framework),
        "versions": {tame(name): tame(each) for name, each in header.versions.items()},
        "level": header.level,
        "record": tame(str(run.path)),
        "complete": not judgement.incomplete,
        "problems": [tame(text) for text in judgement.problems],
        "counts": dict(run.counts),
        "known": len(judgement.known) + judgement.more_known,
        "new": len(judgement.new) + judgement.more,
        "stale": [tame(text) for text in judgement.stale],
        "failures": failures,
    }
