"""Files read and written: whatever goes wrong is a message that names the file."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from conformance.errors import ConformanceError, IncompleteRunError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 2**28
"""Bytes of a file that is read whole; a larger one is nobody's source or case."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What an operating system says when there is no room, rather than no right."""


def is_there(path: Path) -> bool:
    """Tell whether a file or folder is there; a name that cannot be is not."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists() raises for such a name


def is_file(path: Path) -> bool:
    """Tell whether a file is there; a name that cannot be is none."""
    return os.path.isfile(path)  # noqa: PTH113 - as above


def is_folder(path: Path) -> bool:
    """Tell whether a folder is there; a name that cannot be is none."""
    return os.path.isdir(path)  # noqa: PTH112 - as above


def check_regular(path: Path) -> None:
    """Refuse what is no file: a pipe would hang, a device might never end.

    Raises:
        OSError: It is not there, or not a regular file.
    """
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe or a device, not a file", str(path))


def open_regular(path: Path) -> BinaryIO:
    """Open a file to read it, while another process may put anything in its place.

    Raises:
        OSError: It is not there, or not a regular file.
    """
    # Without waiting for whoever writes: a pipe in its place would hang us for ever.
    how = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, how)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a file", str(path))
    return os.fdopen(descriptor, "rb")


def remove(path: Path) -> None:
    """Remove a file of ours, or the folder, link or pipe that is in its place.

    Raises:
        OSError: It cannot be removed.
    """
    if path.is_dir() and not path.is_symlink():
        import shutil  # slow to import, and most commands remove nothing

        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make_way(path: Path) -> None:
    """Remove what is in a file's place and is no file.

    Raises:
        OSError: It cannot be removed.
    """
    if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
        remove(path)


def read_bytes(path: Path) -> bytes:
    """Return a file's content.

    Raises:
        OSError: It cannot be read, is no regular file, or is larger than `LIMIT`.
    """
    check_regular(path)
    with path.open("rb") as file:
        content = file.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise OSError(errno.EFBIG, f"it is larger than {LIMIT // 2**20} MiB", str(path))
    return content


def read_text(path: Path) -> str:
    """Return a text file's content, its line ends turned into line feeds.

    Raises:
        OSError: As `read_bytes`.
        UnicodeDecodeError: It is not UTF-8.
    """
    text = read_bytes(path).decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def write_text(path: Path, text: str) -> None:
    """Write a file in one step, its folder made where it is missing.

    What was there stays until the new content is whole.

    Raises:
        IncompleteRunError: There is no room on the disk.
        UsageError: It cannot be written for another reason.
    """
    fresh = path.with_name(f"{path.name[:200]}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_there(path) and not path.is_file():
            # A device such as /dev/stdout, which nothing can be moved over.
            with path.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            return
        fresh.write_text(text, encoding="utf-8", newline="\n")
        fresh.replace(path.resolve() if path.is_symlink() else path)
    except (OSError, RuntimeError, ValueError) as error:
        raise unwritable(str(path), error) from error
    finally:
        with suppress(OSError, ValueError):
            fresh.unlink(missing_ok=True)


def unwritable(what: str, error: Exception) -> ConformanceError:
    """Return the error of a file that cannot be written, and what to do."""
    reason = getattr(error, "strerror", None) or str(error)
    text = f"{what} cannot be written: {reason}"
    if getattr(error, "errno", None) in FULL:
        return IncompleteRunError(f"{text}; make room and try again")
    return UsageError(f"{text}; give another place with -o")
