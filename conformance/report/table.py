"""The compatibility table as it is published: one sign a cell, and the causes below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.records import parse_check
from conformance.records.show import show
from conformance.report.causes import causes
from conformance.report.grid import legend, show_mark, table_rows
from conformance.report.markdown import code, escape
from conformance.report.systems import families, places, systems
from conformance.report.title import headline, measured, say_levels
from conformance.specification.disk import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from conformance.gate import KnownEntry
    from conformance.report.causes import Cause
    from conformance.report.view import View

BEGIN, END = "<!-- compatibility -->", "<!-- /compatibility -->"
"""What stands around the table in the file that it is published in."""

SHORT = 120
"""Characters of an input that still fit a line."""


def table(view: View, known: Mapping[str, Sequence[KnownEntry]]) -> str:
    """Return the tables of systems and a line for each cause.

    Args:
        view: The runs.
        known: The entries of each adapter's file of known differences, by its name.
    """
    columns = places(view)
    rows = systems(view, columns)
    own = measured(rows)
    parts = [f"**{escape(headline(view, rows))}** {say_levels(view)}", "", legend(), ""]
    for family, members in families(own):
        parts += [f"### {escape(family)}", "", *table_rows(members, columns), ""]
    rulers = [row for row in rows if row not in own]
    if rulers:
        parts += ["### References, the ruler", "", *table_rows(rulers, columns), ""]
    inputs = _inputs(known)
    for operation, found in causes(view, rows):
        parts += [f"### Causes: {code(operation)}", ""]
        parts += [_line(cause, inputs) for cause in found]
        parts.append("")
    return "\n".join(parts)


def publish(path: Path, text: str) -> None:
    """Put the table between the marks of a Markdown file.

    Raises:
        UsageError: The file or its marks are not there.
    """
    try:
        old = read_text(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        msg = f"{path}: cannot be read: {reason}; give a Markdown file"
        raise UsageError(msg) from None
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        msg = f"{path}: has no {BEGIN} ... {END}; put both marks on lines of their own"
        raise UsageError(msg)
    new = f"{before}{BEGIN}\n\n{text}\n{END}{after}"
    write_text(path, new)


def _line(cause: Cause, inputs: Mapping[str, str]) -> str:
    """Return one cause: what it is, who has it, what it breaks, how often."""
    who = ", ".join(escape(each.system.name) for each in cause.affected)
    text = f"- {show_mark(cause.mark)} **{escape(cause.title)}**: {who}."
    text += "".join(f" {escape(reason.rstrip('.'))}." for reason in cause.reasons[:2])
    text += f" Breaks {', '.join(map(code, cause.clauses))}."
    smallest = next((inputs[each] for each in cause.reasons if each in inputs), "")
    smallest = smallest or inputs.get(cause.title, "")
    text += f" Smallest input: {code(smallest)}." if smallest else ""
    text += "".join(f" [Upstream]({url})" for url in cause.urls)
    count = f"{cause.total:,} check{'' if cause.total == 1 else 's'}"
    new = f", {cause.new:,} of them new" if cause.new else ""
    return f"{text} {count}{new}."


def _inputs(known: Mapping[str, Sequence[KnownEntry]]) -> dict[str, str]:
    """Return the smallest inputs that are short, by the reason of their entries."""
    found: dict[str, str] = {}
    for entries in known.values():
        for entry in entries:
            text = _smallest_text(entry)
            if text:
                found.setdefault(entry.reason, text)
                found.setdefault(entry.finding or entry.reason, text)
    return found


def _smallest_text(entry: KnownEntry) -> str:
    found = entry.smallest or {}
    inputs, check = found.get("inputs"), found.get("check", "")
    if not isinstance(inputs, dict) or not isinstance(check, str):
        return ""
    dtype = parse_check(check).dtype if check else "float64"
    arrays = [*inputs.items(), *_pick(found, "mask")]
    text = ", ".join(f"{name} = {show([array], dtype)}" for name, array in arrays)
    return text if len(text) <= SHORT else ""


def _pick(found: Mapping[str, object], name: str) -> Iterable[tuple[str, object]]:
    return [(name, found[name])] if name in found else []
