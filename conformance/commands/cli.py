"""The command line: parse, call, print; no logic."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.errors import ConformanceError, ResultError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RESULTS = Path("reports/results")
REPORT = Path("reports")
FOUND = Path("reports/found")


class Commands(click.Group):
    """The group; its errors end with the status of the exception."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and turn our exceptions into messages."""
        try:
            return super().invoke(ctx)
        except ConformanceError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_status)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mask-conformance")
def main() -> None:
    """Does padding change the answer? Check layers on padded sequences."""


def _selection(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that select checks."""
    for option in (
        click.option("--corpus", help="Only cases and laws of this version, as 0.1.0."),
        click.option("--check", "checks", multiple=True, help="Check id or glob."),
        click.option("--route", "routes", multiple=True, help="eager or compiled."),
        click.option("--dtype", "dtypes", multiple=True, help="Such as float32."),
        click.option("--level", help="core, robust (default) or extended."),
        click.option("--operation", "operations", multiple=True, help="Its name."),
    ):
        command = option(command)
    return command


def _limits(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how far a check may go."""
    for option in (
        click.option(
            "--memory",
            type=click.IntRange(0),
            default=0,
            help="MiB that a process may hold; by default any.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(0),
            default=300.0,
            show_default=True,
            help="Seconds for each check; 0 is for ever.",
        ),
    ):
        command = option(command)
    return command


@main.command()
def adapters() -> None:
    """List the built-in adapters."""
    from conformance.adapters.load import read_declarations

    for name, found in read_declarations().items():
        click.echo(f"{name:<22} {found.framework:<11} {found.summary}")


@main.command()
@click.argument("adapter")
@_selection
def checks(adapter: str, **selected: Any) -> None:
    """List an adapter's checks, one id a line."""
    from conformance.adapters.load import read_declaration
    from conformance.run import catalogue

    found = read_declaration(adapter)
    for check in catalogue.planned(found, catalogue.selection(**selected)):
        reason = f"  unsupported: {check.unsupported}" if check.unsupported else ""
        click.echo(f"{check.id}  {check.clause}  {check.level}{reason}")


@main.command()
@click.argument("clause_or_check")
def explain(clause_or_check: str) -> None:
    """Say what a clause asks for, why, which mistakes it catches, and show a case."""
    from conformance.commands.explain import explained

    click.echo(explained(clause_or_check))


@main.command()
@click.argument("adapters", nargs=-1)
@click.option("-o", "output", type=Path, default=RESULTS, show_default=True)
@_selection
@click.option("--examples", type=click.IntRange(1), help="Generated rows per law.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--explore", type=click.IntRange(0), default=0, help="Further examples.")
@click.option("-n", "parts", type=click.IntRange(1, 256), default=1, help="Processes.")
@click.option("--shard", help="K/N: only that part of the checks; see merge.")
@click.option("--resume", is_flag=True, help="Go on where an earlier run ended.")
@_limits
def run(adapters: tuple[str, ...], output: Path, **options: Any) -> None:
    """Run the checks of ADAPTERS, each in a process of its own.

    An adapter is a built-in one's name, a file, or package.module:object. Without any,
    every built-in adapter runs whose framework is installed.
    """
    from conformance.commands.run import run as run_adapters

    sys.exit(run_adapters(adapters, output, options, click.echo))


@main.command()
@click.argument("results", nargs=-1, type=click.Path(path_type=Path))
@click.option("-o", "output", type=Path, default=REPORT, show_default=True)
@click.option(
    "--table", type=Path, help="Put the compatibility table into this Markdown file."
)
def report(results: tuple[Path, ...], output: Path, table: Path | None) -> None:
    """Write index.html, summary.md, matrix.svg and badges from RESULTS."""
    from conformance.commands import report as command

    given = results or (RESULTS,)
    written, found = command.report(given, output)
    for path in written:
        click.echo(path)
    if table is not None:
        click.echo(command.publish(given, table))
    _refuse(found.complaints)


@main.command()
@click.argument("results", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    help="Records of an older run: only what is new or fixed since matters.",
)
@click.option("--github", is_flag=True, help="Annotate a GitHub job with what is new.")
def gate(results: tuple[Path, ...], *, against: Path | None, github: bool) -> None:
    """Judge stored RESULTS: new failures, stale entries, incomplete runs."""
    from conformance.commands import gate as command

    text, status = command.gate(results or (RESULTS,), against, github=github)
    click.echo(text)
    sys.exit(status)


@main.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "markdown", "html")),
    default="text",
    show_default=True,
    help="How to write it.",
)
@click.option("-o", "output", type=Path, help="Write to this file.")
def diff(old: Path, new: Path, form: str, output: Path | None) -> None:
    """Compare records by check id: new, fixed, changed, added, removed.

    OLD and NEW are record files, or folders of them, whose adapters are paired by name.
    """
    from conformance.commands import diff as command

    text, refused = command.diff(old, new, form)
    _put(text, output)
    _refuse(refused)


def _put(text: str, output: Path | None) -> None:
    """Print a text, or write it to a file and print its name."""
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text.rstrip("\n") + "\n", encoding="utf-8", newline="\n")
    click.echo(text if output is None else output)


def _refuse(refused: Sequence[str]) -> None:
    """Say which files were not read; what could be read is done by then."""
    for text in refused:
        click.echo(f"error: {text}", err=True)
    if refused:
        sys.exit(ResultError.exit_status)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def validate(files: tuple[Path, ...]) -> None:
    """Hold case FILES, known differences and records to their formats."""
    from conformance.commands.validate import validate as validate_files

    lines, status = validate_files(files)
    click.echo("\n".join(lines))
    sys.exit(status)


@main.command("new-adapter")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--framework", required=True, help="numpy, torch, tensorflow or jax.")
def new_adapter(path: Path, framework: str) -> None:
    """Write a commented adapter to PATH, for you to fill in."""
    from conformance.commands.new_adapter import new_adapter as write_adapter

    click.echo(write_adapter(path, framework))


@main.command()
@click.argument("adapter")
def smoke(adapter: str) -> None:
    """Say what is wrong with ADAPTER itself, before any verdict counts."""
    from conformance.commands.smoke import smoke as try_adapter

    sys.exit(try_adapter(adapter, click.echo))


@main.command()
@click.argument("adapter")
@_selection
@click.option(
    "--rows",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="Rows for each law.",
)
@click.option(
    "--chunk",
    type=click.IntRange(4),
    default=256,
    show_default=True,
    help="Rows of a chunk, which has a seed of its own.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="The first chunk's seed.",
)
@click.option("--workers", type=click.IntRange(1), help="Processes on this machine.")
@click.option("--scheduler", help="Address of a Dask scheduler to use instead.")
@click.option("-o", "output", type=Path, default=FOUND, show_default=True)
@_limits
def soak(adapter: str, **options: Any) -> None:
    """Search ROWS random rows for each law of ADAPTER, spread by Dask.

    The same seeds find the same, whatever the number of workers. What is found is made
    as small as it can be, and saved as case files.
    """
    from conformance.commands.soak import Search, soak

    own = ("rows", "chunk", "seed", "workers", "scheduler", "output")
    search = Search(reference=adapter, **{name: options.pop(name) for name in own})
    sys.exit(soak(search, options, click.echo))


@main.command()
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "output", type=Path, required=True, help="The one record.")
def merge(results: tuple[Path, ...], output: Path) -> None:
    """Put the shards of one run together; the status is 3 if one is missing."""
    from conformance.commands import merge as command

    text, status = command.merge(results, output)
    click.echo(text)
    sys.exit(status)


@main.command()
@click.argument("adapter")
@click.option("--update", is_flag=True, help="Write the file again to fit the record.")
@click.option("--results", type=click.Path(path_type=Path), help="The record.")
def known(adapter: str, *, update: bool, results: Path | None) -> None:
    """List an adapter's known differences, or write them again after a run."""
    from conformance.commands import known as command

    click.echo(command.known(adapter, results, RESULTS, update=update))
