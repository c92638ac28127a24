"""Run an adapter's checks in processes of their own, one after each that dies.

A process is pytest with one item for each check. An adapter's output goes to a log
beside the record. Whatever it does to its process is the error of one check, and the
next process goes on behind that check.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from conformance.errors import IncompleteRunError, UsageError
from conformance.records import Run, read, read_observed
from conformance.records.writing import current_file, forget, read_current
from conformance.run.child import USAGE
from conformance.run.deaths import Deaths
from conformance.run.guard import MARK
from conformance.run.log import Log
from conformance.run.process import Ending, Limits, Process, enter
from conformance.run.resume import death_file, is_begun
from conformance.specification.disk import make_way, open_regular, remove, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from threading import Event

    from conformance.run.settings import Settings
    from conformance.specification.selection import Check

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}
_FORCED = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
_LEFT_OUT = {
    *("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONWARNINGS", "PYTHONINSPECT"),
    MARK,
}
"""Variables for a user's own tests and interpreter, which would change a run."""

_UNUSED = ("logging", "threadexception", "unraisableexception", "subtests", "doctest")
"""pytest's own plugins that a run has no use for and that hook into every item.

Leaving them out and opening no side file per check took numpy_reference at core to
0.74 of the CPU time.
"""

HARM = "it had changed or removed the run's record"
"""What is said of a process that ended, where its record had to be put back."""

STARTS = 3
"""Processes in a row that may die without finishing anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One adapter's run, or a part of one.

    Attributes:
        settings: What is asked for, where the record goes among it.
        variables: Environment variables for the process.
        limits: How far a check may go.
        file: The adapter's file, to name where it died.
        plan: Returns the run's checks, of all shards, in order. Without it a process
            that dies is believed what it had announced.
        note: Takes what a user should hear of beside the record.
    """

    settings: Settings
    variables: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    file: str = ""
    plan: Callable[[], Iterable[Check]] = tuple
    note: Callable[[str], object] = str

    @property
    def record(self) -> Path:
        """The path of the record: a run in a process of its own always has one."""
        if self.settings.record is None:
            msg = f"{self.settings.reference}: got no record, expected a path for it"
            raise UsageError(msg)
        return self.settings.record

    def list_checks(self) -> Iterator[str]:
        """Yield the ids of the checks of this part of the run, in their order."""
        return (each.id for each in self.plan() if self.settings.shard.holds(each))

    def asking(self, **changes: Any) -> Order:
        """Return the order with other settings."""
        return replace(self, settings=msgspec.structs.replace(self.settings, **changes))


def launch(order: Order, follow: Callable[[int, int], None], stop: Event) -> Run:
    """Run an adapter's checks and return their record.

    Args:
        order: What to run.
        follow: Called with finished and planned checks while the run goes on.
        stop: Set when the user wants no more.

    Raises:
        UsageError: The adapter does not load, or no check is selected.
        IncompleteRunError: The run ended before it wrote anything, or cannot write.
    """
    # Processes in a row that brought the run no further: those after which there are
    # no more results and deaths than ever before. A plan has an end, and so has a run.
    record, barren = order.record, 0
    _prepare(order)
    earlier = order.settings.resume
    resume = earlier
    deaths = Deaths(record, order.list_checks)
    best = _count_finished(record)
    with Log(record.with_name(f"{record.name.replace('.jsonl', '')}.log")) as log:
        while True:
            _make_ready(record, deaths)
            command = _command(order, resume)
            process = Process(
                command, {**clean_environment(), **order.variables}, record, log
            )
            ending = process.wait(order.limits, follow, stop)
            ending = _examine(order, process, ending)
            if ending.stopped or _in_order(record, cut=order.settings.exitfirst):
                break
            _blame(order, deaths, ending, log)
            reached = _count_finished(record) + deaths.reached
            barren = 0 if reached > best else barren + 1
            best = max(best, reached)
            if barren == STARTS:
                _give_up(record, deaths, ending)
                break
            resume = (record, *earlier)
    return read(record)


def _make_ready(record: Path, deaths: Deaths) -> None:
    """Leave a process nothing that the one before it would be blamed for.

    Raises:
        ConformanceError: The folder cannot be written.
    """
    try:
        remove(current_file(record))
        deaths.hand_over()
    except OSError as error:
        raise unwritable(str(record), error) from error


def _examine(order: Order, process: Process, ending: Ending) -> Ending:
    """Return how a process ended once its record can be read.

    Raises:
        UsageError: It says that it cannot be run.
        IncompleteRunError: It says that it cannot write, or nothing at all.
    """
    log = process.log
    kind, message = log.told(process.word)
    if kind == USAGE:
        raise UsageError(message)
    if kind:
        raise IncompleteRunError(message)
    if process.left:
        more = "es that it had" if process.left > 1 else " that it had"
        name = order.settings.reference
        order.note(f"{name}: ended {process.left} process{more} left behind")
    try:
        rescued = process.tail.rescue()
    except OSError as error:
        raise unwritable(str(order.record), error) from error
    lost = not is_begun(order.record)
    # Where it had announced a check it had written the header too, and took it away
    # before we read it. What it had finished is asked again.
    if lost and (ending.stopped or not read_current(order.record)):
        _refuse_unbegun(order, ending, log)
    if not rescued and not lost:
        return ending
    reason = f"{ending}; {HARM}"
    return Ending(status=ending.status, reason=reason, stopped=ending.stopped)


def _in_order(record: Path, *, cut: bool = False) -> bool:
    """Tell whether every check has an outcome, by what is written and not by a status.

    Whatever breaks off pytest, an adapter included, leaves checks without one.

    Args:
        record: The record.
        cut: Whether the run itself may leave checks out, behind a failure; its footer
            then says so.
    """
    footer = read(record).footer if is_begun(record) else None
    return footer is not None and (footer.complete or cut)


def _prepare(order: Order) -> None:
    """Remove an old record and its side files, unless this run resumes it."""
    record = order.record
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        if not order.settings.resume:
            for stale in (record, death_file(record)):
                stale.unlink(missing_ok=True)
            forget(record)
    except OSError as error:
        msg = f"{record} cannot be written: {error.strerror}; give another folder: -o"
        raise UsageError(msg) from error


def _count_finished(record: Path) -> int:
    """Return the number of results and observations in a record."""
    try:
        with open_regular(record) as file:
            lines = sum(1 for _line in file)
    except OSError:
        return 0
    return max(0, lines - 1) + len(read_observed(record))


def _blame(order: Order, deaths: Deaths, ending: Ending, log: Log) -> None:
    """Write down the check that a process died in, or tell that it was in none."""
    trace, harmed = log.trace(order.file), ending.reason.endswith(HARM)
    usual = not ending.status and os.path.lexists(current_file(order.record))
    if not deaths.add(str(ending), trace, harmed=harmed) and not usual:
        name = order.settings.reference
        order.note(f"{name}: {ending} between two checks; the run went on")


def _give_up(record: Path, deaths: Deaths, ending: Ending) -> None:
    """Say in the record's side file why its run does not go on."""
    text = f"its start, {STARTS} times in a row: {ending}"
    if deaths:
        text += f"; before that {deaths}"
    path = current_file(record)
    make_way(path)
    path.write_text(text, encoding="utf-8")


def _command(order: Order, resume: tuple[Path, ...]) -> list[str]:
    taken = tuple(Path(_absolute(path)) for path in resume)
    known = order.settings.known
    asked = order.asking(
        resume=taken,
        record=Path(_absolute(order.record)),
        known=None if known is None else Path(_absolute(known)),
    )
    return [
        *enter("conformance.run.child"),
        *("-p", "conformance.pytest_plugin", "--noconftest"),
        *("--pyargs", "conformance.suite", "-c", os.devnull, "-p", "no:cacheprovider"),
        *("--rootdir", _absolute(order.record.parent), "--capture=no"),
        *("-p", "no:terminal"),
        "--assert=plain",  # there are none to rewrite: checks give verdicts
        *("--import-mode=importlib", "-W", "ignore"),
        *(f"-pno:{plugin}" for plugin in _UNUSED),
        *("--mask-settings", asked.settings.encode()),
    ]


def _absolute(path: Path) -> str:
    """Return a path that still holds where an adapter has changed the folder."""
    return os.path.abspath(path)  # noqa: PTH100 - links are kept


def clean_environment() -> dict[str, str]:
    """Return the variables of a run's process: a user's, but for those of pytest."""
    kept = {name: text for name, text in os.environ.items() if name not in _LEFT_OUT}
    return {**_QUIET, **kept, **_FORCED}


def _refuse_unbegun(order: Order, ending: Ending, log: Log) -> NoReturn:
    """Refuse to go on where a process could not even begin."""
    said = log.read_reason()
    how = "the run was stopped" if ending.stopped else str(ending)
    msg = f"{order.settings.reference}: {how} before its first check; see {log.path}"
    raise IncompleteRunError(f"{msg}\n{said}" if said else msg)
