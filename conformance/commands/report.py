"""`report`: the page, and the compatibility table, from records."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from conformance.adapters.load import known_file, read_declarations
from conformance.commands.options import PATH, REPORT, RESULTS, refuse, tell
from conformance.errors import UsageError
from conformance.gate import KnownEntry, load_known
from conformance.records.bits import read_bits
from conformance.records.gather import Gathered, gather
from conformance.report import compatibility, write
from conformance.report.history import read_history
from conformance.run import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def report(
    paths: Sequence[Path],
    output: Path,
    history: Path | None = None,
    bits: Path | None = None,
) -> tuple[list[Path], Gathered]:
    """Write the report of some records; return what was written, and of what.

    Raises:
        UsageError: There is no such history, or no such tables of bits.
    """
    for option, path in (("history", history), ("bits", bits)):
        if path is not None and not path.is_file():
            msg = f"--{option} {path}: no such file; give reports/{option}.jsonl"
            raise UsageError(msg)
    found = gather(paths)
    texts = {clause.id: clause.text for clause in catalogue.all_clauses().values()}
    written = write(
        found.runs,
        output,
        generated=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        clauses=texts,
        refused=found.refused,
        releases=read_history(history) if history else (),
        bits=read_bits(bits) if bits else (),
    )
    return written, found


def publish(paths: Sequence[Path], path: Path) -> Path:
    """Put the compatibility table of some records into a Markdown file.

    Reasons are those of the built-in adapters: what else a record names is somebody
    else's, and is never looked for.
    """
    ours = read_declarations()
    runs = gather(paths).runs
    known: dict[str, Sequence[KnownEntry]] = {}
    for run in runs:
        declaration = ours.get(run.header.adapter)
        if declaration is not None:
            known[run.header.adapter] = load_known(known_file(declaration))
    compatibility(runs, known, path)
    return path


@click.command("report")
@click.argument("results", nargs=-1, type=PATH)
@click.option(
    "-o",
    "output",
    type=PATH,
    default=REPORT,
    show_default=True,
    help="Folder for the report.",
)
@click.option(
    "--table",
    type=PATH,
    help="Also write the compatibility table into this Markdown file.",
)
@click.option(
    "--history",
    type=PATH,
    help="Show in the page since which release a cause is there: a history.jsonl.",
)
@click.option(
    "--bits",
    type=PATH,
    help="Show in the page whether rows keep their bits: what `bits` wrote.",
)
def command(
    results: tuple[Path, ...],
    output: Path,
    table: Path | None,
    history: Path | None,
    bits: Path | None,
) -> None:
    """Write the report from records.

    Write index.html, summary.md, matrix.svg and badges/. RESULTS are record files or
    folders of them (default: reports/results).
    """
    given = results or (RESULTS,)
    written, found = report(given, output, history, bits)
    for path in written:
        tell(path)
    if table is not None:
        tell(publish(given, table))
    refuse(found.complaints)
