"""Run records written line by line, so that whatever happens leaves what was done.

Beside a record lie, while it is written, `<record>.current`, which names what is under
way, and `<record>.observed`, what was seen of behaviour that is not declared.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

import msgspec

from conformance.errors import ConformanceError, IncompleteRunError, ResultError
from conformance.records.text import tidy
from conformance.specification.disk import FULL, make_way, open_regular, remove

if TYPE_CHECKING:
    from collections.abc import Iterable
    from io import FileIO
    from types import TracebackType

    from conformance.records.protocol import Record
    from conformance.records.record import Footer, Header, Result

NAME_LIMIT = 2**16
"""Bytes of a line that names what is under way."""

OBSERVED_LIMIT = 2**24
"""Bytes of what was observed that are read back."""


class Writer:
    """Writes one record, a line for each call, so that a crash keeps what was done.

    A line that does not fit on the disk is taken back whole, so that the file stays
    readable.

    Args:
        path: The file; its folder is made where it is missing.
        resume: Go on with a record that a crash left without footer.

    Raises:
        IncompleteRunError: There is no room on the disk.
        ResultError: The file cannot be written for another reason.
    """

    def __init__(self, path: Path | str, *, resume: bool = False) -> None:
        self.path = Path(path)
        self._current: FileIO | None = None
        # Files that a check closed or moved away are kept open, as far as we know: to
        # close them would close what has their number by now.
        self._left: list[FileIO] = []
        self._failed: ConformanceError | None = None
        self._process = os.getpid()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if resume and self.path.exists():
                _drop_cut_line(self.path)
            self._file = self.path.open("ab" if resume else "wb", buffering=0)
            if not resume:
                forget(self.path)
            # What a check does to the file is made good from here.
            self._copy = bytearray(self.path.read_bytes())
            self._state = _state(self.path)
        except OSError as error:
            raise _write_error(self.path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; without footer the record stays incomplete."""
        for each in (*self._left, self._file, self._current):
            if each is not None:
                with suppress(OSError):
                    each.close()

    def header(self, header: Header) -> None:
        """Write the first line."""
        self._write(header)

    def announce(self, what: str) -> None:
        """Write down what comes next, so that a crash has a name.

        The name is the file's first line: written in one call over the last one, it is
        whole whenever the process dies.
        """
        self._leave_copy()
        path = current_file(self.path)
        try:
            if self._current is None or not _is_same(self._current, path):
                make_way(path)
                self._left += [self._current] if self._current is not None else []
                self._current = path.open("wb", buffering=0)
            self._current.seek(0)
            self._current.write(f"{what}\n".encode())
        except OSError as error:
            raise _write_error(path, error) from error

    def mend(self) -> str:
        """Make good what a check did to the file; return what that was, or nothing.

        Raises:
            IncompleteRunError: There is no room on the disk.
            ResultError: The file cannot be written for another reason.
        """
        self._leave_copy()
        try:
            now = _state(self.path)
        except OSError:
            now = None
        untouched = now == self._state
        if untouched and _is_same(self._file, self.path):
            return ""
        self._rewrite()
        if untouched:
            return "closed the file of the run's record"
        return (
            "removed the run's record" if now is None else "wrote to the run's record"
        )

    def _rewrite(self) -> None:
        fresh = self.path.with_name(self.path.name + ".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for each in (fresh, self.path):
                make_way(each)
            fresh.write_bytes(self._copy)
            fresh.replace(self.path)
            self._left.append(self._file)
            self._file = self.path.open("ab", buffering=0)
            self._state = _state(self.path)
        except OSError as error:
            raise _write_error(self.path, error) from error

    def _leave_copy(self) -> None:
        """End here in a copy of the process that a check made and let go on."""
        if os.getpid() != self._process:
            os._exit(0)

    def result(self, result: Result) -> None:
        """Write one check's line, its texts cleaned and cut."""
        self._write(result)

    def observed(self, key: str, seen: str) -> None:
        """Keep what was seen until the footer holds it."""
        path = observed_file(self.path)
        try:
            make_way(path)
            with path.open("ab") as file:
                file.write(msgspec.json.encode([key, seen]) + b"\n")
        except OSError as error:
            raise _write_error(path, error) from error

    def footer(self, footer: Footer) -> None:
        """Write the last line; the run is over."""
        self._write(footer)
        forget(self.path)

    def _write(self, line: Header | Result | Footer) -> None:
        self._leave_copy()
        if self._failed is not None:
            raise self._failed
        left = memoryview(msgspec.json.encode(tidy(msgspec.to_builtins(line))) + b"\n")
        whole = bytes(left)
        end = len(self._copy)
        try:
            while left:
                left = left[self._file.write(left) :]
            self._copy += whole
            self._state = _state(self.path)
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(end)
            # A shorter line might fit, and would say of the others what is not so.
            self._failed = _write_error(self.path, error)
            raise self._failed from error


def _state(path: Path) -> tuple[int, ...]:
    """Return what changes with a file's content, or when it is another file."""
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _is_same(file: FileIO, path: Path) -> bool:
    """Tell whether a descriptor is open, and on that file."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except (OSError, ValueError):
        return False


def renew(path: Path, header: Header, results: Iterable[Result]) -> None:
    """Write a record's beginning in one step: the old file or the new one is there."""
    fresh = path.with_name(path.name + ".new")
    try:
        with Writer(fresh) as writer:
            writer.header(header)
            for result in results:
                writer.result(result)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def write(run: Record, path: Path) -> None:
    """Write a whole run as a record.

    Raises:
        IncompleteRunError: There is no room on the disk.
        ResultError: The file cannot be written for another reason.
    """
    with Writer(path) as writer:
        writer.header(run.header)
        for result in run.results:
            writer.result(result)
        if run.footer is not None:
            writer.footer(run.footer)


def current_file(path: Path) -> Path:
    """Return the side file that names the check a run is in."""
    return path.with_name(path.name + ".current")


def observed_file(path: Path) -> Path:
    """Return the side file of what was observed so far."""
    return path.with_name(path.name + ".observed")


def read_current(path: Path) -> str:
    """Return what a record's run was doing when it ended; nothing if it is over."""
    try:
        with open_regular(current_file(path)) as file:
            line = file.readline(NAME_LIMIT)
    except OSError:
        return ""
    return line.decode(errors="replace").strip()


def read_observed(path: Path) -> dict[str, str]:
    """Return what a record's run had observed when it ended; a cut line is left out."""
    found = {}
    try:
        with open_regular(observed_file(path)) as file:
            lines = file.read(OBSERVED_LIMIT).splitlines()
    except OSError:
        return {}
    for line in lines:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            key, what = msgspec.json.decode(line, type=tuple[str, str])
            found[key] = what
    return found


def forget(path: Path) -> None:
    """Remove a record's side files."""
    remove(current_file(path))
    remove(observed_file(path))


def _write_error(path: Path, error: OSError) -> ConformanceError:
    """Return the error that names the file, and says what to do."""
    what = f"results file {path} cannot be written: {error.strerror}"
    if error.errno in FULL:
        return IncompleteRunError(
            f"{what}; what is in it stays readable; make room, then go on with "
            "`mask-conformance run --resume`"
        )
    return ResultError(f"{what}; give another folder with -o")


def _drop_cut_line(path: Path) -> None:
    """Remove what a crash left of a last line."""
    content = path.read_bytes()
    os.truncate(path, content.rfind(b"\n") + 1)
