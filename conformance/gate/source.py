"""Find the line of an adapter's function, for editors and annotations."""

from __future__ import annotations

import re
from pathlib import Path

from conformance.errors import UsageError
from conformance.records import clean, parse_check

SOURCE = 2**22
"""Bytes of an adapter's file in which its functions are looked for."""


def find_line(file: str, check: str, *, anywhere: bool = False) -> int:
    """Return the line of the function that a check calls, or 0.

    Args:
        file: The adapter's file, as a record names it.
        check: The check's id.
        anywhere: Whether a file outside the working folder is read too. A record is
            somebody else's file: it may name a pipe, a device or a secret.
    """
    try:
        operation = parse_check(check).operation
    except UsageError:
        return 0
    wanted = re.compile(rf"\s*def (build_)?{re.escape(operation)}\(")
    lines = _read(file, anywhere=anywhere)
    return next((at for at, line in enumerate(lines, 1) if wanted.match(line)), 0)


def locate(file: str, check: str, *, anywhere: bool = False) -> str:
    """Return ``file:line`` of a check's function, which editors make a link.

    Nothing where the file or the function is not found.
    """
    line = find_line(file, check, anywhere=anywhere)
    return f"{clean(file, 500)}:{line}" if line else ""


def _read(file: str, *, anywhere: bool) -> list[str]:
    """Return the lines of an adapter's file, if it is one that may be read."""
    try:
        path = Path(file).resolve()
        inside = anywhere or path.is_relative_to(Path.cwd())
        fits = inside and path.suffix == ".py" and path.is_file()
        if not fits or path.stat().st_size > SOURCE:
            return []
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError, RuntimeError):
        return []
