"""One run at a time for one record: two would write into each other's lines."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.specification.disk import unwritable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def lock(record: Path) -> Iterator[None]:
    """Hold a record for this run; the system gives it free whatever ends us.

    Raises:
        UsageError: Another run writes it, or its folder cannot be written.
        IncompleteRunError: There is no room on the disk.
    """
    path = record.with_name(f"{record.name}.lock")
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise unwritable(str(record), error) from error
    try:
        if not _take(descriptor):
            msg = (
                f"{record}: another run writes it now; wait for it, or give another "
                "folder with -o"
            )
            raise UsageError(msg)
        try:
            yield
        finally:
            # Removed while it is held: who waits for it would hold what nobody sees.
            with suppress(OSError):
                path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> bool:
    """Lock a file if nobody else has; where that cannot be told, nobody has."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
