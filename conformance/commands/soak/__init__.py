"""A long random search: chunks of fresh inputs, spread over processes by Dask."""

from __future__ import annotations

import sys
from typing import Any

import click

from conformance.commands.options import (
    FOUND,
    PATH,
    limit_options,
    read_limits,
    read_selection,
    selection_options,
)
from conformance.commands.soak.search import Search, soak

__all__ = ["Search", "soak"]


@click.command("soak")
@click.argument("adapter")
@selection_options
@click.option(
    "--rows",
    type=click.IntRange(1),
    default=10_000,
    show_default=True,
    help="Random rows per law.",
)
@click.option(
    "--chunk",
    type=click.IntRange(4),
    default=256,
    show_default=True,
    help="Rows per chunk; each chunk has its own seed.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Seed of the first chunk.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    help="Number of processes on this machine (default: one per core).",
)
@click.option(
    "--scheduler", help="Address of a Dask scheduler to use instead of local processes."
)
@click.option(
    "-o",
    "output",
    type=PATH,
    default=FOUND,
    show_default=True,
    help="Folder for the case files of what fails.",
)
@limit_options
def command(adapter: str, **options: Any) -> None:
    """Search many random rows for failures of ADAPTER.

    Dask spreads the search over processes. Results depend only on the seeds, not on the
    number of workers. Each failure is shrunk and saved as a case file.
    """
    own = ("rows", "chunk", "seed", "workers", "scheduler", "output")
    search = Search(reference=adapter, **{name: options[name] for name in own})
    sys.exit(soak(search, read_selection(options), read_limits(options), click.echo))
