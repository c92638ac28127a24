"""Two runs beside each other, check by check: as text, as Markdown, as a page."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.records import clean
from conformance.report.columns import anchor
from conformance.report.html import render
from conformance.report.markdown import code, escape, truncate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.records import Change, Changes, Record

KINDS = {
    "new": "passed before, differs now",
    "fixed": "differed before, passes now",
    "changed": "another outcome, neither new nor fixed",
    "added": "not in the old run",
    "removed": "not in the new run",
}
"""What a change can be, and what that means; new and fixed first."""

LISTED = 1_000
"""Changes of one kind of one adapter that the page lists."""

SHORT = 100
LINE = 200
"""As many in Markdown, and characters of each message there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two runs of one adapter, and what changed between them.

    Attributes:
        name: The adapter; both names where they differ.
        old: The old run; absent where there is none.
        new: The new run; absent where there is none.
        difference: What changed; absent where a run is.
    """

    name: str
    old: Record | None
    new: Record | None
    difference: Changes | None

    @property
    def id(self) -> str:
        """The anchor of its part of the page."""
        return f"a-{anchor(self.name).replace('/', '_')}"

    @property
    def kinds(self) -> list[tuple[str, str, tuple[Change, ...]]]:
        """Each kind of change that there is: its name, its meaning, the changes."""
        if self.difference is None:
            return []
        found = (
            (kind, text, getattr(self.difference, kind)) for kind, text in KINDS.items()
        )
        return [each for each in found if each[2]]

    @property
    def notes(self) -> list[str]:
        """What else the reader must know: other versions, another question, no end."""
        if self.old is None or self.new is None:
            return [f"only in the {'new' if self.old is None else 'old'} runs"]
        was, now = self.old.header, self.new.header
        found = []
        for name in sorted({*was.versions, *now.versions}):
            before, after = was.versions.get(name), now.versions.get(name)
            if before != after:
                found.append(f"{name}: {before or 'absent'} -> {after or 'absent'}")
        for name in ("level", "seed", "examples", "cases_digest", "specification"):
            before, after = str(getattr(was, name)), str(getattr(now, name))
            if before != after:
                found.append(f"{name}: {before} -> {after}")
        for side, run in (("old", self.old), ("new", self.new)):
            found += [f"the {side} run is incomplete: {text}" for text in run.problems]
        return found

    @property
    def sentence(self) -> str:
        """The counts; kinds that do not occur are left out."""
        if self.difference is None:
            return "nothing to compare with"
        counts = [f"{len(changes):,} {kind}" for kind, _, changes in self.kinds]
        return ", ".join(counts) or "no difference"


def verdict(pairs: Sequence[Pair]) -> str:
    """Return the page's first sentence."""
    every = Counter(dict.fromkeys(KINDS, 0))
    for pair in pairs:
        every.update({kind: len(changes) for kind, _, changes in pair.kinds})
    counts = [f"{count:,} {kind}" for kind, count in every.items()]
    several = f"{len(pairs)} adapters" if len(pairs) > 1 else pairs[0].name
    return f"{several}, check by check: {', '.join(counts)}."


def as_text(pairs: Sequence[Pair]) -> str:
    """Return a line for each change, under a heading for each adapter if several."""
    lines: list[str] = []
    for pair in pairs:
        lines += [f"{pair.name}: {pair.sentence}"] if len(pairs) > 1 else []
        lines += [
            line
            for note in pair.notes
            for line in textwrap.wrap(note, 80, subsequent_indent="  ")
        ]
        for kind, _, changes in pair.kinds:
            lines += [
                f"{kind:<8} {' '.join(clean(str(one)).split())}" for one in changes
            ]
    whole = len(pairs) == 1 and not pairs[0].kinds
    return "\n".join([*lines, *(["no difference"] if whole else [])])


def as_markdown(pairs: Sequence[Pair]) -> str:
    """Return the changes for a pull request's comment or a job's summary."""
    parts = [f"# Mask conformance: what changed\n\n{escape(verdict(pairs))}\n"]
    for pair in pairs:
        parts.append(f"## {escape(pair.name)}\n\n{escape(pair.sentence)}\n")
        parts += [f"> {escape(note, LINE)}\n" for note in pair.notes]
        for kind, text, changes in pair.kinds:
            rows = [_row(change) for change in changes[:SHORT]]
            more = len(changes) - len(rows)
            rows += [f"\nand {more:,} more"] if more > 0 else []
            head = "| check | before | after | message |\n| --- | --- | --- | --- |"
            title = f"**{kind}** ({len(changes):,}): {text}"
            parts.append("\n".join([title, "", head, *rows, ""]))
    return truncate("\n".join(parts))


def as_page(pairs: Sequence[Pair], generated: str) -> str:
    """Return the changes as a page like the report's."""
    return render(
        "diff.html",
        pairs=pairs,
        verdict=verdict(pairs),
        generated=generated,
        listed=LISTED,
    )


def _row(change: Change) -> str:
    before, after = change.before or "absent", change.after or "absent"
    message = escape(change.message, LINE)
    return f"| {code(change.check)} | {before} | {after} | {message} |"
