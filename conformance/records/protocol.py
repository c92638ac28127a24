"""What every record offers, whether its results are in memory or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from conformance.records.record import Footer, Header, Result


class Record(Protocol):
    """What a ``Run`` and a ``Stored`` have in common."""

    @property
    def path(self) -> Path:
        """Where it was read."""

    @property
    def header(self) -> Header:
        """What was run."""

    @property
    def results(self) -> Collection[Result]:
        """One for each check that has an outcome."""

    @property
    def footer(self) -> Footer | None:
        """The last line; absent when the run did not get that far."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the run is not complete."""

    @property
    def complete(self) -> bool:
        """Whether every planned check was run."""

    @property
    def counts(self) -> dict[str, int]:
        """Checks by outcome, every outcome present."""
