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
@click.option("-o", "output", type=PATH, default=FOUND, show_default=True)
@limit_options
def command(adapter: str, **options: Any) -> None:
    """Search ROWS random rows for each law of ADAPTER, spread by Dask.

    The same seeds find the same, whatever the number of workers. What is found is made
    as small as it can be, and saved as case files.
    """
    own = ("rows", "chunk", "seed", "workers", "scheduler", "output")
    search = Search(reference=adapter, **{name: options[name] for name in own})
    sys.exit(soak(search, read_selection(options), read_limits(options), click.echo))
