"""Failures that say the same, folded into one line with their checks under it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.records.text import parse_check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.records.record import Result

UNSTABLE = "two answers to one question"
"""What failures of an adapter that answers by chance have in common."""

CAUSE = 80
"""Characters of a cause's slug."""

_NO_WORD = re.compile(r"[^a-z0-9]+")

_NUMBER = re.compile(r"-?\b\d[\d.]*(?:e[-+]?\d+)?\b|\bnan\b|-?\binf\b")


@dataclass(slots=True, kw_only=True)
class Fold:
    """Failures of one operation that say the same.

    Attributes:
        operation: The operation.
        title: What they say.
        first: The first of them.
        checks: All of their checks, the first one too.
    """

    operation: str
    title: str
    first: Result
    checks: list[str] = field(default_factory=list)

    @property
    def line(self) -> str:
        """The failures as one line, such as ``divides by T: 12 checks``."""
        count = len(self.checks)
        return f"{self.title}: {count} check{'' if count == 1 else 's'}"

    @property
    def others(self) -> list[str]:
        """The checks behind the first."""
        return self.checks[1:]


@dataclass(slots=True)
class Folds:
    """The failures of a run as they come, folded.

    Attributes:
        found: The folds, in the order of their first failures.
    """

    found: dict[tuple[str, str], Fold] = field(default_factory=dict)

    def add(self, result: Result) -> Fold:
        """Take a failure, and return the fold that it is in."""
        operation = parse_check(result.check).operation
        # Numbers differ from check to check where nothing else does.
        key = operation, gist(result) or _NUMBER.sub("#", result.message)
        if key not in self.found:
            title = gist(result) or result.message
            self.found[key] = Fold(operation=operation, title=title, first=result)
        self.found[key].checks.append(result.check)
        return self.found[key]


def fold(results: Iterable[Result]) -> list[Fold]:
    """Return failures that say the same together, by their first appearance."""
    folds = Folds()
    for result in results:
        folds.add(result)
    return list(folds.found.values())


def name_cause(operation: str, text: str) -> str:
    """Return the id of a cause: the same text, in whatever adapter, is one cause.

    >>> name_cause("masked_mean", "divides by T, not by the count")
    'masked_mean.divides-by-t-not-by-the-count'
    """
    slug = _NO_WORD.sub("-", text.casefold()).strip("-")[:CAUSE].rstrip("-")
    return f"{operation}.{slug}" if slug else ""


def gist(result: Result) -> str:
    """Return what a failure has in common with others, or nothing.

    That is the mistake that was recognised, without its thread, or that the adapter
    answers by chance.
    """
    if result.unstable:
        return UNSTABLE
    if result.failure is None:
        return ""
    named = result.failure.diagnosis.partition("; see http")[0]
    return "; ".join(named.splitlines())
