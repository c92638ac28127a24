"""`checks`: what an adapter would be asked, one check id a line."""

from __future__ import annotations

from typing import Any

import click

from conformance.commands.options import (
    complete_adapters,
    name_adapter,
    read_selection,
    selection_options,
    tell,
)


@click.command("checks")
@click.argument("adapter", required=False, shell_complete=complete_adapters)
@selection_options
def command(adapter: str | None, **selected: Any) -> None:
    """List the checks of ADAPTER, one per line."""
    from conformance.run import catalogue
    from conformance.run.declare import declare

    found = declare(name_adapter(adapter))
    for check in catalogue.plan_checks(found, read_selection(selected)):
        reason = f"  unsupported: {check.unsupported}" if check.unsupported else ""
        tell(f"{check.id}  {check.clause}  {check.level}{reason}")
