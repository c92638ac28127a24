"""Probe targets, each in a process of its own with limits, and say what came of it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import msgspec

from conformance.errors import ConformanceError, IncompleteRunError, UsageError
from conformance.gate import exit_status, judge
from conformance.probe.child import TOLD, ProbeOrder, reason_file
from conformance.probe.describe import describe
from conformance.probe.target import slug
from conformance.records import Run, clean, read
from conformance.records.writing import current_file, forget, read_current
from conformance.run.log import Log
from conformance.run.process import Limits, Process

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.probe.settings import ProbeSettings

MEMORY = 0.75
"""Share of the machine's memory that a target may take where no limit is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """What came of some targets.

    Attributes:
        runs: A record for each that could be probed.
        errors: Why others could not.
        status: The exit status.
    """

    runs: tuple[Run, ...]
    errors: tuple[str, ...]
    status: int


def probe_all(
    targets: Sequence[str],
    output: Path,
    settings: ProbeSettings,
    limits: Limits,
    say: Callable[[str], object],
    *,
    framework: str = "",
    known: str = "",
    exitfirst: bool = False,
) -> Probes:
    """Probe targets, print what came of it and return that.

    Args:
        targets: Their names.
        output: The folder of records, scripts and issue texts.
        settings: What the user said.
        limits: How far a target may go.
        say: Prints a line.
        framework: The framework of a plain function, where it does not show.
        known: A file of known differences; empty is none.
        exitfirst: Whether to stop at the first target that padding changes.
    """
    runs: list[Run] = []
    errors: list[str] = []
    worst = 0
    for target in targets:
        order = ProbeOrder(
            target=target,
            record=str(output / f"probe.{slug(target)}.jsonl"),
            settings=settings,
            framework=framework,
            known=known,
        )
        try:
            run = probe_one(order, limits)
        except ConformanceError as error:
            say(f"error: {error}")
            errors.append(str(error))
            worst = max(worst, error.exit_status)
            continue
        runs.append(run)
        say(describe(run))
        _say_files(Path(order.record), say)
        if exitfirst and judge(run).new:
            break
    status = exit_status([judge(each) for each in runs]) if runs else 0
    return Probes(runs=tuple(runs), errors=tuple(errors), status=max(status, worst))


def _say_files(record: Path, say: Callable[[str], object]) -> None:
    script = record.with_suffix(".py")
    if script.exists():
        count = len(script.read_text(encoding="utf-8").splitlines())
        issue = record.with_suffix(".md")
        say(f"stand-alone script: {script} ({count} lines); text of an issue: {issue}")


def probe_one(order: ProbeOrder, limits: Limits) -> Run:
    """Probe one target in a process of its own and return its record.

    Raises:
        UsageError: It cannot be probed.
        IncompleteRunError: Its process ended before it had an answer.
    """
    record = Path(order.record)
    _prepare(record)
    command = [sys.executable, "-X", "faulthandler", "-m", "conformance.probe.child"]
    text = msgspec.json.encode(order).decode()
    with Log(record.with_suffix(".log")) as log:
        process = Process([*command, text], dict(os.environ), record, log)
        ending = process.wait(limits, lambda *_: None, Event())
        doing = read_current(record)
    if ending.status == TOLD and reason_file(record).exists():
        reason = reason_file(record).read_text(encoding="utf-8")
        _clear(record)
        raise UsageError(clean(f"{order.target}: {_without(reason, order.target)}"))
    if ending.status or ending.reason:
        _clear(record)
        while_ = f" while it was asked: {doing}" if doing else ""
        said = clean(log.read_reason(), 500)
        msg = f"{order.target}: {ending}{while_}; its output is in {log.path}"
        raise IncompleteRunError(f"{msg}\n{said}" if said else msg)
    return read(record)


def _without(reason: str, target: str) -> str:
    return reason.removeprefix(f"{target}: ")


def _prepare(record: Path) -> None:
    """Make room for what a probe writes."""
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        for suffix in (".jsonl", ".py", ".md"):
            record.with_suffix(suffix).unlink(missing_ok=True)
        reason_file(record).unlink(missing_ok=True)
        forget(record)
    except OSError as error:
        msg = f"{record} cannot be written: {error.strerror}; give another folder: -o"
        raise UsageError(msg) from error


def _clear(record: Path) -> None:
    """Remove what an unfinished probe left."""
    record.unlink(missing_ok=True)
    current_file(record).unlink(missing_ok=True)
    reason_file(record).unlink(missing_ok=True)


def read_limits(seconds: float, mebibytes: int) -> Limits:
    """Return limits; without one for memory, a share of the machine's."""
    if mebibytes:
        return Limits(seconds=seconds, memory=mebibytes * 2**20)
    import psutil

    return Limits(seconds=seconds, memory=int(psutil.virtual_memory().total * MEMORY))
