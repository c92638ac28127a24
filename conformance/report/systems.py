"""The systems as rows: what each gets wrong, by operation and by topic."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.operations import load_operations
from conformance.records.record import FINDING
from conformance.report.columns import name_apart, name_place
from conformance.report.marks import mark_operation, mark_topic
from conformance.report.probes import PROBE
from conformance.report.signs import SIGNS, Mark, Sign, worst
from conformance.report.strands import sorted_strands
from conformance.specification import LEVELS
from conformance.specification.topics import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.report.columns import Column
    from conformance.report.strands import Strand
    from conformance.report.view import View

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
        cause: The id of the worst, which the finding is about; empty without any.
        level: The level of its runs, where most runs on the page have another.
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
    cause: str = ""
    level: str = ""

    @property
    def label(self) -> str:
        """Its version, and its level where that is to be said."""
        return ", ".join(text for text in (self.version, self.level) if text)

    @property
    def adapters(self) -> set[str]:
        """The names of its adapters."""
        return {column.run.header.adapter for column in self.columns}

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


def usual_level(view: View) -> str:
    """Return the level of most runs, the higher of two that have as many."""
    found = Counter(column.run.header.level for column in view.columns)
    return max(found, key=lambda each: (found[each], _rank(each)), default="")


def _rank(level: str) -> int:
    """Return how much a level asks, beside others."""
    return LEVELS.index(level) if level in LEVELS else -1


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
    marks = tuple(mark_operation(view, found, place.name, own) for place in columns)
    topics = tuple(mark_topic(view, found, topic) for topic in TOPICS)
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
        level=_say_level(view, found),
    )
    return _with_finding(row, own, {place.name: place.short for place in columns})


def _say_level(view: View, found: Sequence[Column]) -> str:
    """Return the levels of a system's runs, unless they are what most have."""
    levels = dict.fromkeys(column.run.header.level for column in found)
    return "" if list(levels) == [usual_level(view)] else " and ".join(levels)


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
    finding = _say_right(text) if right else text
    return replace(row, finding=finding, cause=first.cause)


def _say_right(text: str) -> str:
    """Say in front of what is wrong on unusual input only that the rest is right."""
    first = text.partition(" ")[0]
    plain = text[:1].lower() + text[1:] if first[1:].islower() else text
    whole = f"Right, but {plain}"
    return whole if len(whole) <= FINDING else text
