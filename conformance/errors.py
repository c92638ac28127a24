"""Define the exceptions of the suite, one for each kind of error.

    ConformanceError
    |-- UsageError               wrong usage or bad input: exit status 2
    |   |-- UnknownNameError     a name that does not exist; lists the choices
    |   |-- AdapterError         an adapter that cannot be found, read or loaded
    |   |-- CaseError            a malformed case file
    |   |-- KnownError           a malformed file of known differences
    |   `-- ResultError          a malformed or foreign result file
    |-- IncompleteRunError       the run could not be completed: exit status 3
    |-- UnboundedError           our own: an element is judged without a finite bound
    `-- AdapterFault             what an adapter did wrong during one check
        |-- ContractViolation    its answer has the wrong type, shape or dtype
        |-- TwoAnswersError      it answered the same call in two ways
        |-- UnconnectedGradientError  no gradient reaches an input or parameter
        `-- NotJudgedError       nothing to judge: the check is unsupported
            |-- NothingCapturedError  a compiled route that compiled nothing
            `-- RouteUnavailableError  this machine lacks what the route needs

A message says what is wrong, what was given, what was expected and where, then what to
do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


_LISTED = 60
"""Maximum number of choices in a message."""


class ConformanceError(Exception):
    """Base class of all exceptions that this package raises on purpose."""

    exit_status = 3


class UsageError(ConformanceError):
    """A command, a file or an option is invalid."""

    exit_status = 2


class UnknownNameError(UsageError):
    """A name does not exist; the message lists those that do.

    Args:
        kind: The kind of name, such as ``"operation"``.
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
    """A case file does not follow ``cases/schema.json``."""


class KnownError(UsageError):
    """A file of known differences is malformed."""


class ResultError(UsageError):
    """A result file has another format, or is damaged."""


class IncompleteRunError(ConformanceError):
    """A run ended before every planned check had an outcome."""

    exit_status = 3


class UnboundedError(ConformanceError):
    """An element is judged, but nothing says how far off it may be."""


class AdapterFault(ConformanceError):  # noqa: N818 - the specification's word
    """An adapter misbehaved while a check called it."""


class ContractViolation(AdapterFault):
    """An adapter answered with the wrong type, shape or dtype."""


class UnconnectedGradientError(AdapterFault):
    """No gradient reaches an input or a parameter."""


class TwoAnswersError(AdapterFault):
    """The same call gave two answers.

    Args:
        message: Where they differ.
        first: The first answer, an array in float64.
        second: The other one.
    """

    def __init__(self, message: str, first: Any, second: Any) -> None:
        super().__init__(message)
        self.first = first
        self.second = second


class NotJudgedError(AdapterFault):
    """Nothing can be judged; the check is unsupported for this reason."""


class NotGrantedError(NotJudgedError):
    """An input lacks what the adapter's head requires, and is not given to it."""


class NothingCapturedError(NotJudgedError):
    """A compiled route ran, but its compiler captured no operation."""


class RouteUnavailableError(NotJudgedError):
    """The machine lacks what a route needs, such as a C++ compiler."""


def text_of(error: BaseException) -> str:
    """Return an exception's text; where it has none that can be had, which it is."""
    try:
        return str(error)
    except BaseException as second:  # noqa: BLE001 - an adapter may raise anything
        return f"(its text cannot be had: {name_of(second)})"


def name_of(error: BaseException) -> str:
    """Return the name of an exception's type, whatever its metaclass says of it."""
    return str(type.__dict__["__name__"].__get__(type(error)))


def describe(error: BaseException) -> str:
    """Return an exception as a message says it.

    >>> describe(ValueError("no"))
    'ValueError: no'
    """
    return f"{name_of(error)}: {text_of(error)}"
