"""Read, search and verify the file of known differences next to an adapter."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from datetime import date  # noqa: TC003 - msgspec reads the annotation
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from conformance.errors import KnownError
from conformance.gate.smallest import check_smallest
from conformance.records.record import FINDING
from conformance.records.text import is_reason
from conformance.specification.device import KINDS as DEVICE_KINDS
from conformance.specification.device import Kind as DeviceKind
from conformance.specification.device import holds_on
from conformance.specification.disk import read_text
from conformance.specification.plain import clean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

Kind = Literal["failed", "errored"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_Text = Annotated[str, msgspec.Meta(pattern=r"\S")]


class _Table(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    rename={"review_by": "review-by"},
):
    """One ``[[known]]`` table as in the file."""

    checks: Annotated[list[_Text], msgspec.Meta(min_length=1)]
    kind: Kind
    reason: _Text
    url: Annotated[str, msgspec.Meta(pattern=r"^(https://[^\s\"'<>\\]+)?$")] = ""
    versions: list[_Text] | _Text = []
    devices: list[DeviceKind] = []
    since: str = ""
    review_by: date | None = None
    finding: Annotated[str, msgspec.Meta(max_length=FINDING)] = ""
    cause: Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9_]+\.[a-z0-9-]+)?$")] = ""
    smallest: dict[str, Any] | None = None


msgspec.json.Decoder(_Table)  # described here: see cases/validate.py
FIELDS = _Table.__struct_encode_fields__

_HINTS = {
    "checks": "expected a list of check ids or globs",
    "kind": f"choose from: {', '.join(KINDS)}",
    "reason": "say in a sentence why the difference is accepted",
    "url": "expected https://... or nothing",
    "versions": 'expected requirements such as "keras>=3.15,<4"',
    "devices": f'expected a list such as ["cuda"], of {", ".join(DEVICE_KINDS)}',
    "review-by": "expected a date such as 2027-06-30",
    "finding": f"say it in at most {FINDING} characters",
    "cause": "expected an operation and a slug such as masked_mean.divides-by-t",
    "smallest": "expected a table with check, inputs and mask",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """One recorded difference.

    Attributes:
        file: Its file.
        number: Its position in the file, from 1.
        checks: Check ids or globs.
        kind: How the checks end: failed or errored.
        reason: Why it is accepted, in one sentence.
        url: Where upstream discusses it; https only.
        versions: Requirements such as ``keras>=3.15,<4``; all must hold.
        devices: Kinds of device on which it holds; without any, on a CPU.
        since: The first version that showed it.
        review_by: The last day on which it holds without a review.
        finding: What the report says of it, in at most 55 characters.
        cause: Its id, where other adapters show the same; by default made of the
            finding.
        smallest: The smallest input that shows it, as in the file.
    """

    file: Path
    number: int
    checks: tuple[str, ...]
    kind: str
    reason: str
    url: str = ""
    versions: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    since: str = ""
    review_by: date | None = None
    finding: str = ""
    cause: str = ""
    smallest: Mapping[str, Any] | None = None

    def applies(self, versions: Mapping[str, str]) -> bool:
        """Tell whether the entry is about the installed versions."""
        installed = {str(canonicalize_name(name)): versions[name] for name in versions}
        return all(_holds(Requirement(text), installed) for text in self.versions)

    def holds_on(self, device: str) -> bool:
        """Tell whether the entry is about a run's device, such as ``cuda:0``."""
        return holds_on(self.devices, device)


def load_known(path: Path) -> tuple[KnownEntry, ...]:
    """Read a file of known differences; a missing file has none.

    Raises:
        KnownError: It is malformed; names file, entry and field.
    """
    try:
        content = tomllib.loads(read_text(path))
    except FileNotFoundError:
        return ()
    except RecursionError as error:
        msg = f"{path} is not valid TOML: it is nested too deep; correct it"
        raise KnownError(msg) from error
    except (ValueError, OSError) as error:
        msg = f"{path} is not valid TOML: {error}; correct it"
        raise KnownError(msg) from error
    entries = content.pop("known", [])
    if content or not isinstance(entries, list):
        found = ", ".join(sorted(content)) or "a single known"
        msg = f"{path} has {found}, expected [[known]] tables only; correct it"
        raise KnownError(msg)
    return tuple(
        _entry(path, number, table) for number, table in enumerate(entries, start=1)
    )


def select_device(entries: Iterable[KnownEntry], device: str) -> tuple[KnownEntry, ...]:
    """Return the entries that are about a device; the others are not judged there."""
    return tuple(entry for entry in entries if entry.holds_on(device))


def find_matching(pattern: str, checks: Iterable[str]) -> list[str]:
    """Return the checks that match an id or glob, case-sensitively.

    >>> matching("masked_mean/*", ["masked_mean/value:float32:eager"])
    ['masked_mean/value:float32:eager']
    """
    return [check for check in checks if fnmatchcase(check, pattern)]


def find(
    entries: Iterable[KnownEntry],
    check: str,
    outcome: str,
    versions: Mapping[str, str],
) -> KnownEntry | None:
    """Return the first entry that expects this outcome of this check."""
    for entry in entries:
        if entry.kind != outcome or not entry.applies(versions):
            continue
        if any(fnmatchcase(check, pattern) for pattern in entry.checks):
            return entry
    return None


def find_stale(
    entries: Iterable[KnownEntry],
    planned: Collection[str],
    outcomes: Mapping[str, str],
    versions: Mapping[str, str],
) -> list[str]:
    """Return a complaint for each entry that does not hold.

    Args:
        entries: The entries; those for other versions are ignored.
        planned: All checks of the adapter, including those this run left out.
        outcomes: The outcomes of this run by check; checks without an outcome, or not
            run, are not judged.
        versions: The installed versions.
    """
    complaints = []
    for entry in entries:
        if not entry.applies(versions):
            continue
        where = f"{entry.file}, entry {entry.number}"
        for pattern in entry.checks:
            found = find_matching(pattern, planned)
            if not found:
                complaints.append(
                    f"{where}: {pattern} matches no planned check; "
                    "correct the pattern or remove it"
                )
            complaints += [
                f"{where}: {check} is recorded as {entry.kind} and "
                f"{outcomes[check]}; remove it from the entry, or run "
                "`mask-conformance known ADAPTER --update`"
                for check in found
                if outcomes.get(check, "not_run") not in (entry.kind, "not_run")
            ]
    return complaints


def find_contradicted(
    entries: Iterable[KnownEntry],
    check: str,
    outcome: str,
    versions: Mapping[str, str],
) -> list[str]:
    """Return a complaint for each entry that expects one check to end otherwise."""
    wrong = []
    for entry in entries:
        mine = tuple(glob for glob in entry.checks if fnmatchcase(check, glob))
        if mine:
            one = replace(entry, checks=mine)
            wrong += find_stale([one], [check], {check: outcome}, versions)
    return list(dict.fromkeys(wrong))


def find_unjudged(
    entries: Iterable[KnownEntry], versions: Mapping[str, str] | None = None
) -> list[str]:
    """Return a complaint for each entry that gives no reason, so accepts nothing."""
    return [
        f"{entry.file}, entry {entry.number}: reason is {clean(entry.reason, 80)!r}, "
        "so it accepts nothing; say why the difference is accepted, or mend it"
        for entry in entries
        if not is_reason(entry.reason) and (versions is None or entry.applies(versions))
    ]


def find_overdue(
    entries: Iterable[KnownEntry], versions: Mapping[str, str], today: date
) -> list[str]:
    """Return a complaint for each entry with a review date in the past."""
    return [
        f"{entry.file}, entry {entry.number}: to be reviewed by {entry.review_by}, "
        f"which is past ({clean(entry.reason, 200)}); look at it again and set "
        "another review-by, or mend what it records"
        for entry in entries
        if entry.review_by is not None
        and entry.review_by < today
        and entry.applies(versions)
    ]


def _entry(path: Path, number: int, table: object) -> KnownEntry:
    """Check one table of the file."""
    try:
        parsed = msgspec.convert(table, _Table)
        check_smallest(parsed.smallest)
        listed = parsed.versions
        listed = [listed] if isinstance(listed, str) else listed
        for text in listed:
            _check_requirement(text)
    except (msgspec.ValidationError, InvalidRequirement) as error:
        what, _, where = str(error).partition(" - at `$")
        named = re.search(r"field `([\w-]+)`", what)
        field = re.sub(r"[^\w-].*", "", where.lstrip(".")) or "versions"
        field = named.group(1) if named else field
        hint = _HINTS.get(field, f"choose from: {', '.join(FIELDS)}")
        what = clean(what.partition("\n")[0], 300)  # packaging draws an arrow below
        msg = f"{path}, entry {number}, field {field}: {what}; {hint}"
        raise KnownError(msg) from error
    return KnownEntry(
        file=path,
        number=number,
        checks=tuple(parsed.checks),
        kind=parsed.kind,
        reason=parsed.reason,
        url=parsed.url,
        versions=tuple(listed),
        devices=tuple(parsed.devices),
        since=parsed.since,
        review_by=parsed.review_by,
        finding=parsed.finding,
        cause=parsed.cause,
        smallest=parsed.smallest,
    )


def _check_requirement(text: str) -> None:
    parsed = Requirement(text)
    if parsed.marker or parsed.url or parsed.extras or not parsed.specifier:
        msg = f"{text!r} is not a distribution with its versions"
        raise InvalidRequirement(msg)


def _holds(wanted: Requirement, installed: Mapping[str, str]) -> bool:
    version = installed.get(canonicalize_name(wanted.name), "")
    return wanted.specifier.contains(version, prereleases=True)
