"""`adapters`: the built-in adapters, a line each."""

from __future__ import annotations

import click

from conformance.commands.options import tell


@click.command("adapters")
def command() -> None:
    """List the built-in adapters."""
    from conformance.adapters.load import read_declarations

    for name, found in read_declarations().items():
        tell(f"{name:<22} {found.framework:<11} {found.summary}")
