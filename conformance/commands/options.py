"""The options that several commands share."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.errors import ResultError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.commands.formats import Display
    from conformance.run.process import Limits
    from conformance.specification.device import Placement
    from conformance.specification.selection import Selection

RESULTS = Path("reports/results")
REPORT = Path("reports")
FOUND = Path("reports/found")
PROBES = Path("reports/probe")

PATH: Any = click.Path(path_type=Path)

MOST = 2**53
"""The largest number that a record holds, as JSON does everywhere."""


class CountRange(click.IntRange):
    """A number of things, from some number up to what a record holds."""

    def __init__(self, least: int) -> None:
        super().__init__(least, MOST)


class Seconds(click.FloatRange):
    """A time that is a number: NaN would be no limit, since nothing is above it."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Refuse NaN and infinity."""
        found = super().convert(value, param, ctx)
        if not math.isfinite(found):
            self.fail(f"{value} is no time; 0 means no limit", param, ctx)
        return found


def tell(text: object, *, err: bool = False) -> None:
    """Print a text in which nothing is a command to a terminal or to a CI service.

    Verdicts are in colour on a terminal; the colours are ours, put in behind.
    """
    from conformance.commands.colour import paint_for
    from conformance.specification.plain import disarm

    stream = sys.stderr if err else sys.stdout
    click.echo(paint_for(disarm(str(text)), stream), err=err)


def warn(text: object) -> None:
    """Print what is wrong, as :func:`tell` does."""
    tell(text, err=True)


def complete_adapters(ctx: Any, param: Any, incomplete: str) -> list[Any]:
    """Return what completes an adapter's name in a shell: names and files."""
    del ctx, param
    from click.shell_completion import CompletionItem

    from conformance.adapters.load import read_declarations
    from conformance.adapters.published import list_published

    names = [n for n in (*read_declarations(), *list_published()) if ":" not in n]
    found = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return [*found, CompletionItem(incomplete, type="file")]


def name_adapter(given: str | None) -> str:
    """Return the adapter that a command names, or the project's one.

    Raises:
        UsageError: None is named, and the project has none or several.
    """
    if given:
        return given
    from conformance.run.project import read_project

    return read_project().need_adapter()


def need_packages(what: str, names: Sequence[str], extra: str = "run") -> None:
    """Refuse what cannot work where only the base dependencies are installed.

    Args:
        what: What needs them, as the message begins.
        names: The distributions.
        extra: The extra of this suite that has them.

    Raises:
        UsageError: One of them is not installed.
    """
    from conformance.adapters.installed import filter_missing

    missing = filter_missing(names)
    if missing:
        msg = (
            f"{what} needs {', '.join(missing)}; install them with "
            f'`pip install "mask-conformance[{extra}]"`'
        )
        raise UsageError(msg)


def view_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say how results are shown."""
    for option in (
        click.option(
            "--format",
            "form",
            type=click.Choice(("text", "json", "junit", "github", "sarif")),
            default="text",
            show_default=True,
            help="Form of the output; github adds the annotations of a job.",
        ),
        click.option(
            "--durations", type=CountRange(1), help="Show the slowest N checks."
        ),
        click.option("-v", "--verbose", is_flag=True, help="Show every check."),
        click.option(
            "-q",
            "--quiet",
            is_flag=True,
            help="Show one line per adapter and kind of failure.",
        ),
    ):
        command = option(command)
    return command


def read_view(options: Mapping[str, Any]) -> Display:
    """Return how to show results, from the values of :func:`view_options`.

    Raises:
        UsageError: Less and more are asked for at once.
    """
    from conformance.commands.formats import Display

    if options["quiet"] and options["verbose"]:
        msg = "got -q and -v, expected one of them; leave one out"
        raise UsageError(msg)
    return Display(
        form=options["form"],
        quiet=options["quiet"],
        verbose=options["verbose"],
        durations=options["durations"] or 0,
    )


def selection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that select checks."""
    for option in (
        click.option(
            "--corpus", help="Only cases and laws up to this version, e.g. 0.1.0."
        ),
        click.option(
            "-k",
            "keywords",
            help="Only checks whose id has these words: and, or, not, brackets.",
        ),
        click.option(
            "--check",
            "checks",
            multiple=True,
            help="Only checks whose id matches this glob (repeatable).",
        ),
        click.option(
            "--route",
            "routes",
            multiple=True,
            help="Only this route, e.g. eager or compiled (repeatable).",
        ),
        click.option(
            "--dtype",
            "dtypes",
            multiple=True,
            help="Only this dtype, e.g. float32 (repeatable).",
        ),
        click.option("--level", help="core, robust or extended (default: robust)."),
        click.option(
            "--operation",
            "operations",
            multiple=True,
            help="Only this operation, e.g. masked_mean (repeatable).",
        ),
    ):
        command = option(command)
    return command


def device_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that says where tensors, layers and weights are."""
    return click.option(
        "--device",
        default="",
        metavar="DEVICE",
        help="Run on cpu, cuda, cuda:N, gpu or mps (default: the framework's choice).",
    )(command)


def deterministic_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that asks for the framework's deterministic mode."""
    return click.option(
        "--deterministic",
        is_flag=True,
        help="Run in the framework's deterministic mode; the same bits are asked for "
        "there, as on a CPU.",
    )(command)


def limit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that limit the time and memory of a check."""
    for option in (
        click.option(
            "--memory",
            type=CountRange(0),
            default=0,
            help="Memory limit per process, in MiB (default: no limit).",
        ),
        click.option(
            "--timeout",
            type=Seconds(0),
            default=300.0,
            show_default=True,
            help="Time limit per check, in seconds; 0 means no limit.",
        ),
    ):
        command = option(command)
    return command


def read_selection(options: Mapping[str, Any]) -> Selection:
    """Return the selection from the values of :func:`selection_options`.

    Without a level, the project's counts, unless a check is named.

    Raises:
        UsageError: A name does not exist, or the project's table is wrong.
    """
    from conformance.run import catalogue
    from conformance.run.project import read_project

    names = ("operations", "dtypes", "routes", "checks", "corpus", "keywords")
    usual = "" if options["checks"] else read_project().level
    return catalogue.selection(
        level=options["level"] or usual, **{name: options[name] for name in names}
    )


def read_placement(options: Mapping[str, Any]) -> Placement:
    """Return the placement from the values of the options above.

    Raises:
        UsageError: There is no device of that name anywhere, or the project's table is
            wrong.
    """
    from conformance.run.project import read_project
    from conformance.specification.device import Placement, read_device

    device = options["device"] or read_project().device
    return Placement(
        device=read_device(device) if device else "",
        deterministic=options.get("deterministic", False),
    )


def read_limits(options: Mapping[str, Any]) -> Limits:
    """Return the limits from the values of :func:`limit_options`."""
    from conformance.run.process import Limits

    return Limits(seconds=options["timeout"], memory=options["memory"] * 2**20)


def refuse(refused: Sequence[str]) -> None:
    """Name the files that could not be read, and exit if there are any.

    Call it last: the files that could be read have been dealt with by then.
    """
    for text in refused:
        warn(f"error: {text}")
    if refused:
        sys.exit(ResultError.exit_status)
