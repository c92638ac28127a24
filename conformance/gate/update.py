"""Rewrite a file of known differences to match a run."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
import tomli_w
from packaging.version import Version

from conformance.errors import IncompleteRunError
from conformance.gate.known import (
    KINDS,
    KnownEntry,
    find,
    find_matching,
    load_known,
    select_device,
)
from conformance.specification.device import USUAL, kind_of
from conformance.specification.disk import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from conformance.records import Failure, Header, Result, Run

TO_BE_JUDGED = "to be judged"
"""The reason of an entry that nobody has reviewed yet."""

_HEAD = """\
# Known differences of {adapter}: where it departs from the specification, and why.
# Written by `mask-conformance known {adapter} --update`; reasons and urls are kept.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """The changes to the file.

    Attributes:
        kept: Entries that still hold, partly or fully.
        dropped: Checks or globs that no longer hold.
        added: New entries, to be judged.
    """

    kept: tuple[KnownEntry, ...]
    dropped: tuple[str, ...]
    added: tuple[KnownEntry, ...]


def update(path: Path, run: Run, *, planned: Collection[str] | None = None) -> Update:
    """Rewrite the file of known differences to match the run.

    Entries for other devices stay as they are. What fails here as they say gets an
    entry for this device, with their reason.

    Entries that hold keep their reason and url; those without a smallest input get the
    one that the run found. A glob that holds only in part is replaced by the checks for
    which it holds. Entries for other versions stay.

    Args:
        path: The TOML file next to the adapter.
        run: A complete run.
        planned: All checks of the adapter. An entry that matches none is dropped;
            without this argument, only a run of the full extended plan can tell.

    Raises:
        IncompleteRunError: The run is incomplete.
        KnownError: The existing file is malformed.
    """
    if not run.complete:
        msg = f"{run.path} is incomplete: {'; '.join(run.problems)}; finish the run"
        raise IncompleteRunError(msg)
    outcomes = {result.check: result.outcome for result in run.results}
    if planned is None and run.header.level == "extended" and not run.header.selection:
        planned = outcomes
    versions = run.header.versions
    kept, dropped = [], []
    for entry in load_known(path):
        left = entry.checks
        if entry.applies(versions) and entry.holds_on(run.header.device):
            left = _narrow_patterns(entry, outcomes, planned)
        dropped += [check for check in entry.checks if check not in left]
        if left:
            kept.append(_add_smallest(replace(entry, checks=left), run))
    kept += _copies(run, kept)
    added = _additions(path, run, kept)
    numbered = [
        replace(entry, number=number)
        for number, entry in enumerate((*kept, *added), start=1)
    ]
    _write(path, run.header.adapter, numbered)
    return Update(
        kept=tuple(numbered[: len(kept)]),
        dropped=tuple(dropped),
        added=tuple(numbered[len(kept) :]),
    )


def _narrow_patterns(
    entry: KnownEntry,
    outcomes: Mapping[str, str],
    planned: Collection[str] | None,
) -> tuple[str, ...]:
    """Return the patterns of an entry that hold, narrowed if only a part does."""
    left: list[str] = []
    for pattern in entry.checks:
        found = find_matching(pattern, outcomes)
        right = [check for check in found if outcomes[check] == entry.kind]
        unseen = planned is None or bool(find_matching(pattern, planned))
        if len(right) == len(found):
            left += [pattern] if found or unseen else []
        else:
            left += right
    return tuple(dict.fromkeys(left))


def _add_smallest(entry: KnownEntry, run: Run) -> KnownEntry:
    """Give an entry without an input the smallest one that the run found."""
    if entry.smallest or not entry.applies(run.header.versions):
        return entry
    if not entry.holds_on(run.header.device):
        return entry
    mine = [
        result
        for result in run.results
        if find([entry], result.check, result.outcome, run.header.versions)
    ]
    return replace(entry, smallest=_find_smallest(mine))


def _additions(path: Path, run: Run, kept: Iterable[KnownEntry]) -> list[KnownEntry]:
    """Return an entry for each clause that is broken in an unrecorded way."""
    header = run.header
    kept = select_device(kept, header.device)
    groups: dict[tuple[str, str], list[Result]] = {}
    for result in run.results:
        recorded = find(kept, result.check, result.outcome, header.versions)
        if result.outcome in KINDS and recorded is None:
            key = (result.clause, result.outcome)
            groups.setdefault(key, []).append(result)
    return [
        KnownEntry(
            file=path,
            number=0,
            checks=tuple(sorted(result.check for result in results)),
            kind=outcome,
            reason=TO_BE_JUDGED,
            versions=_scope(header),
            devices=_list_devices(header),
            since=header.versions.get(header.framework, ""),
            smallest=_find_smallest(results),
        )
        for (_, outcome), results in sorted(groups.items())
    ]


def _copies(run: Run, kept: Iterable[KnownEntry]) -> list[KnownEntry]:
    """Return the entries of other devices that hold here too, for this device."""
    header, found = run.header, []
    entries = tuple(kept)
    here = select_device(entries, header.device)
    bad = [
        result
        for result in run.results
        if result.outcome in KINDS
        and find(here, result.check, result.outcome, header.versions) is None
    ]
    for entry in entries:
        if entry in here:
            continue
        mine = [
            result.check
            for result in bad
            if find([entry], result.check, result.outcome, header.versions)
        ]
        if mine:
            bad = [result for result in bad if result.check not in mine]
            found.append(
                replace(entry, checks=tuple(mine), devices=_list_devices(header))
            )
    return found


def _list_devices(header: Header) -> tuple[str, ...]:
    """Return the kind of device of a run; none for the CPU, which is the default."""
    kind = kind_of(header.device)
    return () if kind in USUAL else (kind,)


def _scope(header: Header) -> tuple[str, ...]:
    """Limit an entry to its framework if variants of one system share the file."""
    name = header.framework
    if ":" not in header.adapter or name not in header.versions:
        return ()
    return (f"{name}>={Version(header.versions[name]).public}",)


def _find_smallest(results: Iterable[Result]) -> dict[str, Any] | None:
    """Return the inputs of the smallest failure."""
    shown = [
        (len(msgspec.json.encode(inputs)), result.check, inputs)
        for result in results
        if result.failure and (inputs := _inputs(result.failure))
    ]
    if not shown:
        return None
    _, check, inputs = min(shown, key=lambda item: item[:2])
    return {"check": check, **inputs}


def _inputs(failure: Failure) -> dict[str, Any]:
    if failure.elided or not failure.inputs:
        return {}
    every = {
        "inputs": failure.inputs,
        "mask": failure.mask,
        "weights": failure.weights,
    }
    return {name: value for name, value in every.items() if value}


def _write(path: Path, adapter: str, entries: Iterable[KnownEntry]) -> None:
    """Replace the file atomically, and keep the comments at its top."""
    head = _HEAD.format(adapter=adapter)
    if path.exists():
        head = _comment(read_text(path)) or head
    text = head + "".join(
        "\n" + tomli_w.dumps({"known": [_table(entry)]}) + _arrays(entry.smallest)
        for entry in entries
    )
    write_text(path, text)


def _comment(text: str) -> str:
    lines = text.splitlines(keepends=True)
    count = next(
        (at for at, line in enumerate(lines) if not line.startswith("#")), len(lines)
    )
    return "".join(lines[:count])


def _table(entry: KnownEntry) -> dict[str, Any]:
    versions = list(entry.versions)
    fields: dict[str, Any] = {
        "checks": list(entry.checks),
        "kind": entry.kind,
        "reason": entry.reason,
        "finding": entry.finding,
        "cause": entry.cause,
        "url": entry.url,
        "versions": versions[0] if len(versions) == 1 else versions,
        "devices": list(entry.devices),
        "since": entry.since,
        "review-by": entry.review_by,
    }
    return {name: value for name, value in fields.items() if value}


def _arrays(smallest: Mapping[str, Any] | None) -> str:
    """Return the smallest input as readable TOML, one array per line.

    JSON and TOML write nested lists of numbers and strings in the same way.
    """
    if not smallest:
        return ""
    groups = {name: each for name, each in smallest.items() if isinstance(each, dict)}
    plain = {name: each for name, each in smallest.items() if name not in groups}
    lines = ["", "[known.smallest]", *_lines(plain)]
    for name, group in groups.items():
        lines += ["", f"[known.smallest.{name}]", *_lines(group)]
    return "\n".join(lines) + "\n"


def _lines(table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(name)} = {json.dumps(table[name])}" for name in table]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name, re.ASCII) else json.dumps(name)
