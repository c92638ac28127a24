"""The compatibility table as it is published: real runs, counted, no ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.records import parse_check
from conformance.records.show import show
from conformance.report.markdown import code, escape
from conformance.specification.disk import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from conformance.gate import KnownEntry
    from conformance.records import Known
    from conformance.report.columns import Column
    from conformance.report.view import View

BEGIN, END = "<!-- compatibility -->", "<!-- /compatibility -->"
"""What stands around the table in the file that it is published in."""

SHORT = 120
"""Characters of an input that still fit a line."""


def table(view: View, known: Mapping[str, Sequence[KnownEntry]]) -> str:
    """Return the table and a line for each known difference that was seen.

    Args:
        view: The runs.
        known: The entries of each adapter's file of known differences, by its name.
    """
    parts = [_counts(view), ""]
    for column in view.columns:
        entries = known.get(column.run.header.adapter, ())
        seen = _clauses(column) if entries else {}
        lines = [
            _line(entry, seen[why]) for entry in entries if (why := _why(entry)) in seen
        ]
        if lines:
            parts += [f"### {escape(column.label)}", "", *lines, ""]
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


def _counts(view: View) -> str:
    heads = " | ".join(map(code, view.operations))
    lines = [
        f"| system | {heads} |",
        f"| --- |{' ---: |' * len(view.operations)}",
    ]
    for column in view.columns:
        cells = [_cell(view, operation, column) for operation in view.operations]
        named = f"{escape(column.label)}<br>{_versions(column)}"
        if column.incomplete:
            # What is missing may be worse than what is shown.
            named += "<br>**incomplete**"
        if column.part:
            named += f"<br>**{column.part}**"
        lines.append(f"| {named} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _versions(column: Column) -> str:
    header = column.run.header
    own = {"mask-conformance", "numpy", "ml_dtypes", "jaxlib"} - {header.framework}
    told = {name: text for name, text in header.versions.items() if name not in own}
    return escape(", ".join(f"{name} {text}" for name, text in told.items()))


def _cell(view: View, operation: str, column: Column) -> str:
    """Return passed of those that ran, how many are known, how many unsupported."""
    tally = view.tallies.get((operation, column.key))
    if tally is None or not tally.ran:
        return ""
    known = tally.bad - tally.new
    parts = [f"{tally.outcomes['passed']}/{tally.ran}"]
    parts += [f"{known} known"] if known else []
    parts += [f"{tally.new} new"] if tally.new else []
    out = tally.outcomes["unsupported"]
    parts += [f"{out} unsupported"] if out else []
    return ", ".join(parts)


def _why(known: KnownEntry | Known) -> tuple[str, str]:
    return known.reason, known.url


def _clauses(column: Column) -> dict[tuple[str, str], list[str]]:
    """Return the clauses that each known difference of a run breaks."""
    seen: dict[tuple[str, str], list[str]] = {}
    for result in column.run.results:
        if result.known is not None and result.accepted:
            clauses = seen.setdefault(_why(result.known), [])
            clauses += [result.clause] if result.clause not in clauses else []
    return seen


def _line(entry: KnownEntry, broken: Iterable[str]) -> str:
    """Return one known difference that a run has shown."""
    clauses = ", ".join(map(code, broken))
    reason = entry.reason.rstrip(".")
    text = f"- {clauses}: {escape(reason)}."
    smallest = _smallest_text(entry)
    text += f" Smallest input: {code(smallest)}." if smallest else ""
    return text + (f" [Upstream]({entry.url})" if entry.url else "")


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
