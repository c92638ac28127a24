"""Set up the process of a run, so that one check harms no other.

Only a process that `launch` beside it has started does this, never anybody's pytest.
"""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

FULL = 74
"""Exit status of a run whose record cannot be written, as in BSD's sysexits.h."""


def become_child() -> None:
    """End with the parent, go first without memory, dump no core, collect less often.

    The parent holds the other end of the standard input, which no adapter gets to see.
    """
    # Traced programs are many small objects, and few of them garbage.
    gc.set_threshold(50_000, 20)
    lifeline = os.dup(0)
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


def _end_with(lifeline: int) -> None:
    with suppress(OSError):
        os.read(lifeline, 1)
    os._exit(1)


class Streams:
    """The process's output, opened again where a check has closed it."""

    def __init__(self) -> None:
        self._kept = {number: os.dup(number) for number in (1, 2)}

    def mend(self) -> str:
        """Open what is closed, and return which stream that was, or nothing."""
        closed = []
        for number, name in ((1, "stdout"), (2, "stderr")):
            stream = getattr(sys, name)
            gone = _gone(number)
            if gone:
                os.dup2(self._kept[number], number)
            if stream is None or stream.closed:
                setattr(sys, name, os.fdopen(number, "w", 1, closefd=False))
                gone = True
            if gone:
                closed.append(name)
        return " and ".join(closed)


def _gone(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return True
    return False
