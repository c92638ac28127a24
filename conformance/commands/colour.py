"""Colour for verdicts on a terminal, put in behind all text that others wrote."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

_RED, _GREEN, _YELLOW = "\x1b[31m", "\x1b[32m", "\x1b[33m"
_PLAIN = "\x1b[0m"
_COLOURS = (
    (re.compile(r"(?m)^(?:FAILED|ERRORED|error:|STALE|WRONG)(?=\s)"), _RED),
    (re.compile(r"INCOMPLETE:|NON-DETERMINISTIC|\b[\d,]+ NEW\b|NOT RUN"), _RED),
    (re.compile(r"(?m)\b(?:LEAK|RAISES)(?=\s)"), _RED),
    (re.compile(r"(?m)^PASSED(?=\s)|\b[\d,/]+ passed\b|same bits"), _GREEN),
    (re.compile(r"(?m)^KNOWN(?=\s)|\b[\d,]+ known\b"), _YELLOW),
)


def wants_colour(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal whose user has not asked for plain text.

    https://no-color.org: set and not empty, ``NO_COLOR`` means none.
    """
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def paint(text: str) -> str:
    """Return a text that is free of terminal codes with its verdicts in colour."""
    for words, colour in _COLOURS:
        text = words.sub(rf"{colour}\g<0>{_PLAIN}", text)
    return text


def paint_for(text: str, stream: TextIO) -> str:
    """Return a text as a stream shows it, in colour where that is wanted."""
    return paint(text) if wants_colour(stream) else text
