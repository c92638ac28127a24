"""Generate docs/commands.md from the help of each command.

Run as ``python -m conformance.commands.pages.commands check`` or ``write``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import click

from conformance.commands.cli import NAMES
from conformance.commands.cli import main as cli

FILE = Path(__file__).parents[3] / "docs" / "commands.md"

HEAD = """# Commands

`python -m conformance.commands.pages.commands write` generates this page from each command's `--help`; a test keeps the two equal.

Exit status: 0 if every check passed or is a recorded difference; 1 for a new failure, a record that no longer holds, or an adapter that is not ready; 2 for wrong usage or bad input; 3 if the run could not be completed.
"""

WIDTH = 80


def text() -> str:
    """Return the page as Markdown."""
    parts = [HEAD]
    for name in NAMES:
        command = cast("click.Command", cli.get_command(click.Context(cli), name))
        context = click.Context(
            command,
            info_name=f"mask-conformance {name}",
            terminal_width=WIDTH,
            max_content_width=WIDTH,
            help_option_names=["-h", "--help"],
        )
        shown = command.get_help(context)
        parts.append(f"## {name}\n\n```text\n{shown}\n```\n")
    return "\n".join(parts)


def main(arguments: list[str]) -> int:
    """Write the file, or check that it matches the commands' help."""
    if arguments == ["write"]:
        FILE.write_text(text(), encoding="utf-8", newline="\n")
        return 0
    if FILE.exists() and FILE.read_text(encoding="utf-8") == text():
        return 0
    sys.stderr.write(
        f"{FILE}: differs from the commands' help; run "
        "`python -m conformance.commands.pages.commands write`\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
