"""Start a run in a process of its own, follow it, and read what it left behind.

The process is pytest with one item for each check. What an adapter prints goes to a
log beside the record; whatever it does to its process, finished results are kept.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from time import sleep
from typing import TYPE_CHECKING

import msgspec

from conformance.errors import IncompleteRunError, UsageError
from conformance.results import Result, Run, Writer, clean, read
from conformance.results.files import current
from conformance.results.text import is_check

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
_UNUSED = ("logging", "threadexception", "unraisableexception", "subtests", "doctest")
"""pytest's own plugins that a run has no use for, and that see every check."""

_USAGE = 4
"""pytest's exit status for bad use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One adapter's run.

    Attributes:
        reference: The adapter, as the command line names it.
        record: Where its record goes.
        options: Options of ``conformance.pytest_plugin``.
        variables: Environment variables for the process.
    """

    reference: str
    record: Path
    options: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


def launch(order: Order, follow: Callable[[int, int], None]) -> Run:
    """Run one adapter's checks and return its record.

    Args:
        order: What to run.
        follow: Called with finished and planned checks while the run goes on.

    Raises:
        UsageError: The adapter does not load, or no check is selected.
        IncompleteRunError: The run ended before it wrote anything.
    """
    order.record.parent.mkdir(parents=True, exist_ok=True)
    for stale in (order.record, current(order.record)):
        stale.unlink(missing_ok=True)
    log = order.record.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            _command(order), stdout=output, stderr=output, env=_environment(order)
        )
        try:
            _wait(process, order.record, follow)
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
    return _read(order, process.returncode, log)


def _command(order: Order) -> list[str]:
    return [
        *(sys.executable, "-m", "pytest", "-p", "conformance.pytest_plugin"),
        *("--pyargs", "conformance.suite", "-c", os.devnull, "-p", "no:cacheprovider"),
        *("--rootdir", str(order.record.parent), "--capture=no", "--tb=no", "-q"),
        *("--import-mode=importlib", "-W", "ignore"),
        *(f"-pno:{plugin}" for plugin in _UNUSED),
        *("--mask-adapter", order.reference, "--mask-results", str(order.record)),
        *order.options,
    ]


def _environment(order: Order) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name != "PYTEST_ADDOPTS"}
    return _QUIET | kept | dict(order.variables)


def _wait(
    process: subprocess.Popen[bytes], record: Path, follow: Callable[[int, int], None]
) -> None:
    """Count the record's lines while the process writes them."""
    lines, planned, at = 0, 0, 0
    while True:
        ended = process.poll() is not None
        if record.exists():
            with record.open("rb") as file:
                file.seek(at)
                fresh = file.read()
            if not planned and b"\n" in fresh:
                planned = _planned(fresh.partition(b"\n")[0])
            at, lines = at + len(fresh), lines + fresh.count(b"\n")
            follow(max(0, min(lines - 1, planned)), planned)
        if ended:
            return
        sleep(0.1)


def _planned(line: bytes) -> int:
    try:
        header = msgspec.json.decode(line)
        return int(header["planned"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return 0


def _read(order: Order, status: int, log: Path) -> Run:
    if not order.record.exists():
        said = _said(log)
        if status == _USAGE:
            raise UsageError(
                said or f"{order.reference}: could not be started, see {log}"
            )
        msg = f"{order.reference}: {_death(status)} before its first check; see {log}"
        raise IncompleteRunError(f"{msg}\n{said}" if said else msg)
    side = current(order.record)
    # A run that ends in order takes this file away, whatever its exit status is.
    if side.exists():
        named = side.read_text(encoding="utf-8").strip()
        if is_check(named):
            _bury(order.record, named, _death(status))
            side.unlink()
        else:
            # Not a check's outcome; the reader names it as where the run crashed.
            side.write_text(f"{named}: {_death(status)}", encoding="utf-8")
    return read(order.record)


def _bury(record: Path, check: str, death: str) -> None:
    """Write down the check that the process died in."""
    with Writer(record, resume=True) as writer:
        writer.result(Result(check=check, outcome="errored", message=death))


def _death(status: int) -> str:
    if status >= 0:
        return f"the process ended with exit status {status}"
    return f"the process was ended by {signal.Signals(-status).name}"


def _said(log: Path) -> str:
    """Return what pytest gave as the reason, or the log's last lines."""
    lines = (
        clean(log.read_text(encoding="utf-8", errors="replace")).strip().splitlines()
    )
    errors = [n for n, line in enumerate(lines) if line.startswith("ERROR: ")]
    if errors:
        return "\n".join(lines[errors[0] :]).removeprefix("ERROR: ").strip()
    return "\n".join(lines[-20:])
