"""The summary for a CI job's page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.grid import legend, show_mark, table_rows
from conformance.report.markdown import code, escape, truncate
from conformance.report.probes import PROBE
from conformance.report.systems import families, places, systems
from conformance.report.title import headline, measured, say_levels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.report.count import Difference
    from conformance.report.systems import Place, System
    from conformance.report.view import View

LISTED = 20
LINE = 300
"""How many new differences are listed, and how much of each message."""


def summary(view: View) -> str:
    """Return the verdict, the systems as a table, and what is new and fixed."""
    columns = places(view)
    rows = systems(view, columns)
    answer = headline(view, rows)
    parts = [f"# Mask conformance\n\n**{escape(answer)}**\n"]
    parts.append(f"{escape(view.verdict())} {say_levels(view)}\n")
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
    parts += _matrix(view, rows, columns)
    parts += _probes(view)
    parts.append(_section("New", *_new(view), view.total_new))
    fixed = [
        f"- {escape(column.label)} {escape(line, LINE)}"
        for column, line in view.stale[:LISTED]
    ]
    parts.append(_section("Fixed or stale", fixed, len(fixed), len(view.stale)))
    parts.append(f"Generated {escape(view.generated, LINE)}.\n")
    return truncate("\n".join(parts))


def _matrix(view: View, rows: Sequence[System], columns: Sequence[Place]) -> list[str]:
    """Return the systems as rows; of one alone its operations."""
    own = measured(rows)
    if not own:
        return []
    if len(rows) == 1:
        return ["\n".join([legend(), "", *_operations(view, own[0], columns), ""])]
    parts = [f"{legend()}\n"]
    found = families(own)
    for family, members in found:
        head = [f"**{escape(family)}**", ""] if len(found) > 1 else []
        parts.append("\n".join([*head, *table_rows(members, columns), ""]))
    rulers = [row for row in rows if row not in own]
    if rulers:
        head = ["**References, the ruler**", ""]
        parts.append("\n".join([*head, *table_rows(rulers, columns), ""]))
    return parts


def _operations(view: View, row: System, columns: Sequence[Place]) -> list[str]:
    lines = ["| operation | answer | checks |", "| --- | :---: | ---: |"]
    for mark, place in zip(row.marks, columns, strict=True):
        told = [view.cell(place.name, column)[1] for column in row.columns]
        texts = [text for text in told if text != "no checks"] or told[:1]
        checks = "; ".join(texts)
        lines.append(f"| {code(place.name)} | {show_mark(mark)} | {checks} |")
    return lines


def _probes(view: View) -> list[str]:
    """Return the models that were probed as rows."""
    found = [each for each in view.columns if PROBE in each.run.header.operations]
    if not found:
        return []
    lines = ["| model | answers |", "| --- | ---: |"]
    for each in found:
        cut = "<br>**incomplete**" if each.incomplete else ""
        lines.append(f"| {escape(each.label)}{cut} | {view.cell(PROBE, each)[1]} |")
    return ["\n".join([*lines, ""])]


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
