"""``python -m conformance.commands.pages.mutants``: print the kill matrix, fail if it has a hole."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from conformance.commands.mistakes import FILE, format_mistakes
from conformance.commands.pages.census import Census, census_lines, count_judged
from conformance.commands.pages.grid import collect_mistakes, lines, page
from conformance.commands.pages.matrix import kill_matrix
from conformance.commands.pages.power import powers
from conformance.operations import load_operations

_CENSUS = """## What is judged

The right answers of every check, spoilt one element at a time: by three bounds either
way, a number by NaN and NaN by a number, an infinity by the largest number and back, by
its sign, by zero, by another row's value.
Each spoilt answer fails, or its element is left open by one of the clauses of
[exactness.md](exactness.md#what-is-left-open).
NumPy's reference answers, torch's has the gradients; one generated batch for each law.
"""


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
@click.option(
    "--quick",
    is_flag=True,
    help="Stop where a law or case has caught one: the same verdict without the table.",
)
def main(
    operations: tuple[str, ...],
    frameworks: tuple[str, ...],
    *,
    workers: int,
    write: bool,
    quick: bool,
) -> None:
    """Run every mutant and print which laws and cases catch it."""
    if write and quick:
        msg = "--write needs the whole table; leave --quick out"
        raise click.UsageError(msg)
    matrix = kill_matrix(
        operations=operations, frameworks=frameworks, workers=workers, quick=quick
    )
    for line in lines(matrix):
        click.echo(line)
    census = count_judged(operations, frameworks)
    for line in census_lines(census):
        click.echo(line)
    if write:
        path = Path(__file__).parents[3] / "docs" / "mutants.md"
        chosen = operations or tuple(load_operations())
        sharp = {
            f"{name}.{law}": power
            for name in chosen
            for law, power in powers(name).items()
        }
        text = page(matrix, sharp) + "\n".join(["", _CENSUS, *census_lines(census)])
        path.write_text(text + "\n", encoding="utf-8")
        if not operations:
            FILE.write_text(format_mistakes(collect_mistakes(matrix)), encoding="utf-8")
    counted = sum(census.values(), Census())
    sys.exit(0 if matrix.sound and counted.sound else 1)


if __name__ == "__main__":
    main()
