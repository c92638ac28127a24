"""What many checks of one system come to: one mark for an operation or a topic."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.report.columns import anchor
from conformance.report.signs import SIGNS, Mark, worst
from conformance.report.strands import sorted_strands
from conformance.specification.topics import BY_NAME, TOPICS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.report.columns import Column
    from conformance.report.strands import Strand, TopicTally
    from conformance.report.systems import Place, System
    from conformance.report.view import View
    from conformance.specification.topics import Topic


def mark_operation(
    view: View, found: Sequence[Column], operation: str, own: Sequence[Strand]
) -> Mark:
    """Return what becomes of one operation in all runs of a system.

    Args:
        view: Everything that was counted.
        found: The system's runs.
        operation: The operation.
        own: What fails in these runs.
    """
    cells = {
        (column.key, topic.name): cell
        for column in found
        for topic in TOPICS
        if (cell := view.count.grid.get((column.key, operation, topic.name)))
    }
    mine = sorted_strands(each for each in own if each.operation == operation)
    href = f"#{cause_id(mine[0].cause)}" if mine else ""
    usual = [cell for (_, topic), cell in cells.items() if BY_NAME[topic].ordinary]
    open_ = any(column.incomplete for column in found)
    return _mark(list(cells.values()), usual, href=href, open_=open_)


def _mark(
    cells: list[TopicTally], usual: list[TopicTally], *, href: str, open_: bool
) -> Mark:
    """Return what some checks come to."""
    kind = worst(kind for cell in usual for kind in cell.kinds)
    every = worst(kind for cell in cells for kind in cell.kinds)
    if kind or every:
        name = kind or every
        return Mark(
            sign=SIGNS.get(name, SIGNS["wrong"]),
            unusual=not kind,
            failing=sum(cell.kinds.total() for cell in cells),
            of=sum(cell.kinds.total() + cell.passed for cell in cells),
            href=href,
        )
    passed = any(cell.passed for cell in cells)
    idle = any(cell.idle for cell in cells)
    if passed and not idle:
        # What is missing may be a failure: nothing of such a run looks right.
        return Mark(sign=SIGNS["idle" if open_ else "right"])
    if idle or (open_ and not cells):
        return Mark(sign=SIGNS["idle"])
    impossible = any(cell.impossible for cell in cells)
    offered = impossible and not any(cell.missing for cell in cells)
    return Mark(sign=SIGNS["impossible" if offered else ""])


def mark_topic(view: View, found: Sequence[Column], topic: Topic) -> Mark:
    """Return what becomes of a topic in all operations together."""
    marks = []
    open_ = any(column.incomplete for column in found)
    for operation in view.operations:
        cells = [
            cell
            for column in found
            if (cell := view.count.grid.get((column.key, operation, topic.name)))
        ]
        if cells:
            marks.append(_mark(cells, cells, href="", open_=open_))
    bad = [mark for mark in marks if mark.bad]
    right = [mark for mark in marks if mark.sign.name == "right"]
    of = len(bad) + len(right)
    if bad:
        sign = min(bad, key=lambda mark: mark.rank).sign
        return Mark(sign=sign, failing=len(bad), of=of)
    if right:
        return Mark(sign=SIGNS["right"], of=of)
    if any(mark.sign.name == "idle" for mark in marks):
        return Mark(sign=SIGNS["idle"])
    impossible = any(mark.sign.name == "impossible" for mark in marks)
    seen = _observed(found, topic)
    if seen:
        return seen
    return Mark(sign=SIGNS["impossible" if impossible else "idle"])


def _observed(found: Sequence[Column], topic: Topic) -> Mark | None:
    """Return what a system does with what its adapter does not declare."""
    told = [
        text
        for column in found
        if column.run.footer is not None
        for name, text in column.run.footer.observed.items()
        if topic.placement and name.startswith(f"{topic.placement} padding:")
    ]
    if not told:
        return None
    words = [observed_word(text) for text in told]
    misread = [word for word in words if word == "misread"]
    name = "misread" if misread else "taken" if "taken" in words else "refused"
    count = words.count(name)
    return Mark(
        sign=SIGNS[name],
        failing=count,
        of=len(words),
        note=f", {count} of {len(words)}",
    )


def topic_rows(
    view: View, row: System, columns: Sequence[Place]
) -> list[tuple[Place, list[Mark], int, int]]:
    """Return one system's operations by topic, with how many checks pass and ran."""
    made = []
    open_ = row.incomplete
    for place, whole in zip(columns, row.marks, strict=True):
        if not whole.bad and whole.sign.name not in {"right", "idle"}:
            continue
        marks = []
        for topic in TOPICS:
            cells = [
                cell
                for column in row.columns
                if (cell := view.count.grid.get((column.key, place.name, topic.name)))
            ]
            mark = _mark(cells, cells, href=whole.href, open_=open_)
            mark = _outline_known(mark, cells) if mark.bad else mark
            marks.append(mark if cells else Mark(sign=SIGNS["idle"]))
        tallies = [
            view.tallies[place.name, column.key]
            for column in row.columns
            if (place.name, column.key) in view.tallies
        ]
        passed = sum(tally.outcomes["passed"] for tally in tallies)
        made.append((place, marks, passed, sum(tally.ran for tally in tallies)))
    return sorted(made, key=lambda each: each[2] / max(1, each[3]))


def _outline_known(mark: Mark, cells: Sequence[TopicTally]) -> Mark:
    """Return a mark of one run, where the outline says that nothing is new."""
    new = worst(kind for cell in cells for kind, count in cell.new.items() if count)
    if new:
        return replace(mark, sign=SIGNS.get(new, mark.sign), note=", new")
    return replace(mark, unusual=True, note=", known")


def observed_word(text: str) -> str:
    """Return what was observed as one of three words.

    >>> observed_word("raises ValueError"), observed_word("right")
    ('refused', 'taken')
    """
    if text.startswith("raises"):
        return "refused"
    wrong = ("another", "other numbers", "nan in part")
    return "misread" if text.startswith(wrong) or "other rows" in text else "taken"


def cause_id(cause: str) -> str:
    """Return a cause's anchor."""
    return f"m-{anchor(cause)}"
