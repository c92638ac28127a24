"""`diff`: how two runs differ, check by check."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from conformance import records
from conformance.commands.options import PATH, refuse, tell
from conformance.records.gather import Gathered, gather
from conformance.report import changes
from conformance.specification.disk import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conformance.records import Stored


def diff(old: Path, new: Path, form: str) -> tuple[str, tuple[str, ...]]:
    """Return how the records in two files or folders differ, and what was not read.

    Adapters are paired by name, two single records whatever their names. Of several
    runs of one adapter the last that was started counts.
    """
    before, after = gather([old]), gather([new])
    pairs = _pairs(_last(before), _last(after))
    if form == "text":
        text = changes.as_text(pairs)
    elif form == "markdown":
        text = changes.as_markdown(pairs)
    else:
        text = changes.as_page(pairs, datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"))
    return text, (*before.complaints, *after.complaints)


def _last(found: Gathered) -> dict[str, Stored]:
    return {run.header.adapter: run for run in found.runs}


def _pairs(old: Mapping[str, Stored], new: Mapping[str, Stored]) -> list[changes.Pair]:
    if len(old) == len(new) == 1 and set(old) != set(new):
        name = " and ".join((*old, *new))
        old, new = (
            dict.fromkeys([name], *old.values()),
            dict.fromkeys([name], *new.values()),
        )
    made = []
    for name in sorted({*old, *new}):
        was, now = old.get(name), new.get(name)
        found = records.diff(was, now) if was and now else None
        made.append(changes.Pair(name=name, old=was, new=now, difference=found))
    return sorted(made, key=lambda pair: (not pair.kinds, pair.name))


@click.command("diff")
@click.argument("old", type=PATH)
@click.argument("new", type=PATH)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "markdown", "html")),
    default="text",
    show_default=True,
    help="Format of the output.",
)
@click.option(
    "-o", "output", type=PATH, help="Write to this file instead of standard output."
)
def command(old: Path, new: Path, form: str, output: Path | None) -> None:
    """Compare two sets of records, check by check.

    List new, fixed, changed, added and removed checks. OLD and NEW are record files or
    folders of them. Adapters are paired by name, checks by id.
    """
    text, refused = diff(old, new, form)
    if output is not None:
        write_text(output, text.rstrip("\n") + "\n")
    if output is None and form == "html":
        click.echo(text)  # a page, which has escaped what others say
    else:
        tell(text if output is None else output)
    refuse(refused)
