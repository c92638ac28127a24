"""`merge`: the shards of one run as one record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from conformance import records
from conformance.commands.options import PATH, tell
from conformance.errors import IncompleteRunError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def merge(paths: Sequence[Path], output: Path) -> tuple[str, int]:
    """Write the shards of one run as one record; return what came of it."""
    whole = records.merge([records.read(path) for path in paths])
    records.write(whole, output)
    lines = [f"{output}: {len(whole.results)} of {whole.header.planned} checks"]
    lines += [f"INCOMPLETE: {problem}" for problem in whole.problems]
    return "\n".join(lines), 0 if whole.complete else IncompleteRunError.exit_status


@click.command("merge")
@click.argument("results", nargs=-1, required=True, type=PATH)
@click.option(
    "-o", "output", type=PATH, required=True, help="File for the merged record."
)
def command(results: tuple[Path, ...], output: Path) -> None:
    """Merge the records of the shards of one run into one.

    The exit status is 3 if a shard is missing.
    """
    text, status = merge(results, output)
    tell(text)
    sys.exit(status)
