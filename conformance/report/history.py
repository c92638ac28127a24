"""Several releases of one system: since when, and until when, is each cause there?

A line of `reports/history.jsonl` is one release: what its record comes to, without the
record, which is large and made anew. The page and docs/history.md are made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from packaging.version import InvalidVersion, Version

from conformance.errors import ResultError
from conformance.gate import describe_part, problems
from conformance.records import parse_check
from conformance.report.columns import columns
from conformance.report.count import count
from conformance.report.signs import SIGNS, Mark, worst
from conformance.report.strands import sorted_strands
from conformance.report.systems import cut
from conformance.specification.disk import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from conformance.records import Record
    from conformance.report.count import Count
    from conformance.report.strands import Strand

TITLE = 110
"""Characters of a cause that nobody has named: its first message."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One cause in one release.

    Attributes:
        cause: Its id.
        title: What it is, in words.
        kind: The worst that it does.
        unusual: Whether it does so on unusual input only.
        variants: Where it shows, as far as its first checks tell.
        checks: In how many checks.
    """

    cause: str
    title: str
    kind: str
    variants: list[str]
    checks: int
    unusual: bool = False


class Release(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run of one adapter on one release.

    Attributes:
        adapter: The adapter.
        system: The system that it drives.
        library: The distribution whose releases these are.
        version: The version of that.
        framework: The framework's distribution and version, such as ``jax 0.10.2``.
        python: Python's version.
        level: The level that was run.
        day: The day of the run.
        passed: The variants of which at least one check passed.
        troubles: What is wrong.
        problem: Why the run is incomplete.
        part: How much of the plan it was asked for; empty when that is all.
    """

    adapter: str
    system: str
    library: str
    version: str
    framework: str
    python: str
    level: str
    day: str
    passed: list[str]
    troubles: list[Trouble]
    problem: str = ""
    part: str = ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a later run of the same release replaces."""
        return self.adapter, self.level, self.version, self.framework

    @property
    def order(self) -> tuple[object, ...]:
        """Where it stands: by adapter and level, the oldest release first."""
        _, _, framework = self.framework.rpartition(" ")
        return self.adapter, self.level, _version(self.version), _version(framework)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One cause over the releases of a system.

    Attributes:
        cause: Its id.
        title: What it is, in words.
        operation: The operation that has it.
        marks: A mark for each release: what it does, right, or not known.
        since: The release that brought it, in words.
        until: The last release that had it; empty where the newest has it.
    """

    cause: str
    title: str
    operation: str
    marks: tuple[Mark, ...]
    since: str
    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """One adapter over the releases of its library.

    Attributes:
        adapter: The adapter.
        system: The system that it drives.
        level: The level that was run.
        setting: What else was installed, such as ``jax 0.10.2``, and Python.
        heads: The releases, the oldest first.
        lines: Their causes: what changed first, then the worst.
        problems: Releases that were not judged, or only in part, and why.
    """

    adapter: str
    system: str
    level: str
    setting: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]
    problems: tuple[str, ...]

    @property
    def changed(self) -> tuple[Line, ...]:
        """The causes that some release brought or took away."""
        return tuple(line for line in self.lines if _is_change(line))


def summarize(runs: Sequence[Record]) -> list[Release]:
    """Return what the runs of releases come to, one line for each."""
    seen = columns(runs)
    found = count(seen)
    return [
        _summarize(column.run, _passed(column.run), _own(found, column.key))
        for column in seen
    ]


def _passed(run: Record) -> list[str]:
    names = {
        parse_check(each.check).variant
        for each in run.results
        if each.outcome == "passed"
    }
    return sorted(names)


def _own(found: Count, key: str) -> list[Strand]:
    strands = (each for (column, _), each in found.strands.items() if column == key)
    return sorted_strands(strands)


def _summarize(run: Record, passed: list[str], own: Iterable[Strand]) -> Release:
    header = run.header
    library = header.library or header.framework
    framework = f"{header.framework} {header.versions.get(header.framework, '')}"
    return Release(
        adapter=header.adapter,
        system=header.system or header.adapter,
        library=library,
        version=_plain(header.versions.get(library, "")),
        framework=_plain(framework.strip()),
        python=header.environment.get("python", ""),
        level=header.level,
        day=header.started[:10],
        passed=passed,
        troubles=[_trouble(each) for each in own],
        problem="; ".join(problems(run)),
        part=describe_part(run),
    )


def _trouble(strand: Strand) -> Trouble:
    usual = worst(strand.usual)
    title, cause = strand.title, strand.cause
    if not title and strand.first is not None:
        title = cut(strand.first.result.message, TITLE)
        # What nobody has named is one cause to the page. An exception names itself: two
        # releases that raise different ones have different reasons.
        cause += f": {title}" if usual == "raises" else ""
    return Trouble(
        cause=cause,
        title=title or "not recognised",
        kind=usual or worst(strand.kinds),
        unusual=not usual,
        variants=sorted({parse_check(each).variant for each in strand.checks}),
        checks=strand.total,
    )


def _plain(version: str) -> str:
    """Return a version without the build that a local index adds."""
    return version.partition("+")[0]


def _version(text: str) -> tuple[object, ...]:
    try:
        return 0, Version(text)
    except InvalidVersion:
        return 1, text


def read_history(path: Path) -> list[Release]:
    """Return the releases that a file has; none where there is no file.

    Raises:
        ResultError: A line is not one of a release.
    """
    try:
        lines = read_text(path).splitlines()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        msg = f"{path}: cannot be read: {error}; give a history that this suite wrote"
        raise ResultError(msg) from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(msgspec.json.decode(line, type=Release))
        except (msgspec.DecodeError, RecursionError) as error:
            msg = f"{path}: line {number} is no release: {error}; remove that line"
            raise ResultError(msg) from None
    return found


def write_history(path: Path, releases: Iterable[Release]) -> None:
    """Write releases in their order; the last of those with one key stays.

    A run that was asked for a part never takes the place of a whole one.
    """
    last: dict[tuple[str, ...], Release] = {}
    for each in releases:
        whole = each.key in last and not last[each.key].part
        if not (each.part and whole):
            last[each.key] = each
    lines = [
        msgspec.json.encode(each).decode()
        for each in sorted(last.values(), key=lambda one: one.order)
    ]
    write_text(path, "".join(f"{line}\n" for line in lines))


def timelines(releases: Iterable[Release]) -> list[Timeline]:
    """Return the systems with two releases or more, each as a timeline."""
    groups: dict[tuple[str, str], list[Release]] = {}
    for each in sorted(releases, key=lambda one: one.order):
        groups.setdefault((each.adapter, each.level), []).append(each)
    return [_timeline(own) for own in groups.values() if len(own) > 1]


def find_since(found: Iterable[Timeline], adapters: set[str], cause: str) -> str:
    """Return since when an adapter has a cause; nothing where nobody tried."""
    for each in found:
        for line in each.lines:
            if each.adapter in adapters and line.cause == cause and not line.until:
                return line.since
    return ""


def _timeline(own: Sequence[Release]) -> Timeline:
    first = own[-1]
    frameworks = {each.framework for each in own}
    alone = len(frameworks) == 1
    heads = tuple(
        each.version if alone else f"{each.version} on {each.framework}" for each in own
    )
    causes = {one.cause: one for each in own for one in each.troubles}
    lines = [_line(own, heads, one) for one in causes.values()]
    setting = [f"Python {first.python}"]
    setting += [first.framework] if alone and first.library != first.framework else []
    return Timeline(
        adapter=first.adapter,
        system=first.system,
        level=first.level,
        setting=", ".join(reversed(setting)),
        heads=heads,
        lines=tuple(sorted(lines, key=_order)),
        problems=tuple(
            f"{head}: {each.problem or each.part}"
            for head, each in zip(heads, own, strict=True)
            if each.problem or each.part
        ),
    )


def _line(own: Sequence[Release], heads: Sequence[str], one: Trouble) -> Line:
    where = {
        name
        for each in own
        for trouble in each.troubles
        if trouble.cause == one.cause
        for name in trouble.variants
    }
    marks = tuple(_mark(each, one.cause, where) for each in own)
    bad = [at for at, mark in enumerate(marks) if mark.bad]
    right = [at for at, mark in enumerate(marks) if mark.sign.name == "right"]
    before = max((at for at in right if at < bad[-1]), default=-1)
    start = min(at for at in bad if at > before)
    since = heads[start] if before >= 0 else f"{heads[start]} or before"
    gone = [at for at in right if at > bad[-1]]
    return Line(
        cause=one.cause,
        title=one.title,
        operation=one.cause.partition(".")[0],
        marks=marks,
        since=since,
        until=heads[bad[-1]] if gone else "",
    )


def _mark(release: Release, cause: str, where: set[str]) -> Mark:
    """Return what one release does with a cause.

    It is right where the same variants pass; where none of them does, something else
    is in front of it, and nobody knows.
    """
    for each in release.troubles:
        if each.cause == cause:
            sign = SIGNS.get(each.kind, SIGNS["wrong"])
            return Mark(sign=sign, unusual=each.unusual, failing=each.checks)
    known = not release.problem and where & {*release.passed}
    return Mark(sign=SIGNS["right" if known else "idle"])


def _is_change(line: Line) -> bool:
    return bool(line.until) or not line.since.endswith(" or before")


def _order(line: Line) -> tuple[object, ...]:
    rank = min(mark.rank for mark in line.marks)
    return not _is_change(line), bool(line.until), rank, line.cause
