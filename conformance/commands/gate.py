"""`gate`: what records mean for a build, as text and an exit status."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from conformance import gate as gates
from conformance.commands.options import PATH, RESULTS
from conformance.commands.terminal import complaints, summary
from conformance.records.gather import gather

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.records import Record


def gate(
    paths: Sequence[Path], old: Path | None = None, *, github: bool = False
) -> tuple[str, int]:
    """Return what stored records mean, and the exit status.

    Args:
        paths: Records, or folders of them.
        old: The records of an older run: then only what changed matters.
        github: Whether to say what is new as annotations of a GitHub job too.
    """
    found = gather(paths)
    if old is not None:
        return _against(found.runs, gather([old]).runs, github=github)
    parts = [f"error: {text}" for text in found.complaints]
    parts += [
        f"{run.header.adapter}:{text}"
        for run in found.runs
        if (text := complaints(run))
    ]
    status = gates.exit_status([gates.judge(run) for run in found.runs])
    parts += gates.annotated(found.runs) if github else []
    return "\n\n".join([*parts, summary(found.runs)]), max(status, found.status)


def _against(
    runs: Sequence[Record], old: Sequence[Record], *, github: bool
) -> tuple[str, int]:
    found = gates.against(runs, old)
    lines = [f"{each.run.header.adapter}:\n{each}" for each in found]
    if github:
        new = [(each.run, result) for each in found for result in each.new]
        lines += gates.annotated([], new)
    return "\n\n".join(lines), max(each.status for each in found)


@click.command("gate")
@click.argument("results", nargs=-1, type=PATH)
@click.option(
    "--against",
    type=PATH,
    help="Records of an older run: judge only what is new or fixed since then.",
)
@click.option(
    "--github", is_flag=True, help="Also annotate the GitHub job with what is new."
)
def command(results: tuple[Path, ...], *, against: Path | None, github: bool) -> None:
    """Judge records; the exit status is for CI.

    New failures, stale known entries and incomplete runs fail. RESULTS are record files
    or folders of them (default: reports/results).
    """
    text, status = gate(results or (RESULTS,), against, github=github)
    click.echo(text)
    sys.exit(status)
