"""Set up the process of a run, so that one check harms no other.

Only a process that `launch` beside it has started does this, never anybody's pytest.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import NoReturn

from conformance.errors import ConformanceError, UsageError

USAGE, FULL = "usage", "incomplete"
"""Why a process ends before its work is done, as it tells its parent."""

SPARE = 24
"""Descriptors that a check must leave free, for the next one to begin."""


def become_child() -> str:
    """End with the parent, go first without memory, dump no core, collect less often.

    The parent holds the other end of the standard input, which no adapter gets to see.

    Returns:
        The parent's word, which what this process says to it begins with: an adapter's
        output and exit status say nothing of the run.
    """
    # Traced programs are many small objects, and few of them garbage.
    gc.set_threshold(50_000, 20)
    lifeline = os.dup(0)
    word = _read_word(lifeline)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    Thread(target=_end_with, args=(lifeline,), daemon=True).start()
    with suppress(OSError):  # Linux alone has it
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    if sys.platform != "win32":
        import resource

        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (0, most))
    return word


def refuse(word: str, error: ConformanceError) -> NoReturn:
    """Tell the parent why the run does not begin, or go on, and end the process."""
    kind = USAGE if error.exit_status == UsageError.exit_status else FULL
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # an adapter may have put anything there
            stream.flush()
    text = f"\n{word} {kind}\n{error}\n{word} end\n"
    os.write(2, text.encode(errors="replace"))
    os._exit(1)


def _read_word(descriptor: int) -> str:
    found = b""
    while not found.endswith(b"\n"):
        byte = os.read(descriptor, 1)
        if not byte:
            os._exit(1)  # the parent is gone already
        found += byte
    return found.decode("ascii").strip()


def _end_with(lifeline: int) -> None:
    with suppress(OSError):
        os.read(lifeline, 1)
    os._exit(1)


def main() -> int:
    """Run pytest on the suite, as `launch` has it done."""
    import pytest

    return int(pytest.main(sys.argv[1:]))


class Upkeep:
    """What every check finds as the first one did: streams, folder, limits, timers."""

    def __init__(self) -> None:
        self._kept = {number: os.dup(number) for number in (1, 2)}
        self._folder = Path.cwd()
        self._depth = sys.getrecursionlimit()
        self._limits = _limits()
        self.spent = False
        """Whether no further check can run in this process."""

    def mend(self) -> str:
        """Repair what a check did, and return what of it is an error, or nothing."""
        sys.setrecursionlimit(self._depth)
        with suppress(OSError):
            os.chdir(self._folder)
        if sys.platform != "win32":
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._mend_limits()
        if not _has_room():
            self.spent = True
            return "used up the process's file descriptors"
        closed = self._mend_streams()
        return f"closed the process's {closed}" if closed else ""

    def _mend_streams(self) -> str:
        """Open what is closed, and return which stream that was, or nothing."""
        closed = []
        for number, name in ((1, "stdout"), (2, "stderr")):
            stream = getattr(sys, name)
            gone = _is_closed(number)
            if gone and not self._reopen(number):
                continue
            if stream is None or stream.closed:
                setattr(sys, name, os.fdopen(number, "w", 1, closefd=False))
                gone = True
            if gone:
                closed.append(name)
        return " and ".join(closed)

    def _reopen(self, number: int) -> bool:
        """Open a stream again; where its copy is closed too, another process has to."""
        try:
            os.dup2(self._kept[number], number)
        except OSError:
            self.spent = True
        return not self.spent

    def _mend_limits(self) -> None:
        for what, (soft, hard) in self._limits.items():
            now = _limits(what)[what]
            if now != (soft, hard):
                self.spent = self.spent or now[1] != hard
                import resource

                with suppress(OSError, ValueError):
                    resource.setrlimit(what, (soft, now[1]))


def _limits(*wanted: int) -> dict[int, tuple[int, int]]:
    """Return the process's limits, soft and hard."""
    if sys.platform == "win32":
        return {}
    import resource

    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    every = wanted or tuple({getattr(resource, name) for name in names})
    return {what: resource.getrlimit(what) for what in every}


def _has_room() -> bool:
    """Tell whether as many descriptors are left as a check's own work takes."""
    opened = []
    try:
        opened += [os.open(os.devnull, os.O_RDONLY) for _ in range(SPARE)]
    except OSError:
        return False
    finally:
        for each in opened:
            os.close(each)
    return True


def _is_closed(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return True
    return False
