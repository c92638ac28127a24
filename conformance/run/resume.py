"""Resume a run from earlier processes: their results, observations and deaths.

Processes that died are buried by the next one: `<record>.died`, which the parent
writes, says in which checks and how.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from conformance.errors import ResultError
from conformance.records import Header, Result, read
from conformance.records.compare import SAME
from conformance.records.text import OBSERVING, tidy
from conformance.records.writing import current_file, read_observed
from conformance.specification.disk import open_regular, remove

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conformance.records import Run, Writer
    from conformance.specification.selection import Check


class Death(msgspec.Struct, frozen=True, kw_only=True):
    """The death of a process.

    Attributes:
        what: The check that it was in, or what it was observing.
        message: How it ended.
        trace: Where it was, as far as it could say.
    """

    what: str
    message: str
    trace: str = ""


_DEATHS = msgspec.json.Decoder(tuple[Death, ...])
"""Made at import: two parts of a run that read deaths at once would crash msgspec."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """The results and observations of a run's earlier processes.

    Attributes:
        results: By check id.
        observed: What was seen of what is not declared.
        started: When the first of them began; empty if there was none.
    """

    results: dict[str, Result] = field(default_factory=dict)
    observed: dict[str, str] = field(default_factory=dict)
    started: str = ""


def read_earlier(
    paths: Sequence[Path], header: Header, every: Sequence[Check]
) -> Earlier:
    """Return what some records hold of a run; one that is not begun holds nothing.

    Args:
        paths: The records.
        header: The run's header, as it would be written now.
        every: All its checks.

    Raises:
        ResultError: One is damaged, or of another run.
    """
    found = Earlier()
    ids = {check.id for check in every}
    started = []
    for path in paths:
        if not is_begun(path):
            continue
        run = read(path)
        _check_same(run, header, ids)
        for result in run.results:
            if result.outcome != "not_run":
                found.results.setdefault(result.check, result)
        found.observed.update(read_observed(path))
        found.observed.update(run.footer.observed if run.footer else {})
        started.append(run.header.started)
    return Earlier(
        results=found.results, observed=found.observed, started=min(started, default="")
    )


def death_file(record: Path) -> Path:
    """Return the side file that says how a run's processes died."""
    return record.with_name(record.name + ".died")


def read_deaths(record: Path) -> tuple[Death, ...]:
    """Return how a run's processes died, the newest last."""
    try:
        with open_regular(death_file(record)) as file:
            return _DEATHS.decode(file.read())
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError):
        return ()


def bury(deaths: Sequence[Death], writer: Writer) -> None:
    """Write down what died while it was observed, and be done with the deaths."""
    seen = read_observed(writer.path)
    for death in deaths:
        key = death.what.removeprefix(OBSERVING)
        if death.what.startswith(OBSERVING) and key not in seen:
            writer.observed(key, death.message)
    for path in (death_file(writer.path), current_file(writer.path)):
        remove(path)


def is_begun(path: Path) -> bool:
    """Tell whether a record has a whole line: a process may die before its first."""
    with suppress(OSError), open_regular(path) as file:
        return file.readline(2**24).endswith(b"\n")
    return False


def _check_same(run: Run, header: Header, ids: set[str]) -> None:
    """Refuse a record of another run: its results would not be this one's."""
    then, now = (tidy(msgspec.to_builtins(each)) for each in (run.header, header))
    for name in SAME:
        if name != "whole" and then[name] != now[name]:
            _refuse(run, f"{name} is {then[name]!r}, this run has {now[name]!r}")
    for result in run.results:
        if result.check not in ids:
            _refuse(run, f"it holds {result.check}, which this run does not ask")


def _refuse(run: Run, why: str) -> None:
    msg = (
        f"results file {run.path} is of another run: {why}; give the options that it "
        "was made with, or run without --resume"
    )
    raise ResultError(msg)
