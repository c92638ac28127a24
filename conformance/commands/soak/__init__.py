"""A long random search: chunks of fresh inputs, spread over processes by Dask."""

from __future__ import annotations

import sys
from typing import Any

import click

from conformance.commands.options import (
    FOUND,
    PATH,
    CountRange,
    Seconds,
    complete_adapters,
    device_option,
    limit_options,
    name_adapter,
    read_limits,
    read_placement,
    read_selection,
    selection_options,
    tell,
)
from conformance.commands.soak.search import Search, soak
from conformance.specification.shard import Shard

__all__ = ["Search", "soak"]


@click.command("soak")
@click.argument("adapter", required=False, shell_complete=complete_adapters)
@selection_options
@click.option(
    "--rows",
    type=CountRange(1),
    default=10_000,
    show_default=True,
    help="Random rows per law.",
)
@click.option(
    "--chunk",
    type=CountRange(4),
    default=256,
    show_default=True,
    help="Rows per chunk; each chunk has its own seed.",
)
@click.option(
    "--seed",
    type=CountRange(0),
    default=0,
    show_default=True,
    help="Seed of the first chunk.",
)
@click.option(
    "--minutes",
    type=Seconds(0),
    default=0.0,
    help="Search for this many minutes, instead of --rows.",
)
@click.option(
    "--continue",
    "resume",
    is_flag=True,
    help="Continue after the seeds that an earlier search has used.",
)
@click.option("--shard", help="Search only part K of N of the chunks, as K/N.")
@click.option(
    "--workers",
    type=CountRange(1),
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
@device_option
@limit_options
def command(adapter: str | None, **options: Any) -> None:
    """Search many random rows for failures of ADAPTER.

    Each chunk runs in a process of its own, on all cores or on a Dask cluster. Results
    depend only on the seeds, not on the number of workers. Each failure is shrunk and
    saved as a case file.
    """
    own = ("rows", "chunk", "seed", "minutes", "resume", "workers", "scheduler")
    given = {name: options[name] for name in (*own, "output")}
    shard = Shard.parse(options["shard"] or "1/1")
    placement, name = read_placement(options), name_adapter(adapter)
    search = Search(reference=name, shard=shard, placement=placement, **given)
    sys.exit(soak(search, read_selection(options), read_limits(options), tell))
