"""`python -m conformance.commands.models sweep LIBRARY ...`, `write` and `check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from conformance.commands.models import page, summary, times
from conformance.commands.models.library import read_libraries
from conformance.commands.models.sweep import SweepSettings, sweep
from conformance.commands.options import PATH
from conformance.errors import ConformanceError, UnknownNameError
from conformance.records import read
from conformance.specification.shard import Shard

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.records import Result


@click.group()
def main() -> None:
    """Probe what `models/` lists, and write docs/models.md of it."""


@main.command("sweep")
@click.argument("names", nargs=-1, required=True)
@click.option("-o", "output", type=PATH, default="reports/models", show_default=True)
@click.option("-n", "workers", type=click.IntRange(1), default=2, show_default=True)
@click.option("--shard", default="1/1", help="Probe the K-th of N parts: K/N.")
@click.option("--resume", is_flag=True, help="Leave alone what has been probed.")
@click.option("--quick", is_flag=True, help="Probe only the targets of the gate.")
@click.option("--strict", is_flag=True, help="Exit with 1 where a leak is not known.")
@click.option("--target", "targets", multiple=True, help="Probe only this one.")
def sweep_library(  # noqa: PLR0917 - one for each option
    names: tuple[str, ...],
    output: Path,
    workers: int,
    shard: str,
    resume: bool,  # noqa: FBT001 - click calls it by name
    quick: bool,  # noqa: FBT001
    strict: bool,  # noqa: FBT001
    targets: tuple[str, ...],
) -> None:
    """Probe the targets of libraries."""
    libraries = read_libraries()
    for name in names:
        if name not in libraries:
            kind = "library of models/"
            raise UnknownNameError(kind, name, libraries)
    settings = SweepSettings(
        output=output,
        workers=workers,
        shard=Shard.parse(shard),
        resume=resume,
        quick=quick,
        only=targets,
    )
    records = [
        path for name in names for path in sweep(libraries[name], settings, click.echo)
    ]
    new = [each for path in records for each in read(path).results if _is_new(each)]
    for each in new if strict else ():
        click.echo(f"new: {each.check}: {each.message}", err=True)
    sys.exit(1 if strict and new else 0)


def _is_new(result: Result) -> bool:
    """Tell whether a result is bad and nobody has recorded it."""
    return result.outcome in {"failed", "errored"} and result.known is None


@main.command("write")
@click.option("-o", "output", type=PATH, default="reports/models", show_default=True)
def write_page(output: Path) -> None:
    """Write models/results.jsonl from the records there are, and docs/models.md."""
    old = {(line.library, line.target): line for line in summary.read_lines()}
    took = {each.library: each for each in times.read_times()}
    for name, library in read_libraries().items():
        folder = output / name.replace(":", ".")
        if folder.is_dir():
            old = {key: line for key, line in old.items() if key[0] != name}
            found = summary.summarize(library, folder)
            old |= {(name, line.target): line for line in found}
            if time := times.find_time(folder):
                took[name] = time
    times.write_times(took[name] for name in sorted(took))
    summary.write_lines(old[key] for key in sorted(old))
    page.write()


@main.command("check")
def check_page() -> None:
    """Exit with 1 where docs/models.md is not what the last sweep gave."""
    if not page.is_current():
        text = "differs from models/results.jsonl; run `write`"
        click.echo(f"{page.FILE}: {text}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    try:
        main()
    except ConformanceError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(error.exit_status)
