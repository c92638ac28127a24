"""What is done with records: report, gate, diff, and known differences."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from conformance import gate as gates
from conformance import listing, loading, results
from conformance.errors import ResultError, UsageError
from conformance.report import compatibility, write
from conformance.results import clean
from conformance.selection import Selection
from conformance.terminal import complaints, summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.results import Run


def records(paths: Iterable[Path]) -> list[Run]:
    """Read records; a folder stands for those in it, shards are merged.

    Raises:
        ResultError: There is none, or one cannot be read.
    """
    files: list[Path] = []
    given = list(paths)
    for path in given:
        files += sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        listed = ", ".join(map(str, given))
        msg = f"no records in {listed}; run `mask-conformance run` first"
        raise ResultError(msg)
    # Shards of one run belong together, runs of two versions beside each other.
    same: dict[tuple[str, ...], list[Run]] = defaultdict(list)
    for file in files:
        run = results.read(file)
        versions = sorted(run.header.versions.items())
        same[run.header.adapter, *map("=".join, versions)].append(run)
    return [_whole(runs) for _, runs in sorted(same.items())]


def report(paths: Sequence[Path], output: Path) -> list[Path]:
    """Write the report of some records and return what was written."""
    texts = {clause.id: clause.text for clause in listing.every_clause().values()}
    generated = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return write(records(paths), output, generated=generated, clauses=texts)


def publish(paths: Sequence[Path], path: Path) -> Path:
    """Put the compatibility table of some records into a Markdown file."""
    runs = records(paths)
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
    runs = records(paths)
    if old is not None:
        return _against(runs, records([old]), github=github)
    parts = [
        f"{run.header.adapter}:{text}" for run in runs if (text := complaints(run))
    ]
    status = gates.exit_status([gates.judge(run) for run in runs])
    parts += gates.annotated(runs) if github else []
    return "\n\n".join([*parts, summary(runs)]), status


def _against(
    runs: Sequence[Run], old: Sequence[Run], *, github: bool
) -> tuple[str, int]:
    found = gates.against(runs, old)
    lines = [f"{each.run.header.adapter}:\n{each}" for each in found]
    if github:
        new = [(each.run, result) for each in found for result in each.new]
        lines += gates.annotated([], new)
    return "\n\n".join(lines), max(each.status for each in found)


def diff(old: Path, new: Path) -> str:
    """Return how two records differ, as text."""
    found = results.diff(results.read(old), results.read(new))
    lines = []
    for kind in ("new", "fixed", "changed", "added", "removed"):
        lines += [f"{kind:<8} {change}" for change in getattr(found, kind)]
    return "\n".join(lines) or "no difference"


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


def _whole(runs: list[Run]) -> Run:
    return runs[0] if len(runs) == 1 else results.merge(runs)
