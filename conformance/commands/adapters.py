"""`adapters`: the built-in adapters, a line each."""

from __future__ import annotations

import click

from conformance.commands.options import tell


@click.command("adapters")
@click.option(
    "--project",
    "own",
    is_flag=True,
    help="List the adapters of [tool.mask-conformance] instead, one per line.",
)
def command(*, own: bool) -> None:
    """List the built-in adapters, and those that installed libraries publish."""
    from conformance.adapters.load import read_declarations
    from conformance.adapters.published import list_published

    if own:
        from conformance.run.project import read_project

        for reference in read_project().need_adapters():
            tell(reference)
        return

    for name, found in read_declarations().items():
        tell(f"{name:<22} {found.framework:<11} {found.summary}")
    for name, value in list_published().items():
        tell(f"{name:<22} {'installed':<11} {value}")
