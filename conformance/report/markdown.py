"""Text that Markdown and HTML leave alone, and an issue for an upstream tracker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.records import clean, describe

if TYPE_CHECKING:
    from conformance.report.count import Difference

LIMIT = 60_000
"""Bytes; GitHub drops the whole job summary above a mebibyte, mail far below.

https://github.com/Azure/bicep-registry-modules/issues/7331
"""

_MARKUP = re.compile(r"[\\`*\[\]<>|@#!~$&{}]")


def issue(difference: Difference, clause: str) -> str:
    """Return one difference as Markdown, ready for an upstream tracker."""
    said = describe(difference.result, sentence=clause)
    header = difference.column.run.header
    versions = ", ".join(f"{name} {text}" for name, text in header.versions.items())
    parts = [f"{code(said.check)}: {escape(said.message)}"]
    if said.clause:
        sentence = f": {escape(said.sentence)}" if said.sentence else ""
        parts.append(f"Expected by clause {code(said.clause)}{sentence}")
    parts += (
        [f"Recognised: {escape('; '.join(said.diagnosis.splitlines()))}"]
        if said.diagnosis
        else []
    )
    parts.append(f"Versions: {escape(versions)}")
    parts += [fence("\n".join(said.values))] if said.values else []
    parts += [fence(said.snippet, "python")] if said.snippet else []
    parts += [fence(said.trace.strip())] if said.trace else []
    parts += [f"May not repeat: {escape(said.repeats)}"] if said.repeats else []
    parts += [f"Again: {code(said.command)}"] if said.command else []
    return "\n\n".join(parts) + "\n"


def escape(text: str, limit: int = 10_000) -> str:
    """Return ``text`` as one line that Markdown and HTML leave alone.

    >>> escape("a | b @c")
    'a &#124; b &#64;c'
    """
    line = " ".join(clean(text).split())
    line = line if len(line) <= limit else line[:limit] + " ..."
    return _MARKUP.sub(lambda found: f"&#{ord(found.group())};", line)


def code(text: str) -> str:
    """Return ``text`` as inline code, whatever is in it."""
    line = " ".join(clean(text).split())
    if "`" in line or "|" in line:
        return f"<code>{escape(line)}</code>"
    return f"`{line}`"


def fence(text: str, language: str = "") -> str:
    """Return ``text`` as a code block, fenced longer than anything in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{text}\n{marks}"


def truncate(text: str) -> str:
    """Cut at a line's end, so that no table or tag is left open."""
    kept: list[str] = []
    size = 0
    for line in text.splitlines(keepends=True):
        size += len(line.encode())
        if size > LIMIT:
            return "".join(kept) + "\n... cut; the page has the rest\n"
        kept.append(line)
    return text
