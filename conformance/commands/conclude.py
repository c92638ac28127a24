"""Say what came of a command's runs, and return its exit status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.commands.next_level import describe_next_level
from conformance.commands.present import present
from conformance.commands.terminal import wrap
from conformance.gate import exit_status, judge
from conformance.run.place import forget_part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.commands.formats import Display
    from conformance.errors import ConformanceError
    from conformance.records import Run
    from conformance.specification.declaration import Declaration
    from conformance.specification.selection import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a command's adapters.

    Attributes:
        runs: Their records.
        errors: Why others have none.
        declared: What those that ran declare.
        selection: What the last of them was asked.
    """

    runs: Sequence[Run]
    errors: Sequence[ConformanceError]
    declared: Sequence[Declaration]
    selection: Selection


def conclude(done: Done, view: Display, say: Callable[[str], object]) -> int:
    """Print what came of runs, and return the exit status."""
    judged = [(run, judge(run)) for run in done.runs]
    # A run that `-x` has cut lacks checks because it was asked to: it is red, no more.
    found = [1 if _is_cut(run) else exit_status([each]) for run, each in judged]
    status = max([*found, *(each.exit_status for each in done.errors)], default=0)
    for run in done.runs:
        forget_part(run)
    errors = [str(each) for each in done.errors]
    present(judged, view, say, errors=errors, status=status)
    if view.is_document or view.quiet:
        return status
    if not status:
        _say_next_level(done, say)
    for run in done.runs:
        say(f"record: {run.path}")
    return status


def _is_cut(run: Run) -> bool:
    """Tell whether a run says itself that it left checks out."""
    return run.footer is not None and not run.footer.complete


def _say_next_level(done: Done, say: Callable[[str], object]) -> None:
    """Say what adapters without a failure were not asked, the same of several once."""
    names: dict[str, list[str]] = {}
    for each in done.declared:
        text = describe_next_level(each, done.selection)
        names.setdefault(text, []).append(each.name)
    names.pop("", None)
    for text, of in names.items():
        whose = f"{', '.join(of)}: " if len(done.declared) > 1 else ""
        say("\n".join(wrap(whose + text)))
