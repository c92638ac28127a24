"""The first lines of the page: the answer, and in how many systems it is which."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from conformance.report.mistakes import new_strands
from conformance.report.probes import grid, is_probe_only
from conformance.report.signs import SIGNS, Sign
from conformance.report.systems import usual_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.report.systems import System
    from conformance.report.view import View

ANSWERS = ("wrong", "nan", "raises", "shape", "padding", "digits", "right")
"""What a system may do on ordinary input, the worst first."""


def measured(rows: Sequence[System]) -> list[System]:
    """Return the systems without the references, unless there is nothing else."""
    return [row for row in rows if not row.reference] or list(rows)


def headline(view: View, rows: Sequence[System]) -> str:
    """Return the page's title: the answer in one sentence."""
    own = measured(rows)
    if is_probe_only(view):
        return _of_models(view)
    text = _of_one(view, own[0]) if len(own) == 1 else _of_many(own)
    cut = len(view.incomplete) + len(view.refused)
    return f"{text} Something is missing: see below." if cut else text


def say_levels(view: View) -> str:
    """Return what was asked of the runs, in a sentence.

    What a level does not ask cannot show: a row at a lower one looks better than it is.
    """
    level = usual_level(view)
    if all(column.run.header.level == level for column in view.columns):
        return f"Level {level}." if level else ""
    return (
        f"Level {level}, unless a row names another; what a lower level does not ask "
        "cannot show."
    )


def answers(rows: Sequence[System]) -> list[tuple[Sign, int]]:
    """Return what the systems do on ordinary input, with how many do."""
    found = Counter(row.ordinary.name for row in measured(rows))
    return [(SIGNS[name], found[name]) for name in ANSWERS if found[name]]


def _of_models(view: View) -> str:
    rows = grid(view)[1]
    bad = sum(any(mark.sign.name == "wrong" for mark in row.marks) for row in rows)
    many = f"{len(rows)} model{'s' * (len(rows) != 1)}"
    if not bad:
        return f"Does padding change the answer? In none of {many}."
    return f"Does padding change the answer? In {bad} of {many} it does."


def _of_many(rows: Sequence[System]) -> str:
    if not rows:
        return "No system was asked whether padding changes the answer."
    silent = sum(row.ordinary.name == "wrong" for row in rows)
    if not silent:
        return (
            "Does padding change the answer? "
            f"In none of {len(rows)} systems, on ordinary input."
        )
    return (
        f"Does padding change the answer? In {silent} of {len(rows)} systems it does, "
        "silently, on ordinary input."
    )


def _of_one(view: View, row: System) -> str:
    new = new_strands(view)
    bad = sum(mark.bad for mark in row.marks)
    if new:
        hit = len({(each.column.key, each.operation) for each in new})
        count = f"{len(new)} new mistake{'s' * (len(new) != 1)}."
        return f"{count} Padding changes the answer of {hit} of {_operations(row)}."
    if bad:
        return (
            f"Nothing new. Padding changes the answer of {bad} of {_operations(row)}, "
            "as is known."
        )
    if not row.offered:
        return "Nothing was asked that the adapter offers."
    return f"Padding changes the answer of none of {_operations(row)}."


def _operations(row: System) -> str:
    return f"{row.offered} operation{'s' * (row.offered != 1)}"
