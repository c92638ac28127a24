"""`known`: an adapter's recorded differences, listed or fitted to a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from conformance import gate as gates
from conformance import records
from conformance.adapters.load import known_file
from conformance.commands.options import (
    PATH,
    RESULTS,
    complete_adapters,
    name_adapter,
    tell,
)
from conformance.errors import ResultError
from conformance.records import clean
from conformance.run import catalogue
from conformance.run.declare import declare
from conformance.run.project import read_project
from conformance.specification.disk import is_there
from conformance.specification.selection import Selection

if TYPE_CHECKING:
    from pathlib import Path


def known(reference: str, path: Path | None, folder: Path, *, update: bool) -> str:
    """List an adapter's known differences, or fit them to its last record."""
    declaration = declare(reference)
    file = read_project().choose_known(reference) or known_file(declaration)
    if not update:
        entries = gates.load_known(file)
        today = datetime.now(UTC).date()
        lines = [
            clean(f"{', '.join(e.checks)}: {e.reason} {e.url}".strip()) for e in entries
        ]
        lines += [
            f"OVERDUE {complaint}"
            for e in entries
            for complaint in gates.find_overdue([replace(e, versions=())], {}, today)
        ]
        return "\n".join(lines) or f"{file}: no known differences"
    record = path or folder / f"{declaration.name.replace(':', '-')}.jsonl"
    if not is_there(record):
        msg = f"{record}: no such record; run `mask-conformance run {reference}` first"
        raise ResultError(msg)
    every = catalogue.plan_checks(declaration, Selection(level="extended"))
    changed = gates.update(
        file, records.read(record), planned=[check.id for check in every]
    )
    lines = [f"{file}: {len(changed.kept)} entries kept"]
    lines += [f"dropped, no longer holds: {pattern}" for pattern in changed.dropped]
    lines += [
        f"added; give it a reason and a url: {', '.join(entry.checks)}"
        for entry in changed.added
    ]
    return "\n".join(lines)


@click.command("known")
@click.argument("adapter", required=False, shell_complete=complete_adapters)
@click.option("--update", is_flag=True, help="Rewrite the file to match the record.")
@click.option(
    "--results",
    type=PATH,
    help="The record to use (default: the adapter's in reports/results).",
)
def command(adapter: str | None, *, update: bool, results: Path | None) -> None:
    """List or update the known differences of ADAPTER."""
    tell(known(name_adapter(adapter), results, RESULTS, update=update))
