"""Options that several commands have, and what they come to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.errors import ResultError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.run.process import Limits
    from conformance.specification.selection import Selection

RESULTS = Path("reports/results")
REPORT = Path("reports")
FOUND = Path("reports/found")

PATH: Any = click.Path(path_type=Path)


def selection_options(command: Callable[..., None]) -> Callable[..., None]:
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


def limit_options(command: Callable[..., None]) -> Callable[..., None]:
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


def read_selection(options: Mapping[str, Any]) -> Selection:
    """Return the selection that :func:`selection_options` were given.

    Raises:
        UsageError: A name does not exist.
    """
    from conformance.run import catalogue

    names = ("level", "operations", "dtypes", "routes", "checks", "corpus")
    return catalogue.selection(**{name: options[name] for name in names})


def read_limits(options: Mapping[str, Any]) -> Limits:
    """Return the limits that :func:`limit_options` were given."""
    from conformance.run.process import Limits

    return Limits(seconds=options["timeout"], memory=options["memory"] * 2**20)


def refuse(refused: Sequence[str]) -> None:
    """Say which files were not read, and end; what could be read is done by then."""
    for text in refused:
        click.echo(f"error: {text}", err=True)
    if refused:
        sys.exit(ResultError.exit_status)
