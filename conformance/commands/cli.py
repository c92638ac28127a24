"""The command line: a module for each command, imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

import click

from conformance.errors import ConformanceError

NAMES = (
    "adapters",
    "checks",
    "diff",
    "explain",
    "gate",
    "known",
    "merge",
    "new-adapter",
    "report",
    "run",
    "smoke",
    "soak",
    "validate",
)
"""The commands; the module of one has its name, and the command is its `command`."""


class Commands(click.Group):
    """The group; its errors end with the status of the exception."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names, none of them imported."""
        del ctx
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or nothing where there is none of that name."""
        del ctx
        if cmd_name not in NAMES:
            return None
        module = import_module(f"conformance.commands.{cmd_name.replace('-', '_')}")
        return cast("click.Command", module.command)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and turn our exceptions into messages."""
        try:
            return super().invoke(ctx)
        except ConformanceError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_status)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mask-conformance")
def main() -> None:
    """Does padding change the answer? Check layers on padded sequences."""
