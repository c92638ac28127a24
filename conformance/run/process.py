"""Start one process of a run, watch it, and end it when it exceeds a limit.

Neither pytest-xdist nor pytest-timeout can do this. A controller that receives its
workers' reports cannot tell a check that hangs from one that is slow, and a timer
inside the process needs the interpreter's lock, which code that hangs in C keeps.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from time import monotonic, sleep
from typing import TYPE_CHECKING

from conformance.records.writing import read_current
from conformance.run.guard import MARK, Guard
from conformance.run.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from threading import Event

    from conformance.run.log import Log

START = 300.0
"""Time limit for importing an adapter and its framework, in seconds."""

END = 30.0
"""Time limit for a process to end once all its checks are done, in seconds."""

OUTPUT = 64 * 2**20
"""Output limit per check, in bytes."""

GRACE = 3.0
"""Seconds between the signal that asks a process to end and the one that ends it."""

POLL = 0.05
"""Seconds between two looks at a process, each a few system calls: 20 a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of a check.

    Attributes:
        seconds: Time limit in seconds; 0 means none.
        memory: Limit for the resident memory of its process and that process's
            descendants, in bytes; 0 means none.
        output: Limit for its output, in bytes.
    """

    seconds: float = 300.0
    memory: int = 0
    output: int = OUTPUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """The end of a process.

    Attributes:
        status: Its exit status; negative is a signal's number.
        reason: The limit that it exceeded; empty if it ended by itself.
        stopped: Whether the user stopped it.
    """

    status: int
    reason: str = ""
    stopped: bool = False

    def __str__(self) -> str:
        if self.reason:
            return self.reason
        if self.status >= 0:
            return f"the process ended with exit status {self.status}"
        known = {each.value: each.name for each in signal.Signals}
        name = known.get(-self.status, f"signal {-self.status}")
        return f"the process was ended by {name}"


def enter(module: str) -> list[str]:
    """Return a command that runs a module's ``main`` in this very suite.

    Nothing of the working folder is imported instead of what we mean: no `numpy.py`, no
    folder `conformance/`.
    """
    root = str(Path(__file__).resolve().parents[2])
    code = (
        f"import sys; sys.path.insert(0, {root!r}); import conformance; "
        f"sys.path.remove({root!r}); from {module} import main; sys.exit(main())"
    )
    return [sys.executable, "-P", "-X", "faulthandler", "-c", code]


class Process:
    """A running process.

    Args:
        command: What to run.
        variables: Its environment.
        record: The record that it writes, followed while it goes on.
        log: Where its output goes.
    """

    def __init__(
        self,
        command: Sequence[str],
        variables: Mapping[str, str],
        record: Path,
        log: Log,
    ) -> None:
        self.record = record
        self.log = log
        self.word = token_hex(16)
        """What begins the lines that the process itself says to us."""
        self.left = 0
        """Processes that it started, that left its group and that were ended."""
        self._guard = Guard()
        # Nothing but that word is written to its input. The pipe closes when this
        # process ends, however that happens, and the child then ends itself
        # (run/child.py): no run is left behind by a killed terminal. A session of its
        # own keeps Ctrl-C from reaching both, and gives it a group of processes that
        # can be killed as one.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**variables, MARK: self._guard.mark},
            start_new_session=True,
        )
        self._guard.watch(self._process.pid)
        if self._process.stdin is not None:
            with suppress(OSError):  # it is gone already
                self._process.stdin.write(f"{self.word}\n".encode())
                self._process.stdin.flush()
        output = self._process.stdout
        # A copy of the descriptor for the thread that follows it: this one is closed
        # with the process, while a grandchild may still write to the other.
        self._output = log.follow(os.dup(output.fileno())) if output else None
        if output:
            output.close()
        self.tail = Tail(record)

    def wait(
        self, limits: Limits, follow: Callable[[int, int], None], stop: Event
    ) -> Ending:
        """Watch the process to its end and return that end."""
        watch = _Watch(self._process.pid, limits, self.record, self.log)
        try:
            while self._process.poll() is None:
                follow(*self.tail.count())
                if stop.is_set():
                    self._end(signal.SIGINT)
                    return Ending(status=self._process.returncode, stopped=True)
                reason = watch.find_exceeded()
                if reason:
                    # Not SIGKILL: on SIGABRT faulthandler prints the Python stack,
                    # also where the thread hangs in C, and the log keeps it.
                    self._end(signal.SIGABRT)
                    return Ending(status=self._process.returncode, reason=reason)
                sleep(POLL)
        finally:
            self._clear()
        follow(*self.tail.count())
        return Ending(status=self._process.returncode)

    def _end(self, with_: signal.Signals) -> None:
        with suppress(OSError, ValueError):  # Windows lacks most signals
            self._process.send_signal(with_)
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _clear(self) -> None:
        """End what the process has left running, and read what it said last."""
        self.left = self._guard.end(self._process.pid)
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._output is not None:
            self._output.join(GRACE)


class _Watch:
    """The check that is under way, its start, and its use of time and output."""

    def __init__(self, pid: int, limits: Limits, record: Path, log: Log) -> None:
        self._pid = pid
        self._limits = limits
        self._record = record
        self._log = log
        self._now: tuple[str, int] = ("", 0)
        self._since = monotonic()
        self._printed = log.size
        self._began = False
        self._memory = _memory() if limits.memory else None

    def find_exceeded(self) -> str:
        """Return which limit is exceeded, or nothing."""
        limits, now = self._limits, self._state()
        # The record's size tells two checks of one name apart, such as a check that is
        # repeated; every result makes the record grow.
        if now != self._now:
            self._now, self._since, self._printed = now, monotonic(), self._log.size
            self._began = self._began or bool(now[0])
        took = monotonic() - self._since
        if self._log.size - self._printed > limits.output:
            return f"printed more than {limits.output // 2**20} MiB"
        # Between checks nothing is announced: that is the import before the first
        # check, or the end after the last one.
        idle = END if self._began else max(START, limits.seconds)
        if limits.seconds and not now[0] and took > idle:
            return f"did not {'end' if self._began else 'begin'} within {idle:g} s"
        if limits.seconds and now[0] and took > limits.seconds:
            return f"did not return within {limits.seconds:g} s (--timeout)"
        if self._memory is not None and self._memory(self._pid) > limits.memory:
            return f"took more than {limits.memory / 2**20:g} MiB of memory (--memory)"
        return ""

    def _state(self) -> tuple[str, int]:
        """Return the announced check, and the record's size at this moment."""
        what = read_current(self._record)
        try:
            return what, self._record.stat().st_size
        except OSError:
            return what, 0


def _memory() -> Callable[[int], int]:
    """Return a function for the resident bytes of a process and its descendants.

    Not RLIMIT_AS: frameworks reserve address space that they never touch.
    """
    import psutil

    def measure(pid: int) -> int:
        try:
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
        except psutil.Error:
            return 0
        total = 0
        for each in family:
            with suppress(psutil.Error):
                total += each.memory_info().rss
        return total

    return measure
