"""What is wrong with an adapter itself, told before any verdict counts.

A verdict about a library is worth nothing while its adapter turns the mask round. So
the file's names are read, then each function is called on one small batch, and what it
answers is held against what adapters usually get wrong. What is left is for ``run``.

Functions are called in a process of their own, which is watched as a run's is.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TYPE_CHECKING

import click
import msgspec

from conformance.adapters.installed import find_missing
from conformance.commands.options import (
    Seconds,
    complete_adapters,
    device_option,
    name_adapter,
    need_packages,
    read_placement,
    tell,
)
from conformance.commands.smoke.names import find_misnamed
from conformance.commands.smoke.offer import list_offer
from conformance.errors import IncompleteRunError, UsageError
from conformance.records import clean
from conformance.records.writing import read_current
from conformance.run.child import USAGE
from conformance.run.declare import declare
from conformance.run.launch import clean_environment
from conformance.run.log import Log
from conformance.run.process import Limits, Process, enter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Check

    Say = Callable[[str], object]

WIDTH = 18
"""Columns for a function's name."""

SECONDS = 300.0
"""How long all variants of a function may take; a first kernel takes half a minute."""


def smoke(reference: str, say: Say, seconds: float = SECONDS, device: str = "") -> int:
    """Print what an adapter offers and what is wrong with it.

    Args:
        reference: The adapter, as the command line names it.
        say: Prints a line.
        seconds: How long a function may take; 0 is for ever.
        device: Where its tensors are; empty leaves it to the framework.

    Returns:
        0 if it is ready to be run, 1 if something has to be mended.

    Raises:
        UsageError: It cannot be loaded, there is no such device, or what running needs
            is not installed.
        IncompleteRunError: It ended its process while it was imported.
    """
    need_packages("smoke", ("ml-dtypes", "numpy"))
    declaration = declare(reference)
    named = find_misnamed(declaration)
    for complaint in named:
        say(f"WRONG {clean(complaint)}")
    for name in find_missing(declaration):
        say(f"NOTE  {name} is not installed, and the head's dependencies have it")
    offer = list_offer(declaration)
    wrong = len(named)
    for name, lines, count in _try_all(reference, declaration, offer, seconds, device):
        say(f"{name:<{WIDTH}} {_summarise(offer[name])}")
        for line in lines:
            say(line)
        wrong += count
    if not offer:
        say("WRONG nothing would be run: no variant is offered by the primary route")
        wrong += 1
    if wrong:
        problems = f"{wrong} problem{'s' * (wrong > 1)}"
        say(f"not ready: {problems} to fix; see docs/adapters.md")
        return 1
    variants = sum(len({c.variant.name for c in group}) for group in offer.values())
    say(f"ready: {len(offer)} operations, {variants} variants")
    say(f"next: mask-conformance run {reference} --level core")
    return 0


def _try_all(
    reference: str,
    declaration: Declaration,
    offer: Mapping[str, Sequence[Check]],
    seconds: float,
    device: str,
) -> Iterator[tuple[str, list[str], int]]:
    """Yield each function, what is seen of it, and how many things are wrong.

    A function that ends the process is wrong; the others are tried in another one.
    """
    variables = {**clean_environment(), **declaration.variables}
    left = list(offer)
    while left:
        with TemporaryDirectory(prefix="mask-conformance-") as folder:
            answer = Path(folder) / "smoke.jsonl"
            command = [*enter("conformance.commands.smoke.child"), reference]
            command += [str(answer), device, *left]
            with Log(Path(folder) / "smoke.log") as log:
                process = Process(command, variables, answer, log)
                limits = Limits(seconds=seconds)
                ending = process.wait(limits, lambda _done, _of: None, Event())
            kind, message = log.told(process.word)
            if kind:
                raise (UsageError if kind == USAGE else IncompleteRunError)(message)
            for found in _answers(answer):
                left.remove(found[0])
                yield found
            blamed = read_current(answer)
        if not left:
            return
        if blamed not in left:
            msg = f"{reference}: {ending} while it was imported\n{log.read_reason()}"
            raise IncompleteRunError(msg.strip())
        left.remove(blamed)
        trace = log.trace(declaration.file).splitlines()[1:2]
        where = f" ({trace[0].strip()})" if trace else ""
        yield blamed, [f"WRONG {blamed}: {ending}{where}"], 1


def _answers(path: Path) -> Iterator[tuple[str, list[str], int]]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return
    for line in lines:
        yield msgspec.json.decode(line, type=tuple[str, list[str], int])


def _summarise(checks: list[Check]) -> str:
    variants = len({check.variant.name for check in checks})
    dtypes = ", ".join(dict.fromkeys(check.dtype for check in checks))
    return f"{variants} variant{'s' * (variants > 1)}, {dtypes}"


@click.command("smoke")
@click.argument("adapter", required=False, shell_complete=complete_adapters)
@device_option
@click.option(
    "--timeout",
    type=Seconds(0),
    default=SECONDS,
    show_default=True,
    help="Time limit per function, in seconds; 0 means no limit.",
)
def command(adapter: str | None, timeout: float, device: str) -> None:
    """Check ADAPTER itself for mistakes, before a run."""
    where = read_placement({"device": device}).device
    sys.exit(smoke(name_adapter(adapter), tell, timeout, where))
