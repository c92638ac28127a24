"""What is wrong with an adapter itself, told before any verdict counts.

A verdict about a library is worth nothing while its adapter turns the mask round. So
the file's names are read, then each function is called on one small batch, and what it
answers is held against what adapters usually get wrong. What is left is for ``run``.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from conformance import gate
from conformance.adapters.installed import filter_missing, find_missing, find_versions
from conformance.adapters.load import known_file, load_adapter, read_declaration
from conformance.commands.smoke.names import misnamed
from conformance.errors import UsageError
from conformance.operations import load_operations
from conformance.records import clean
from conformance.run import catalogue
from conformance.specification.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.gate import KnownEntry
    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Check

    Say = Callable[[str], object]

WIDTH = 18
"""Columns for a function's name."""


def smoke(reference: str, say: Say) -> int:
    """Print what an adapter offers and what is wrong with it.

    Args:
        reference: The adapter, as the command line names it.
        say: Prints a line.

    Returns:
        0 if it is ready to be run, 1 if something has to be mended.

    Raises:
        UsageError: It cannot be loaded, or what running needs is not installed.
    """
    _need(("ml-dtypes", "numpy"))
    declaration = read_declaration(reference)
    named = misnamed(declaration)
    for complaint in named:
        say(f"WRONG {clean(complaint)}")
    for name in find_missing(declaration):
        say(f"NOTE  {name} is not installed, and the head's dependencies have it")
    offered = _offered(declaration)
    tried = _Tried(reference, declaration, say)
    for function, checks in offered.items():
        tried.function(function, checks)
    wrong = len(named) + tried.wrong
    if wrong:
        problems = f"{wrong} problem{'s' * (wrong > 1)}"
        say(f"not ready: {problems} to fix; see docs/adapters.md")
        return 1
    variants = sum(len({c.variant.name for c in group}) for group in offered.values())
    say(f"ready: {len(offered)} operations, {variants} variants")
    say(f"next: mask-conformance run {reference} --level core")
    return 0


def _offered(declaration: Declaration) -> dict[str, list[Check]]:
    """Return a check of each variant and dtype on the primary route, by function."""
    found: dict[str, list[Check]] = defaultdict(list)
    for check in catalogue.planned(declaration, Selection(level="extended")):
        primary = check.item == "value" and check.route == declaration.primary
        if primary and not check.unsupported:
            function = load_operations()[check.operation].function
            found[function].append(check)
    return dict(found)


@dataclass(slots=True)
class _Tried:
    """Functions tried one after the other, and how many things are wrong."""

    reference: str
    declaration: Declaration
    say: Say
    wrong: int = 0
    _fixtures: object = field(default=None, repr=False)
    _entries: tuple[KnownEntry, ...] = ()

    def __post_init__(self) -> None:
        """Read what is known of the library."""
        self._entries = gate.load_known(known_file(self.declaration))

    def function(self, name: str, checks: list[Check]) -> None:
        """Try a function in each of its variants and dtypes."""
        from conformance.check.fixtures import Fixtures
        from conformance.commands.smoke.probes import probe

        if not isinstance(self._fixtures, Fixtures):
            self._fixtures = Fixtures(load_adapter(self.reference), seed=0)
        # Said before it is called: what ends the process then has a name.
        self.say(f"{name:<{WIDTH}} {_told(checks)}")
        found: Counter[tuple[str, bool]] = Counter()
        first: dict[tuple[str, bool], str] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a row of nothing divides zero by zero
            for check in checks:
                recorded = self._recorded(check)
                for each in probe(self._fixtures, check, first=check is checks[0]):
                    what = f"recorded as known: {each.what}" if recorded else each.what
                    key = (what, each.wrong and not recorded)
                    found[key] += 1
                    first.setdefault(key, f"{check.variant.name} in {check.dtype}")
        for key, count in found.items():
            what, wrong = key
            more = f" (and {count - 1} more)" if count > 1 else ""
            self.say(
                f"{'WRONG' if wrong else 'NOTE '} {first[key]}{more}: {clean(what)}"
            )
            self.wrong += wrong

    def _recorded(self, check: Check) -> bool:
        """Tell whether somebody looked at this answer and put it on record."""
        if not self._entries:
            return False
        versions = find_versions(self.declaration)
        return any(
            gate.find(self._entries, check.id, kind, versions) for kind in gate.KINDS
        )


def _told(checks: list[Check]) -> str:
    variants = len({check.variant.name for check in checks})
    dtypes = ", ".join(dict.fromkeys(check.dtype for check in checks))
    return f"{variants} variant{'s' * (variants > 1)}, {dtypes}"


def _need(names: tuple[str, ...]) -> None:
    missing = filter_missing(names)
    if missing:
        msg = (
            f"smoke needs {', '.join(missing)}; install what it needs with "
            f'`pip install "mask-conformance[run]"`'
        )
        raise UsageError(msg)


@click.command("smoke")
@click.argument("adapter")
def command(adapter: str) -> None:
    """Check ADAPTER itself for mistakes, before a run."""
    sys.exit(smoke(adapter, click.echo))
