"""Systems as the rows of a Markdown table, one sign a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.markdown import escape
from conformance.report.signs import SIGNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.report.signs import Mark
    from conformance.report.systems import Place, System

LEGEND = ("wrong", "nan", "raises", "shape", "padding", "digits", "right")
"""The signs that a legend explains, the worst first."""


def legend(unusual: str = "in brackets") -> str:
    """Return what the signs mean, in a line; ``unusual`` is how a weaker one looks."""
    told = [f"{SIGNS[name].glyph} {SIGNS[name].word}" for name in LEGEND]
    return (
        f"{', '.join(told)}; {unusual}: on unusual input only; blank: not offered; "
        "-: declared impossible; ·: not run."
    )


def table_rows(rows: Sequence[System], columns: Sequence[Place]) -> list[str]:
    """Return rows as a table, with the columns that one of them has something in."""
    used = [
        at
        for at in range(len(columns))
        if any(row.marks[at].sign.name not in {"", "impossible"} for row in rows)
    ]
    heads = " | ".join(escape(columns[at].short) for at in used)
    lines = [
        f"| system | {heads} | worst finding |",
        f"| --- |{' :---: |' * len(used)} --- |",
    ]
    for row in rows:
        named = escape(f"{row.name} {row.label}".strip())
        if row.incomplete:
            # What is missing may be worse than what is shown.
            named += "<br>**incomplete**"
        for part in dict.fromkeys(one.part for one in row.columns if one.part):
            named += f"<br>**{escape(part)}**"
        cells = " | ".join(show_mark(row.marks[at]) for at in used)
        lines.append(f"| {named} | {cells} | {escape(row.finding)} |")
    return lines


def show_mark(mark: Mark) -> str:
    """Return a mark as text, in brackets where the input is unusual."""
    return f"({mark.sign.glyph})" if mark.bad and mark.unusual else mark.sign.glyph
