"""The systems as rows: what each gets wrong, by operation and by topic."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.operations import load_operations
from conformance.records import SORTS
from conformance.records.record import FINDING
from conformance.report.columns import anchor, name_apart, name_place
from conformance.report.probes import PROBE
from conformance.report.signs import SIGNS, Mark, Sign, worst
from conformance.specification.topics import BY_NAME, TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.report.columns import Column
    from conformance.report.strands import Cell, Strand
    from conformance.report.view import View
    from conformance.specification.topics import Topic

FAMILIES = {
    "torch": "PyTorch and what is built on it",
    "tensorflow": "TensorFlow and Keras",
    "jax": "JAX and what is built on it",
}
"""Where a system stands whose adapter does not say, by its framework."""

OTHER = "Other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One operation as a column.

    Attributes:
        name: Its name.
        short: What a narrow column is called.
        group: The operations that it stands among.
        first: Whether it is the first of them.
    """

    name: str
    short: str
    group: str
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One system as a row.

    Attributes:
        id: Its anchor.
        name: What people call it.
        version: Its version.
        family: The heading that it stands under.
        reference: Whether it is the suite's own ruler.
        columns: Its runs.
        marks: A mark for each operation.
        topics: A mark for each topic.
        finding: The worst of it in words, of at most 55 characters.
        failing: Checks that fail.
        ran: Checks that ran.
        causes: How many causes they have.
    """

    id: str
    name: str
    version: str
    family: str
    reference: bool
    columns: tuple[Column, ...]
    marks: tuple[Mark, ...]
    topics: tuple[Mark, ...]
    finding: str
    failing: int
    ran: int
    causes: int

    @property
    def incomplete(self) -> bool:
        """Whether something is missing from one of its runs."""
        return any(column.incomplete for column in self.columns)

    @property
    def worst(self) -> Mark:
        """Its worst mark."""
        right = Mark(sign=SIGNS["right"])
        return min(self.marks, key=lambda mark: mark.rank, default=right)

    @property
    def ordinary(self) -> Sign:
        """What it does on ordinary input, the worst of it."""
        mark = self.worst
        return mark.sign if mark.bad and not mark.unusual else SIGNS["right"]

    @property
    def right(self) -> int:
        """How many operations are right."""
        return sum(mark.sign.name == "right" for mark in self.marks)

    @property
    def offered(self) -> int:
        """How many operations it offers."""
        return self.right + sum(mark.bad for mark in self.marks)

    @property
    def parts(self) -> list[tuple[Mark, int]]:
        """The operations that it offers by what becomes of them, the worst first."""
        found: dict[tuple[int, str], list[Mark]] = {}
        for mark in self.marks:
            if mark.bad or mark.sign.name == "right":
                found.setdefault((mark.rank, mark.style), []).append(mark)
        return [(marks[0], len(marks)) for _, marks in sorted(found.items())]

    @property
    def order(self) -> tuple[object, ...]:
        """Where it stands among others: what is worst comes first."""
        ordinary = sum(mark.bad and not mark.unusual for mark in self.marks)
        bad = sum(mark.bad for mark in self.marks)
        return self.worst.rank, -ordinary, -bad, self.name.casefold(), self.version


def places(view: View) -> list[Place]:
    """Return the operations as columns, by the groups that they stand in."""
    known = load_operations()
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in view.operations:
        if name == PROBE:
            continue
        operation = known.get(name)
        short = operation.short if operation else name.removeprefix("masked_")
        group = operation.group if operation else "others"
        groups.setdefault(group, []).append((name, short or name))
    return [
        Place(name=name, short=short, group=group, first=at == 0)
        for group, named in groups.items()
        for at, (name, short) in enumerate(named)
    ]


def systems(view: View, columns: Sequence[Place]) -> list[System]:
    """Return the systems, those of one family together, the worst first."""
    twice = Counter(name_place(column.run) for column in view.columns)
    rows: dict[tuple[str, str], list[Column]] = {}
    for column in view.columns:
        header = column.run.header
        if PROBE in header.operations:
            continue
        named = f"{header.system or header.adapter}{name_apart(column.run)}"
        # Two runs of one adapter are two rows: they are to be told apart.
        name = column.label if twice[name_place(column.run)] > 1 else named
        rows.setdefault((name, _version(column)), []).append(column)
    made = [
        _system(view, columns, name, version, found)
        for (name, version), found in rows.items()
    ]
    return sorted(made, key=lambda each: each.order)


def families(rows: Iterable[System]) -> list[tuple[str, list[System]]]:
    """Return the rows under their headings; the family with most trouble first."""
    found: dict[str, list[System]] = {}
    for row in rows:
        found.setdefault(row.family, []).append(row)

    def order(each: tuple[str, list[System]]) -> tuple[object, ...]:
        trouble = sum(row.ordinary.name != "right" for row in each[1])
        return each[0] == OTHER, -trouble, each[0]

    return sorted(found.items(), key=order)


def cut(text: str, limit: int = FINDING) -> str:
    """Return a text of at most so many characters.

    >>> cut("Max pooling counts padding", 14)
    'Max pooling...'
    """
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    short = line[: limit - 3].rpartition(" ")[0] or line[: limit - 3]
    return short.rstrip(" ,;:") + "..."


def sorted_strands(strands: Iterable[Strand]) -> list[Strand]:
    """Return causes, the worst first: on ordinary input, then by kind, then new."""

    def order(strand: Strand) -> tuple[object, ...]:
        usual = worst(strand.usual)
        kind = usual or worst(strand.kinds)
        place = SORTS.index(kind) if kind in SORTS else len(SORTS)
        size = -sum(strand.usual.values()), -strand.total
        return not usual, place, not strand.title, *size, strand.cause

    return sorted(strands, key=order)


def _version(column: Column) -> str:
    header = column.run.header
    versions = header.versions
    found = versions.get(header.library or header.framework) or ""
    return found.partition("+")[0]


def _system(
    view: View, columns: Sequence[Place], name: str, version: str, found: list[Column]
) -> System:
    header = found[0].run.header
    keys = [column.key for column in found]
    own = [each for (key, _), each in view.count.strands.items() if key in keys]
    tallies = [
        tally for (_, key), tally in view.tallies.items() if key in keys and tally.ran
    ]
    family = header.family or FAMILIES.get(header.framework, OTHER)
    marks = tuple(_operation_mark(view, found, place.name, own) for place in columns)
    topics = tuple(_topic_mark(view, found, topic) for topic in TOPICS)
    row = System(
        id=f"s-{found[0].key}",
        name=name,
        version=version,
        family=family,
        reference=all(one.run.header.role == "reference" for one in found),
        columns=tuple(found),
        marks=marks,
        topics=topics,
        finding="",
        failing=sum(tally.bad for tally in tallies),
        ran=sum(tally.ran for tally in tallies),
        causes=len({strand.cause for strand in own}),
    )
    return _with_finding(row, own, {place.name: place.short for place in columns})


def _with_finding(row: System, own: list[Strand], short: dict[str, str]) -> System:
    if not own:
        text = "Right wherever it was asked" if row.ran else "Nothing was asked"
        return replace(row, finding=text)
    first = sorted_strands(own)[0]
    kind = worst(first.usual) or worst(first.kinds)
    word = SIGNS[kind].word if kind in SIGNS else kind
    name = short.get(first.operation, first.operation)
    text = cut(first.title or f"{name}: {word}")
    right = row.ordinary.name == "right"
    return replace(row, finding=_say_right(text) if right else text)


def _say_right(text: str) -> str:
    """Say in front of what is wrong on unusual input only that the rest is right."""
    first = text.partition(" ")[0]
    plain = text[:1].lower() + text[1:] if first[1:].islower() else text
    whole = f"Right, but {plain}"
    return whole if len(whole) <= FINDING else text


def _operation_mark(
    view: View, found: Sequence[Column], operation: str, own: Sequence[Strand]
) -> Mark:
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


def _mark(cells: list[Cell], usual: list[Cell], *, href: str, open_: bool) -> Mark:
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


def _topic_mark(view: View, found: Sequence[Column], topic: Topic) -> Mark:
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


def _outline_known(mark: Mark, cells: Sequence[Cell]) -> Mark:
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
