"""Every exception of the suite, one for each way that things go wrong.

    ConformanceError
    |-- UsageError               bad use or bad input: exit status 2
    |   |-- UnknownNameError     a name that does not exist; lists the choices
    |   |-- AdapterError         an adapter that cannot be found, read or loaded
    |   |-- CaseError            a malformed case file
    |   |-- KnownError           a malformed file of known differences
    |   `-- ResultError          a malformed or foreign result file
    |-- IncompleteRunError       the run could not be completed: exit status 3
    `-- AdapterFault             what an adapter did wrong during one check
        |-- ContractViolation    it answered, but not with what was asked for
        |-- UnconnectedGradientError  no gradient reaches an input or parameter
        `-- NotJudgedError       nothing to judge: the check is unsupported
            |-- NothingCapturedError  a compiled route that compiled nothing
            `-- RouteUnavailableError  this machine lacks what the route needs

Messages say what, got, wanted and where, then what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


_LISTED = 40
"""Choices that are listed at most."""


class ConformanceError(Exception):
    """Base of all exceptions that this package raises on purpose."""

    exit_status = 3


class UsageError(ConformanceError):
    """The command, a file or an option is not what it must be."""

    exit_status = 2


class UnknownNameError(UsageError):
    """A name was given that does not exist.

    Args:
        kind: What the name was meant to be, such as ``"operation"``.
        name: The name that was given.
        choices: The names that exist.
    """

    def __init__(self, kind: str, name: str, choices: Iterable[str]) -> None:
        import difflib  # only when something is wrong

        known = sorted(choices)
        close = difflib.get_close_matches(name, known, n=1)
        guess = f"did you mean {close[0]!r}? " if close else ""
        listed = ", ".join(known[:_LISTED]) or "none"
        hidden = len(known) - _LISTED
        more = f" and {hidden} more" if hidden > 0 else ""
        super().__init__(f"unknown {kind} {name!r}; {guess}choose from: {listed}{more}")


class AdapterError(UsageError):
    """An adapter cannot be found, read or loaded."""


class CaseError(UsageError):
    """A case file breaks the format of ``cases/schema.json``."""


class KnownError(UsageError):
    """A file of known differences breaks its format."""


class ResultError(UsageError):
    """A result file is not one of ours, or is damaged beyond reading."""


class IncompleteRunError(ConformanceError):
    """A run ended before every planned check had an outcome."""

    exit_status = 3


class AdapterFault(ConformanceError):  # noqa: N818 - the specification's word
    """An adapter did something wrong while a check called it."""


class ContractViolation(AdapterFault):
    """An adapter answered with the wrong type, shape or dtype."""


class UnconnectedGradientError(AdapterFault):
    """A gradient does not reach an input or a parameter at all."""


class NotJudgedError(AdapterFault):
    """There is nothing to judge here; the check is unsupported with this reason."""


class NothingCapturedError(NotJudgedError):
    """A compiled route ran, but its compiler captured no operation."""


class RouteUnavailableError(NotJudgedError):
    """The machine lacks what a route needs, such as a C++ compiler."""
