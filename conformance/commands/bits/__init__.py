"""`bits`: is a row's answer the same bits, whatever stands around it?

Rounding is not wrong, so this is no verdict: what differs by more than rounding is
judged by `run`. Functions are called in a process of their own, as a run's are.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from conformance.adapters.load import list_variants
from conformance.commands.bits.processes import ask_all
from conformance.commands.options import (
    PATH,
    Seconds,
    complete_adapters,
    deterministic_option,
    device_option,
    need_packages,
    read_placement,
    tell,
    warn,
)
from conformance.errors import ConformanceError, UsageError
from conformance.operations import load_operations
from conformance.records.bits import (
    QUESTIONS,
    BitsRow,
    BitsTable,
    read_bits,
    write_bits,
)
from conformance.report.bits import KEPT, say_answer
from conformance.run import catalogue
from conformance.run.declare import declare
from conformance.specification import DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conformance.specification.device import Placement
    from conformance.specification.selection import Selection

TABLES = Path("reports/bits.jsonl")
SECONDS = 120.0
"""How long one question may take: a compiler may need a minute for a shape."""

NAME, DTYPE, ANSWER = 26, 9, 9
"""Columns of the table that is printed."""


def measure(
    reference: str,
    asked: Selection,
    placement: Placement,
    seconds: float,
    say: Callable[[str], object],
) -> BitsTable:
    """Ask one adapter, and print each row as soon as it is known.

    Args:
        reference: The adapter, as the command line names it.
        asked: Its operations and dtypes; empty fields are all.
        placement: Where its tensors are.
        seconds: How long one question may take; 0 is for ever.
        say: Prints a line.

    Raises:
        UsageError: It cannot be loaded, offers nothing that was asked for, or there is
            no such device.
        IncompleteRunError: It ended its process while it was imported.
    """
    # Here, since it needs NumPy, which a machine that only reports may lack.
    from conformance.check.bits import list_bit_checks

    declaration = declare(reference)
    checks = list_bit_checks(declaration, asked)
    if not checks:
        msg = f"{reference}: offers none of what was asked for; see `checks`"
        raise UsageError(msg)
    say(f"{reference}, {len(checks)} rows, route {declaration.primary}")
    say(_line("", "", QUESTIONS))
    rows: list[BitsRow] = []

    def show(row: BitsRow) -> None:
        rows.append(row)
        say(_line(row.operation, row.dtype, map(say_answer, row.answers.values())))

    place = ask_all(
        reference,
        declaration,
        checks,
        placement=placement,
        seconds=seconds,
        show=show,
    )
    return BitsTable(
        adapter=declaration.name,
        system=declaration.system or declaration.name,
        device=place.device,
        route=declaration.primary,
        versions=place.versions,
        environment=place.environment,
        promised=place.promised,
        day=datetime.now(UTC).strftime("%Y-%m-%d"),
        rows=rows,
    )


def _line(operation: str, dtype: str, answers: Iterable[str]) -> str:
    cells = "".join(f"{text:>{ANSWER}}" for text in answers)
    return f"{operation:<{NAME}}{dtype:<{DTYPE}}{cells}".rstrip()


def combine(old: BitsTable | None, new: BitsTable) -> BitsTable:
    """Return a table with the rows of an older one that were not asked again.

    Rows of other releases are left out: a table is of one.
    """
    if old is None or (old.versions, old.route) != (new.versions, new.route):
        return new
    rows = {(row.variant, row.dtype): row for row in (*old.rows, *new.rows)}
    return msgspec.structs.replace(new, rows=sorted(rows.values(), key=_order))


def _order(row: BitsRow) -> tuple[int, int]:
    operations, dtypes = list(load_operations()), list(DTYPES)
    known = row.operation in operations, row.dtype in dtypes
    return (
        operations.index(row.operation) if known[0] else len(operations),
        dtypes.index(row.dtype) if known[1] else len(dtypes),
    )


@click.command("bits")
@click.argument("adapters", nargs=-1, required=True, shell_complete=complete_adapters)
@click.option(
    "--operation",
    "operations",
    multiple=True,
    help="Only this operation, e.g. masked_mean (repeatable).",
)
@click.option(
    "--dtype",
    "dtypes",
    multiple=True,
    help="Only this dtype, e.g. float32 (repeatable).",
)
@device_option
@deterministic_option
@click.option(
    "--timeout",
    type=Seconds(0),
    default=SECONDS,
    show_default=True,
    help="Time limit per question, in seconds; 0 means no limit.",
)
@click.option(
    "-o",
    "output",
    type=PATH,
    default=TABLES,
    show_default=True,
    help="File of the tables; what it has of others stays.",
)
def command(  # noqa: PLR0917 - click hands them over so
    adapters: tuple[str, ...],
    operations: tuple[str, ...],
    dtypes: tuple[str, ...],
    device: str,
    deterministic: bool,  # noqa: FBT001 - as above
    timeout: float,
    output: Path,
) -> None:
    """Measure whether a row's answer keeps its bits.

    A batch is asked twice, beside other rows, in another order, as part of a larger
    one, each row alone, and with more padding. `bits` is the same bits at all that
    counts; a number is the largest difference as a share of what both error bounds
    allow; beyond is more than that; - is where the exact answer is another one.
    """
    need_packages("bits", ("ml-dtypes", "numpy"))
    asked = catalogue.selection(operations=operations, dtypes=dtypes)
    placement = read_placement({"device": device, "deterministic": deterministic})
    read_bits(output)  # what cannot be added to is said before anything is measured
    status = 0
    for adapter in adapters:
        try:
            for reference in list_variants(adapter):
                table = measure(reference, asked, placement, timeout, tell)
                _add(table, output)
        except ConformanceError as error:
            # The others are measured all the same.
            warn(f"error: {error}")
            status = max(status, error.exit_status)
    sys.exit(status)


def _add(table: BitsTable, path: Path) -> None:
    tables = read_bits(path)
    old = next((each for each in tables if each.key == table.key), None)
    write_bits(path, [*tables, combine(old, table)])
    tell(f"{path}: {_summarise(table)}")


def _summarise(table: BitsTable) -> str:
    kept = sum(
        {each.kind for each in row.answers.values()} <= KEPT for row in table.rows
    )
    more = sum(
        any(each.kind == "beyond" for each in row.answers.values())
        for row in table.rows
    )
    text = f"{table.adapter} on {table.device}: {kept} of {len(table.rows)} rows keep"
    text += " their bits whatever stands around"
    return f"{text}; {more} beyond rounding, which `run` judges" if more else text
