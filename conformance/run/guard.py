"""What outlives a process: ended with it, whatever becomes of us.

Everything that a run's process starts has a mark in its environment. So a process that
left the group, by a session of its own, is found as long as it does not hide.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = "MASK_CONFORMANCE_RUN"
"""The environment variable that a run's processes have."""

ROUNDS = 5
"""How often strays are looked for: one may start another meanwhile."""

# A shell, since it takes next to no memory and no lock of an interpreter. It reads
# until we are gone, whatever ended us; then it ends the group, and what left it.
_WATCH = r"""
read -r _ && exit 0
kill -9 "-$1" 2>/dev/null
for folder in /proc/[0-9]*; do
  [ -r "$folder/environ" ] || continue
  tr '\0' '\n' < "$folder/environ" 2>/dev/null | grep -qx "$2" || continue
  kill -9 "${folder#/proc/}" 2>/dev/null
done
"""


class Guard:
    """Ends a process group and its strays, also when this process is killed.

    Attributes:
        mark: The value of :data:`MARK` in the environment of the group.
    """

    def __init__(self) -> None:
        self.mark = token_hex(16)
        self._watch: subprocess.Popen[bytes] | None = None

    def watch(self, group: int) -> None:
        """Begin to guard a group; without a shell it is not guarded."""
        if sys.platform == "win32":
            return
        with suppress(OSError):
            self._watch = subprocess.Popen(
                ["/bin/sh", "-c", _WATCH, "sh", str(group), f"{MARK}={self.mark}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", os.defpath)},
                start_new_session=True,
            )

    def end(self, group: int) -> int:
        """End the group and what left it; return how many had left it."""
        if sys.platform == "win32":
            return 0
        with suppress(OSError):
            os.killpg(group, signal.SIGKILL)
        found: set[int] = set()
        for _ in range(ROUNDS):
            strays = {pid for pid in self._strays() if _session(pid) != group}
            for pid in strays:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if strays <= found:
                break
            found |= strays
        self._release()
        return len(found)

    def _release(self) -> None:
        if self._watch is None or self._watch.stdin is None:
            return
        with suppress(OSError):
            self._watch.stdin.write(b"over\n")
            self._watch.stdin.close()
        self._watch.wait()

    def _strays(self) -> Iterator[int]:
        """Yield the processes that have the mark; where there is no /proc, none."""
        wanted = f"{MARK}={self.mark}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    yield int(folder.name)


def _session(pid: int) -> int:
    """Return a process's session; 0 where it is gone."""
    try:
        return os.getsid(pid)
    except OSError:
        return 0
