"""Run records in files: read back with every doubt named."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from conformance.errors import ResultError, UsageError
from conformance.records.fits import find_unfit
from conformance.records.name_table import Names
from conformance.records.record import OUTCOMES, SCHEMA, Footer, Header, Result
from conformance.records.text import parse_check, tidy
from conformance.records.writing import read_current
from conformance.specification.disk import check_regular
from conformance.specification.plain import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LINE_LIMIT = 16 * 2**20
"""Bytes in a line; a longer one is not ours."""

_SHARD = re.compile(r"([1-9]\d{0,8}/[1-9]\d{0,8})?")

_Lines = Header | Result | Footer
_LINE: msgspec.json.Decoder[Header | Result | Footer] = msgspec.json.Decoder(_Lines)

_SUSPECT = re.compile(rb"\\[bfru]|[^\x00-\x7f]")
"""What a line must have to hold text that the writer would have stripped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One record, as far as it could be read.

    Attributes:
        path: Where it was read.
        header: What was run.
        results: One for each check that has an outcome.
        footer: The last line; absent when the run did not get that far.
        problems: Why the run is not complete, one sentence each.
    """

    path: Path
    header: Header
    results: tuple[Result, ...]
    footer: Footer | None
    problems: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every planned check was run."""
        return not self.problems and self.footer is not None and self.footer.complete

    @property
    def counts(self) -> dict[str, int]:
        """Checks by outcome, every outcome present."""
        found = Counter(result.outcome for result in self.results)
        return {outcome: found[outcome] for outcome in OUTCOMES}


def read(path: Path | str) -> Run:
    """Read a record.

    A missing footer or a last line that was cut off by a crash gives an incomplete
    run; whatever else does not fit is an error, since a wrong verdict is worse than
    none.

    Raises:
        ResultError: The file is not a record of this schema, or contradicts itself.
    """
    path = Path(path)
    results: list[Result] = []
    reader = Reader(path, results.append)
    for line in lines(path):
        reader.take(line)
    return Run(
        path=path,
        header=reader.end(),
        results=tuple(results),
        footer=reader.footer,
        problems=tuple(reader.problems),
    )


def read_header(path: Path) -> Header:
    """Read the first line of a record alone.

    Raises:
        ResultError: It is no header of this schema, or cannot be read.
    """
    reader = Reader(path, lambda _result: None)
    for line in lines(path):
        reader.take(line)
        break
    return reader.header or reader.end()


def count_sound(path: Path) -> int:
    """Return how many bytes of a file, from its start, are whole lines of a record."""
    reader, good = Reader(path, lambda _result: None), 0
    with suppress(ResultError):
        for line in lines(path):
            reader.take(line)
            if not line.endswith(b"\n"):
                break
            good += len(line)
    return good


class Reader:
    """What a record has said so far; its results are handed on.

    Args:
        path: The file.
        keep: Takes each result. What it is handed, the reader forgets.
    """

    def __init__(self, path: Path, keep: Callable[[Result], object]) -> None:
        self.path = path
        self.keep = keep
        self.line = 0
        self.header: Header | None = None
        self.counts: Counter[str] = Counter()
        self.seen = Names()
        self.footer: Footer | None = None
        self.problems: list[str] = []

    def take(self, raw: bytes) -> None:
        """Add one line of the file."""
        self.line += 1
        if len(raw) > LINE_LIMIT:
            self.refuse("type", f"the line is longer than {LINE_LIMIT} bytes")
        if self.header is None:
            self._check_kind(raw)
        parsed = self._decode(raw)
        if parsed is None:
            self.problems.append(f"line {self.line} is cut off; the run crashed there")
        elif isinstance(parsed, Header):
            self._take_header(parsed)
        elif self.footer is not None:
            self.refuse("type", "there is a line after the footer")
        elif isinstance(parsed, Result):
            self._take_result(parsed)
        else:
            self.footer = parsed
            self._check_footer(parsed)

    def end(self) -> Header:
        """Take the end of the file: say why the run is incomplete, if it is."""
        if self.header is None:
            self.refuse("type", "the file is empty, expected a header")
        done, planned = self.counts.total(), self.header.planned
        if self.footer is None:
            crash = clean(read_current(self.path), 300)
            if self.seen.get(crash):
                crash = ""  # it has ended: the side file is of an earlier moment
            self.problems.append(
                f"the run ended without a footer after {done} of {planned} checks"
                + (f", while it ran {crash}" if crash else "")
            )
        elif not self.footer.complete:
            open_ = self.footer.counts.get("not_run", 0) + planned - done
            self.problems.append(f"{open_} of {planned} planned checks were not run")
        return self.header

    def refuse(self, field: str, what: str) -> NoReturn:
        """Raise the error that names file, line and field."""
        msg = (
            f"results file {self.path}, line {max(1, self.line)}, field "
            f"{clean(field, 100)}: {clean(what, 400)}; write it again with "
            "`mask-conformance run`"
        )
        raise ResultError(msg) from None

    def _check_kind(self, raw: bytes) -> None:
        """Tell foreign files and other versions before their fields are judged."""
        try:
            first = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            first = None
        if not isinstance(first, dict) or first.get("type") != "run":
            self.refuse("type", "this is no record of a run, expected a header")
        if first.get("schema") != SCHEMA:
            got = clean(repr(first.get("schema")), 40)
            self.refuse("schema", f"is {got}, this version reads {SCHEMA}")

    def _decode(self, raw: bytes) -> Header | Result | Footer | None:
        try:
            if not _SUSPECT.search(raw):
                return _LINE.decode(raw)
            # Somebody else's line: what our writer would have stripped is stripped.
            plain = msgspec.json.encode(tidy(msgspec.json.decode(raw)))
            return _LINE.decode(plain)
        except msgspec.ValidationError as error:
            field, what = _field(str(error))
            self.refuse(field, what)
        except msgspec.DecodeError as error:
            if not raw.endswith(b"\n"):
                return None
            self.refuse("(none)", str(error))
        except UnicodeDecodeError:
            self.refuse("(none)", "the line is not UTF-8")
        except RecursionError:
            self.refuse("(none)", "arrays are nested without end")

    def _take_header(self, header: Header) -> None:
        if self.header is not None:
            self.refuse("type", "there is a second header; one file holds one run")
        if not _SHARD.fullmatch(header.shard):
            self.refuse("shard", f"is {header.shard!r}, expected K/N such as 1/3")
        self.header = header

    def _take_result(self, result: Result) -> None:
        if not self.seen.add(result.check):
            self.refuse("check", f"{result.check} has a result already")
        try:
            parse_check(result.check)
        except UsageError as error:
            self.refuse("check", str(error))
        if result.outcome == "passed" and result.failure is not None:
            self.refuse("failure", "is there, but the check passed")
        if result.outcome not in {"failed", "errored"} and result.known is not None:
            self.refuse("known", f"is there, but the check is {result.outcome}")
        for field, what in find_unfit(result.failure) if result.failure else ():
            self.refuse(f"failure.{field}", what)
        self.counts[result.outcome] += 1
        self.keep(result)

    def _check_footer(self, footer: Footer) -> None:
        found, done = self.counts, self.counts.total()
        for outcome in sorted({*footer.counts, *found}):
            got, want = footer.counts.get(outcome, 0), found.get(outcome, 0)
            if got != want:
                self.refuse(f"counts.{outcome}", f"says {got}, the lines say {want}")
        planned = self.header.planned if self.header else 0
        if done > planned:
            self.refuse("counts", f"{done} results of {planned} planned")
        if footer.complete and (done < planned or found["not_run"]):
            self.refuse("complete", "is true, but planned checks were not run")


def lines(path: Path) -> Iterator[bytes]:
    """Return a file's lines; one that is too long to be ours is cut off.

    Raises:
        ResultError: The file cannot be read.
    """
    try:
        check_regular(path)
        with path.open("rb") as file:
            while line := file.readline(LINE_LIMIT + 1):
                yield line
    except OSError as error:
        msg = f"results file {path} cannot be read: {error.strerror}; check the path"
        raise ResultError(msg) from error


def _field(message: str) -> tuple[str, str]:
    """Split msgspec's message into the field and what is wrong with it."""
    what, _, where = message.partition(" - at `$")
    missing = re.search(r"missing required field `(\w+)`", what)
    field = where.strip("`.") or (missing.group(1) if missing else "(none)")
    return field, what[:1].lower() + what[1:]
