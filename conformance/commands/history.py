"""`python -m conformance.commands.history add RECORDS ...`, `write` and `check`.

`nox -s "history(ADAPTER)"` runs an adapter on several releases and adds each record to
reports/history.jsonl; docs/history.md is made of that file alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.commands.options import PATH, refuse
from conformance.errors import ConformanceError
from conformance.records.gather import gather
from conformance.report.grid import show_mark
from conformance.report.history import (
    Timeline,
    read_history,
    summarize,
    timelines,
    write_history,
)
from conformance.report.markdown import escape
from conformance.report.signs import SIGNS
from conformance.specification.disk import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.report.history import Line

ROOT = Path(__file__).parents[2]
FILE = ROOT / "reports" / "history.jsonl"
PAGE = ROOT / "docs" / "history.md"

HEAD = """# Since when?

Which release brought a difference, and which took it away?
Each system below was run on several releases of its library, the oldest on the left; where the library allows it, everything else is the same, so that what changes is the library's doing.
"or before" means that the oldest release that was tried has it already; between two that were tried there are others, and a cause may have come or gone in one of them.

`nox -s "history(ADAPTER)"` runs the releases that the head of an adapter lists, each in an environment of its own, and adds what came out to `reports/history.jsonl`.
`python -m conformance.commands.history write` makes this page of that file alone; a test keeps the two equal.
Only causes at the level that is named are here: {levels}.
"""


@click.group()
def main() -> None:
    """Keep what several releases of a library do, and write docs/history.md of it."""


@main.command("add")
@click.argument("records", nargs=-1, required=True, type=PATH)
@click.option("--history", "path", type=PATH, default=FILE, show_default="checkout's")
def add_records(records: tuple[Path, ...], path: Path) -> None:
    """Add what records come to; a run of the same release is replaced."""
    found = gather(records)
    new = summarize(found.runs)
    write_history(path, [*read_history(path), *new])
    for each in new:
        count = len(each.troubles)
        causes = f"{count} cause{'' if count == 1 else 's'}"
        what = f"{each.library} {each.version}: {each.problem or causes}"
        click.echo(f"{path}: {each.adapter} on {what}")
    refuse(found.complaints)


@main.command("join")
@click.argument("others", nargs=-1, required=True, type=PATH)
@click.option("--history", "path", type=PATH, default=FILE, show_default="checkout's")
def join_histories(others: tuple[Path, ...], path: Path) -> None:
    """Add the releases of other histories that this one has not."""
    more = [each for other in others for each in read_history(other)]
    # What is in the file stands: it was made with this version of the suite.
    write_history(path, [*more, *read_history(path)])


@main.command("write")
def write_page() -> None:
    """Write docs/history.md."""
    write_text(PAGE, text())


@main.command("check")
def check_page() -> None:
    """Exit with 1 where docs/history.md is not what the history says."""
    if read_text(PAGE) != text():
        click.echo(f"{PAGE}: differs from {FILE}; run `write`", err=True)
        sys.exit(1)


def text() -> str:
    """Return the page as Markdown."""
    found = timelines(read_history(FILE))
    levels = sorted({each.level for each in found})
    parts = [HEAD.format(levels=" and ".join(levels)), *_changes(found), _legend()]
    for each in found:
        parts += [f"## {escape(each.system)}: `{each.adapter}`", "", *_section(each)]
    return "\n".join(parts).rstrip() + "\n"


def _changes(found: Sequence[Timeline]) -> list[str]:
    """Return what some release brought or took away, a row for each cause."""
    rows = [
        f"| {escape(each.system)} | `{line.operation}` | {escape(line.title)} "
        f"| {escape(line.since)} | {escape(line.until) or 'still there'} |"
        for each in found
        for line in each.changed
    ]
    if not rows:
        return ["No release of those that were tried brought or took away a cause.", ""]
    return [
        "## What changed between releases",
        "",
        "| system | operation | cause | since | until |",
        "| --- | --- | --- | --- | --- |",
        *rows,
        "",
    ]


def _legend() -> str:
    names = ("wrong", "nan", "raises", "shape", "padding", "digits", "right")
    told = ", ".join(f"{SIGNS[name].glyph} {SIGNS[name].word}" for name in names)
    hidden = "something else fails first, or it is not offered"
    return f"{told}; in brackets: on unusual input only; ·: not known, {hidden}.\n"


def _section(each: Timeline) -> list[str]:
    """Return one system: a line for each cause, a column for each release."""
    told = [f"Level {each.level}, on {escape(each.setting)}.", ""]
    told += [f"- {escape(problem)}" for problem in each.problems]
    if not each.lines:
        releases = escape(", ".join(each.heads))
        return [*told, f"Nothing differs in {releases}.", ""]
    heads = " | ".join(map(escape, each.heads))
    return [
        *told,
        f"| operation | cause | {heads} | since | until |",
        f"| --- | --- |{' :---: |' * len(each.heads)} --- | --- |",
        *map(_row, each.lines),
        "",
    ]


def _row(line: Line) -> str:
    cells = " | ".join(map(show_mark, line.marks))
    ends = f"{escape(line.since)} | {escape(line.until)}".rstrip()
    return f"| `{line.operation}` | {escape(line.title)} | {cells} | {ends} |"


if __name__ == "__main__":
    try:
        main()
    except ConformanceError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_status)
