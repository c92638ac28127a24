"""``python -m conformance.commands.pages.mutants``: print the kill matrix, fail if it has a hole."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from conformance.commands.mistakes import FILE, format_mistakes
from conformance.commands.pages.grid import lines, page, published
from conformance.commands.pages.matrix import kill_matrix
from conformance.commands.pages.power import powers
from conformance.operations import load_operations


@click.command()
@click.option("--operation", "operations", multiple=True, help="Only this operation.")
@click.option(
    "--framework",
    "frameworks",
    multiple=True,
    default=("numpy", "torch", "jax"),
    show_default=True,
    type=click.Choice(("numpy", "torch", "jax")),
    help="Run on this framework, where it is installed.",
)
@click.option(
    "-n",
    "--workers",
    default=os.cpu_count() or 1,
    show_default="the machine's cores",
    type=click.IntRange(1),
    help="Processes that share the operations.",
)
@click.option(
    "--write",
    is_flag=True,
    help="Write docs/mutants.md and the data that `explain` reads.",
)
def main(
    operations: tuple[str, ...],
    frameworks: tuple[str, ...],
    *,
    workers: int,
    write: bool,
) -> None:
    """Run every mutant and print which laws and cases catch it."""
    matrix = kill_matrix(operations=operations, frameworks=frameworks, workers=workers)
    for line in lines(matrix):
        click.echo(line)
    if write:
        path = Path(__file__).parents[3] / "docs" / "mutants.md"
        chosen = operations or tuple(load_operations())
        sharp = {
            f"{name}.{law}": power
            for name in chosen
            for law, power in powers(name).items()
        }
        path.write_text(page(matrix, sharp), encoding="utf-8")
        if not operations:
            FILE.write_text(format_mistakes(published(matrix)), encoding="utf-8")
    sys.exit(0 if matrix.sound else 1)


if __name__ == "__main__":
    main()
