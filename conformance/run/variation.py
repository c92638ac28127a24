"""How far two answers to one question were apart, where no equal bits are promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.records import Result
    from conformance.specification.selection import Check

BEHAVIOUR = "same bits"
"""The behaviour under which the page shows it, beside what else was observed."""


class Variation:
    """The largest difference of each operation and dtype in a run."""

    def __init__(self) -> None:
        self._largest: dict[str, tuple[float, str]] = {}

    def take(self, check: Check, result: Result) -> None:
        """Add a check's result."""
        share = float(result.varies or 0)
        key = f"{check.operation} in {check.dtype}"
        if share > self._largest.get(key, (0.0, ""))[0]:
            self._largest[key] = (share, check.item)

    def describe(self) -> dict[str, str]:
        """Return what was seen, by behaviour and operation."""
        return {
            f"{BEHAVIOUR}: {key}": f"two answers to one question differ by {share:.3g} "
            f"of their bounds ({item}); this device promises no equal bits"
            for key, (share, item) in self._largest.items()
        }
