"""The systems as a picture for a README."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.report.grid import legend
from conformance.report.html import fill
from conformance.report.probes import PROBE, grid
from conformance.report.systems import families, places, systems
from conformance.report.title import headline, measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.report.signs import Mark
    from conformance.report.systems import System
    from conformance.report.view import View

    Group = tuple[str, list[tuple[str, tuple[Mark, ...], str]]]

LIGHT = (
    ("wrong", "#b3122f", "#ffffff"),
    ("nan", "#a85400", "#ffffff"),
    ("raises", "#5b3fa8", "#ffffff"),
    ("shape", "#0b6b7a", "#ffffff"),
    ("padding", "#f2d15c", "#3d2f00"),
    ("digits", "#e6dcc6", "#4a4030"),
    ("right", "#e3f3ea", "#0b6b3a"),
)
DARK = (
    ("wrong", "#ff7a8a", "#2a0509"),
    ("nan", "#f2b04a", "#2b1a00"),
    ("raises", "#bda6ff", "#1a0f3d"),
    ("shape", "#5fd0e0", "#04272d"),
    ("padding", "#f2d15c", "#3d2f00"),
    ("digits", "#5a5140", "#f3ead6"),
    ("right", "#16342a", "#7fe0b0"),
)
"""The page's colours: a sign's name, its ground and its ink."""


def matrix_svg(view: View) -> str:
    """Return the systems by operation as a picture, as the page has them."""
    columns = places(view)
    rows = systems(view, columns)
    own = measured(rows)
    used = [
        at for at in range(len(columns)) if any(row.marks[at].sign.name for row in own)
    ]
    heads = [columns[at].short for at in used]
    groups: list[Group] = [
        (family, [_line(row, used) for row in members])
        for family, members in families(own)
    ]
    probed = any(PROBE in column.run.header.operations for column in view.columns)
    # Models have questions in place of operations: they stand alone or not at all.
    if probed and not own:
        heads, found = grid(view)
        models = [
            (each.column.label, tuple(each.marks), each.worst or "no leak")
            for each in found
        ]
        groups = [("Models", models)]
    return fill(
        "matrix.svg",
        view=view,
        title=headline(view, rows),
        heads=heads,
        groups=groups,
        colours=LIGHT,
        dark=DARK,
        legend=legend("outlined"),
    )


def _line(row: System, used: Sequence[int]) -> tuple[str, tuple[Mark, ...], str]:
    """Return a system's name, its marks and its finding."""
    cut = "! incomplete: " if row.incomplete else ""
    named = f"{cut}{row.name} {row.label}".strip()
    return named, tuple(row.marks[at] for at in used), row.finding
