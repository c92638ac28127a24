"""What is said of a failed check, the same in a terminal, in pytest and in Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.records.show import show
from conformance.records.text import parse_check

if TYPE_CHECKING:
    from conformance.records.record import Array, Failure, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A failure in words, in the order in which a reader needs them.

    Attributes:
        check: The check's id.
        outcome: How it ended.
        message: What is wrong.
        clause: The clause that is broken, by its id.
        sentence: What the clause says, where that is known.
        catches: Which mistake the clause catches, likewise.
        arrays: Inputs, mask, answer and exact answer, by name, as text.
        diagnosis: The mistake that gives this answer, if one was recognised.
        command: Runs the check again.
        repeats: How often the same input failed, where it does not always.
        snippet: Python that shows the failure without the suite.
        trace: The adapter's traceback.
        where: File and line of the function that the check calls.
    """

    check: str
    outcome: str
    message: str
    clause: str = ""
    sentence: str = ""
    catches: str = ""
    arrays: tuple[tuple[str, str], ...] = ()
    diagnosis: str = ""
    command: str = ""
    repeats: str = ""
    snippet: str = ""
    trace: str = ""
    where: str = ""

    @property
    def values(self) -> list[str]:
        """The arrays as lines, their names aligned."""
        width = max((len(name) for name, _ in self.arrays), default=0)
        return [f"{name:<{width}} = {text}" for name, text in self.arrays]

    @property
    def clauses(self) -> list[str]:
        """The clause as lines, with what it says and what it catches."""
        if not self.clause:
            return []
        said = f": {self.sentence}" if self.sentence else ""
        catches = [f"it catches {self.catches}"] if self.catches else []
        return [f"clause {self.clause}{said}", *catches]

    @property
    def reproducer(self) -> list[str]:
        """The command that runs the check again, and whether it always fails."""
        if not self.command:
            return []
        again = [f"again: {self.command}"]
        return [f"may not repeat: {self.repeats}", *again] if self.repeats else again

    def lines(self, *, trace: int | None = None) -> list[str]:
        """Return everything but the check and its outcome, as lines of plain text.

        Args:
            trace: How many of the traceback's last lines to keep; all by default.
        """
        traced = self.trace.strip().splitlines()
        kept = traced if trace is None else traced[-trace:]
        return [
            *self.message.splitlines(),
            *([f"at {self.where}"] if self.where else []),
            *self.clauses,
            *self.values,
            *self.diagnosis.splitlines(),
            *(f"| {line}" for line in kept),
            *self.reproducer,
        ]


def describe(
    result: Result, *, sentence: str = "", catches: str = "", where: str = ""
) -> Description:
    """Return what there is to say of a failed or errored check.

    Args:
        result: The check's result.
        sentence: What the broken clause says.
        catches: Which mistake the clause catches.
        where: File and line of the function that the check calls.
    """
    failure = result.failure
    return Description(
        check=result.check,
        outcome=result.outcome,
        message=result.message,
        clause=result.clause,
        sentence=sentence,
        catches=catches,
        arrays=() if failure is None else _arrays(failure, _dtype(result.check)),
        diagnosis="" if failure is None else failure.diagnosis,
        command="" if failure is None else failure.command,
        repeats="" if failure is None else failure.repeats,
        snippet="" if failure is None else failure.snippet,
        trace="" if failure is None else failure.trace,
        where=where,
    )


def _arrays(failure: Failure, dtype: str) -> tuple[tuple[str, str], ...]:
    named = [*failure.inputs.items(), ("mask", failure.mask)]
    if failure.want != []:
        # A traceback stands in place of an answer.
        want = _mark_open(failure.want, failure.allowed)
        named += [("got", failure.got), ("want", want)]
    return tuple((name, show([array], dtype)) for name, array in named if array != [])


def _mark_open(want: Array, allowed: Array) -> Array:
    """Return the exact answer with a word where every answer is right.

    >>> _judged([[1.0, 0.0]], [[0.0, "inf"]])
    [[1.0, 'any']]
    """
    if isinstance(want, list) and isinstance(allowed, list):
        if len(want) != len(allowed):
            return want
        return [
            _mark_open(one, bound) for one, bound in zip(want, allowed, strict=True)
        ]
    return "any" if allowed == "inf" else want


def _dtype(check: str) -> str:
    return parse_check(check).dtype
