"""The summary for a CI job's page and the text of an issue for an upstream tracker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from conformance.records import clean, describe
from conformance.report.systems import places, systems
from conformance.report.title import headline

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.report.count import Difference
    from conformance.report.view import View

LIMIT = 60_000
"""Bytes; GitHub drops the whole job summary above a mebibyte, mail far below.

https://github.com/Azure/bicep-registry-modules/issues/7331
"""

LISTED = 20
LINE = 300
"""How many new differences are listed, and how much of each message."""

_MARKUP = re.compile(r"[\\`*\[\]<>|@#!~$&{}]")


def summary(view: View) -> str:
    """Return the verdict, the matrix and what is new and fixed."""
    answer = headline(view, systems(view, places(view)))
    parts = [f"# Mask conformance\n\n**{escape(answer)}**\n"]
    parts.append(f"{escape(view.verdict())}\n")
    parts += [
        f"> **Incomplete: {escape(column.label)}** {escape(problem, LINE)}\n"
        for column in view.incomplete[:LISTED]
        for problem in column.problems[:3]
    ]
    parts += [
        f"> **Partial: {escape(column.label)}** {escape(column.part, LINE)}\n"
        for column in view.partial[:LISTED]
    ]
    parts += [
        f"> **Unreadable:** {escape(text, LINE)}\n" for text in view.refused[:LISTED]
    ]
    parts.append(_matrix(view))
    parts.append(_section("New", *_new(view), view.total_new))
    fixed = [
        f"- {escape(column.label)} {escape(line, LINE)}"
        for column, line in view.stale[:LISTED]
    ]
    parts.append(_section("Fixed or stale", fixed, len(fixed), len(view.stale)))
    parts.append(f"Generated {escape(view.generated, LINE)}.\n")
    return truncate("\n".join(parts))


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


def _matrix(view: View) -> str:
    names = [
        escape(column.label) + (" (incomplete)" if column.incomplete else "")
        for column in view.columns
    ]
    lines = [
        f"| operation | {' | '.join(names)} |",
        f"| --- |{' ---: |' * len(names)}",
    ]
    for operation in view.operations:
        cells = [view.cell(operation, column)[1] for column in view.columns]
        lines.append(f"| {code(operation)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _new(view: View) -> tuple[list[str], int]:
    """Return what is new, one line for what says the same, and how much that is."""
    kinds: dict[tuple[str, ...], list[Difference]] = {}
    for each in view.new:
        alone = each.check.operation, each.result.check, each.column.key
        kinds.setdefault(each.kind if each.gist else alone, []).append(each)
    lines, told = [], 0
    for differences in list(kinds.values())[:LISTED]:
        first = differences[0]
        line = f"- {escape(first.column.label)} {code(first.result.check)} "
        line += f"{first.result.outcome}: {escape(first.result.message, LINE)}"
        if first.gist:
            count = view.count.kinds[first.kind]
            checks = f"{count:,} check{'' if count == 1 else 's'}"
            line += f" **{escape(first.gist, LINE)}: {checks}**"
        lines.append(line)
        told += view.count.kinds[first.kind] if first.gist else 1
    return lines, told


def _section(title: str, lines: Iterable[str], told: int, total: int) -> str:
    listed = list(lines)
    if not listed:
        return f"**{title}**: none\n"
    more = total - told
    rest = [f"- and {more:,} more"] if more else []
    return "\n".join([f"**{title}** ({total:,})\n", *listed, *rest]) + "\n"


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
