"""What is recorded of an adapter's differences, as far as a run asks for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from conformance import gate
from conformance.adapters.load import known_file
from conformance.operations import load_operations
from conformance.records import Known, Result, name_cause, parse_check
from conformance.run import catalogue, replay
from conformance.specification.plan import plan
from conformance.specification.selection import Check, Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from conformance.cases import Case
    from conformance.gate import KnownEntry
    from conformance.specification.declaration import Declaration

    Versions = Mapping[str, str]


class Expected:
    """An adapter's known differences and their smallest inputs.

    Args:
        declaration: What the adapter declares.
        find_device: Returns the run's device: entries for others are left out.
        file: Its file of known differences, where it is not the one beside it.

    Raises:
        KnownError: Its file of known differences breaks its format.
    """

    def __init__(
        self,
        declaration: Declaration,
        find_device: Callable[[], str] = str,
        file: Path | None = None,
    ) -> None:
        if file is not None:
            declaration = replace(declaration, known=str(file))
        self._declaration = declaration
        self._find_device = find_device
        self._every = gate.load_known(known_file(declaration))
        self._smallest = replay.smallest_cases(self._every)

    @cached_property
    def known(self) -> tuple[KnownEntry, ...]:
        """The entries that are about the device of the run."""
        # Which device that is only the framework knows: it is not imported for nothing.
        every = self._every
        return gate.select_device(every, self._find_device()) if every else every

    def covers(self, check: Check, versions: Versions) -> bool:
        """Tell whether a check is expected to fail or to raise."""
        return any(
            gate.find(self.known, check.id, kind, versions) for kind in gate.KINDS
        )

    def mark(self, result: Result, versions: Versions) -> Result:
        """Return a result with why it was to be expected, if it was."""
        entry = gate.find(self.known, result.check, result.outcome, versions)
        if entry is None:
            return result
        known = Known(
            reason=entry.reason,
            url=entry.url,
            since=entry.since,
            finding=entry.finding,
        )
        operation = parse_check(result.check).operation
        cause = entry.cause or name_cause(operation, entry.finding or entry.reason)
        return msgspec.structs.replace(result, known=known, cause=cause)

    def first(self, check: Check, versions: Versions) -> Case | None:
        """Return the smallest input that is recorded for a law."""
        wanted = f"{check.variant.name}/{check.item}"
        return next(
            (
                case
                for entry, case in self._smallest
                if case.id == wanted
                and entry.applies(versions)
                and entry.holds_on(self._find_device())
            ),
            None,
        )

    def complaints(
        self, versions: Versions, outcomes: Mapping[str, str] | None
    ) -> list[str]:
        """Return what is wrong with the entries.

        Args:
            versions: What the run is on.
            outcomes: By check id; None where entries cannot be called stale.
        """
        today = datetime.now(UTC).date()
        found = [
            *gate.find_unjudged(self.known, versions),
            *gate.find_overdue(self.known, versions, today),
        ]
        if outcomes is None or not self.known:
            return found
        every = plan(
            self._declaration,
            load_operations(),
            catalogue.read_cases(),
            Selection(level="extended"),
        )
        ids = [check.id for check in every]
        return found + gate.find_stale(self.known, ids, outcomes, versions)

    def contradictions(self, result: Result, versions: Versions) -> list[str]:
        """Return complaints about entries that a result contradicts."""
        outcome = result.outcome
        return gate.find_contradicted(self.known, result.check, outcome, versions)
