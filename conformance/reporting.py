"""What is done with records: report, gate, diff, and known differences."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import gate as gates
from conformance import listing, loading, results
from conformance.errors import IncompleteRunError, ResultError, UsageError
from conformance.records import gather
from conformance.report import changes, compatibility, write
from conformance.results import clean
from conformance.selection import Selection
from conformance.terminal import complaints, summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.records import Gathered
    from conformance.results import Record, Stored


def report(paths: Sequence[Path], output: Path) -> tuple[list[Path], Gathered]:
    """Write the report of some records; return what was written, and of what."""
    found = gather(paths)
    texts = {clause.id: clause.text for clause in listing.every_clause().values()}
    written = write(
        found.runs, output, generated=_now(), clauses=texts, refused=found.refused
    )
    return written, found


def publish(paths: Sequence[Path], path: Path) -> Path:
    """Put the compatibility table of some records into a Markdown file."""
    runs = gather(paths).runs
    known: dict[str, Sequence[gates.KnownEntry]] = {}
    for run in runs:
        try:
            declaration = loading.declaration(run.header.adapter)
        except UsageError:
            continue  # a foreign record: its counts are told, its reasons are not here
        known[run.header.adapter] = gates.load_known(loading.known_file(declaration))
    compatibility(runs, known, path)
    return path


def gate(
    paths: Sequence[Path], old: Path | None = None, *, github: bool = False
) -> tuple[str, int]:
    """Return what stored records mean, and the exit status.

    Args:
        paths: Records, or folders of them.
        old: The records of an older run: then only what changed matters.
        github: Whether to say what is new as annotations of a GitHub job too.
    """
    found = gather(paths)
    if old is not None:
        return _against(found.runs, gather([old]).runs, github=github)
    parts = [f"error: {text}" for text in found.complaints]
    parts += [
        f"{run.header.adapter}:{text}"
        for run in found.runs
        if (text := complaints(run))
    ]
    status = gates.exit_status([gates.judge(run) for run in found.runs])
    parts += gates.annotated(found.runs) if github else []
    return "\n\n".join([*parts, summary(found.runs)]), max(status, found.status)


def _against(
    runs: Sequence[Record], old: Sequence[Record], *, github: bool
) -> tuple[str, int]:
    found = gates.against(runs, old)
    lines = [f"{each.run.header.adapter}:\n{each}" for each in found]
    if github:
        new = [(each.run, result) for each in found for result in each.new]
        lines += gates.annotated([], new)
    return "\n\n".join(lines), max(each.status for each in found)


def merge(paths: Sequence[Path], output: Path) -> tuple[str, int]:
    """Write the shards of one run as one record; return what came of it."""
    whole = results.merge([results.read(path) for path in paths])
    results.write(whole, output)
    lines = [f"{output}: {len(whole.results)} of {whole.header.planned} checks"]
    lines += [f"INCOMPLETE: {problem}" for problem in whole.problems]
    return "\n".join(lines), 0 if whole.complete else IncompleteRunError.exit_status


def diff(old: Path, new: Path, form: str) -> tuple[str, tuple[str, ...]]:
    """Return how the records in two files or folders differ, and what was not read.

    Adapters are paired by name, two single records whatever their names. Of several
    runs of one adapter the last that was started counts.
    """
    before, after = gather([old]), gather([new])
    pairs = _pairs(_last(before), _last(after))
    if form == "text":
        text = changes.as_text(pairs)
    elif form == "markdown":
        text = changes.as_markdown(pairs)
    else:
        text = changes.as_page(pairs, _now())
    return text, (*before.complaints, *after.complaints)


def _last(found: Gathered) -> dict[str, Stored]:
    return {run.header.adapter: run for run in found.runs}


def _pairs(old: Mapping[str, Stored], new: Mapping[str, Stored]) -> list[changes.Pair]:
    if len(old) == len(new) == 1 and set(old) != set(new):
        name = " and ".join((*old, *new))
        old, new = (
            dict.fromkeys([name], *old.values()),
            dict.fromkeys([name], *new.values()),
        )
    made = []
    for name in sorted({*old, *new}):
        was, now = old.get(name), new.get(name)
        found = results.diff(was, now) if was and now else None
        made.append(changes.Pair(name=name, old=was, new=now, difference=found))
    return sorted(made, key=lambda pair: (not pair.kinds, pair.name))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def known(reference: str, path: Path | None, folder: Path, *, update: bool) -> str:
    """List an adapter's known differences, or fit them to its last record."""
    declaration = loading.declaration(reference)
    file = loading.known_file(declaration)
    if not update:
        entries = gates.load_known(file)
        today = datetime.now(UTC).date()
        lines = [
            clean(f"{', '.join(e.checks)}: {e.reason} {e.url}".strip()) for e in entries
        ]
        lines += [
            f"OVERDUE {complaint}"
            for e in entries
            for complaint in gates.overdue([replace(e, versions=())], {}, today)
        ]
        return "\n".join(lines) or f"{file}: no known differences"
    record = path or folder / f"{declaration.name.replace(':', '-')}.jsonl"
    if not Path(record).exists():
        msg = f"{record}: no such record; run `mask-conformance run {reference}` first"
        raise ResultError(msg)
    every = listing.planned(declaration, Selection(level="extended"))
    changed = gates.update(
        file, results.read(record), planned=[check.id for check in every]
    )
    lines = [f"{file}: {len(changed.kept)} entries kept"]
    lines += [f"dropped, no longer so: {pattern}" for pattern in changed.dropped]
    lines += [
        f"added, give it a reason and a url: {', '.join(entry.checks)}"
        for entry in changed.added
    ]
    return "\n".join(lines)
