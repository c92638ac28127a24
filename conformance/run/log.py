"""The log of an adapter's output, beside the record and of limited size."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING

from conformance.records import clean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from io import FileIO
    from pathlib import Path
    from types import TracebackType
    from typing import Self

FIRST = 8 * 2**20
"""Bytes of the beginning that are kept."""

FRAMES = 8
"""Frames of a dead process that are shown where the adapter's file is not in them."""

LAST = 64 * 2**10
"""Bytes of the end that are kept."""


class Log:
    """One run's output, over all its processes.

    Args:
        path: The file, made anew.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._lost = 0
        self._last = self._said = b""
        self._lock = Lock()
        self._file: FileIO | None = None
        with suppress(OSError):  # a full disk
            self._file = path.open("wb", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write the end behind what was left out."""
        with self._lock:
            if self._lost:
                shown = self._last[-min(self._lost, LAST) :]
                left_out = self._lost - len(shown)
                self._write(f"\n[... {left_out} bytes left out ...]\n".encode() + shown)
            if self._file is not None:
                self._file.close()

    def follow(self, descriptor: int) -> Thread:
        """Take what comes out of a process, in a thread that ends with its pipe."""
        with self._lock:
            self._said = b""
        thread = Thread(target=self._follow, args=(descriptor,), daemon=True)
        thread.start()
        return thread

    def read_reason(self) -> str:
        """Return the process's last lines."""
        with self._lock:
            text = self._said.decode(errors="replace")
        return "\n".join(clean(text, LAST).strip().splitlines()[-20:])

    def told(self, word: str) -> tuple[str, str]:
        """Return what the process itself says of its end: the kind and a message.

        Args:
            word: What only the process and we know, so that no adapter says it.
        """
        with self._lock:
            text = self._said.decode(errors="replace")
        found = re.search(rf"\n{word} (\w+)\n(.*?)\n{word} end\n", text, re.DOTALL)
        return (found[1], clean(found[2], LAST).strip()) if found else ("", "")

    def trace(self, file: str) -> str:
        """Return where the process was when it died, as faulthandler says it.

        Args:
            file: The adapter's file; frames below it are the suite's own.
        """
        with self._lock:
            text = clean(self._said.decode(errors="replace"), LAST)
        _, found, tail = text.rpartition("Current thread 0x")
        frames: list[str] = []
        for line in tail.splitlines()[1:] if found else ():
            if not line.startswith('  File "') or f'"{file}"' in "".join(frames):
                break
            frames.append(line)
        if f'"{file}"' not in "".join(frames):
            frames = frames[:FRAMES]  # called from elsewhere, as a library's object
        return "\n".join(["most recent call first:", *frames]) if frames else ""

    def _follow(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb", buffering=0) as pipe:
            for chunk in _chunks(pipe.fileno()):
                with self._lock:
                    self._take(chunk)

    def _take(self, chunk: bytes) -> None:
        room = max(0, FIRST - self.size)
        self.size += len(chunk)
        self._last = (self._last + chunk)[-LAST:]
        self._said = (self._said + chunk)[-LAST:]
        self._lost += len(chunk) - len(chunk[:room])
        self._write(chunk[:room])

    def _write(self, chunk: bytes) -> None:
        """Keep what there is room for: a full disk must not end what is followed."""
        try:
            if self._file is not None and chunk:
                self._file.write(chunk)
        except (OSError, ValueError):
            self._file = None


def _chunks(descriptor: int) -> Iterable[bytes]:
    while chunk := os.read(descriptor, 2**16):
        yield chunk
