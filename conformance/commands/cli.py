"""The command line: one module per command, imported on use."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

import click

from conformance.commands.options import warn
from conformance.errors import ConformanceError

NAMES = (
    "adapters",
    "bits",
    "checks",
    "diff",
    "explain",
    "gate",
    "known",
    "merge",
    "new-adapter",
    "probe",
    "report",
    "run",
    "smoke",
    "soak",
    "validate",
)
"""The commands; each is the object `command` of the module of the same name."""


class Commands(click.Group):
    """The group of commands; an error exits with the status of its exception."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands without importing them."""
        del ctx
        return list(NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        del ctx
        if cmd_name not in NAMES:
            return None
        module = import_module(f"conformance.commands.{cmd_name.replace('-', '_')}")
        return cast("click.Command", module.command)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command, and print our own exceptions as messages."""
        try:
            return super().invoke(ctx)
        except ConformanceError as error:
            warn(f"error: {error}")
            ctx.exit(error.exit_status)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mask-conformance")
def main() -> None:
    """Check that padding does not change the answer of layers on padded sequences.

    Start with new-adapter, smoke and run. `mask-conformance COMMAND --help` explains a
    command.
    """
