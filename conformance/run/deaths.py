"""What the processes of a run died in, as the parent writes it down for the next one.

The deaths go to a side file, `<record>.died`, not to the record: only the child writes
that, so that no two processes ever write to one file. The parent remembers them all,
since an adapter may spoil the record in which the next process buries them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from conformance.records import read, read_observed
from conformance.records.text import OBSERVING
from conformance.records.writing import current_file, read_current
from conformance.run.resume import Death, death_file, is_begun, read_deaths
from conformance.specification.disk import make_way, remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


class Deaths:
    """The deaths of one run, by what died.

    Args:
        record: The run's record.
        plan: Returns the run's checks, in order; asked for at the first death.
    """

    def __init__(self, record: Path, plan: Callable[[], Iterable[str]]) -> None:
        self._record = record
        self._plan = plan
        self._names: tuple[str, ...] | None = None
        self._last = ""
        self._before = set[str]()
        if is_begun(record):
            self._before = {each.check for each in read(record).results}
        self._found = {each.what: each for each in read_deaths(record)}

    def __len__(self) -> int:
        return len(self._found)

    def __str__(self) -> str:
        if not self._found:
            return ""
        newest = next(reversed(self._found.values()))
        return f"{newest.what}: {newest.message}"

    @property
    def reached(self) -> int:
        """How far the deaths brought the run: what is not of the plan counts nothing.

        Without a plan there is no end to the names that an adapter can invent.
        """
        return len(self._found) if self._names else 0

    def hand_over(self) -> None:
        """Write down what the next process has to bury, and nothing an adapter wrote.

        Raises:
            OSError: It cannot be written.
        """
        path = death_file(self._record)
        if not self._found:
            remove(path)
            return
        make_way(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(msgspec.json.encode(list(self._found.values())))

    def add(self, message: str, trace: str, *, harmed: bool = False) -> str:
        """Add the death of a process; return what it died in, or nothing.

        Between two checks it dies in none.

        Args:
            message: How it ended.
            trace: Where it was, as far as it could say.
            harmed: Whether it had done something to the record.
        """
        done = []
        if is_begun(self._record):
            done = [each.check for each in read(self._record).results]
        what = self._find_blamed(
            done, begun=harmed or not self._before.issuperset(done)
        )
        self._before = {*done, what, *self._found}
        if what:
            self._found[what] = Death(what=what, message=message, trace=trace)
        return what

    def _find_blamed(self, done: list[str], *, begun: bool) -> str:
        """Return what was announced, or the check that has to be next if that is a lie.

        An adapter can write anything into the side file. What it cannot change is the
        order of the plan. A process that has begun has announced something: where that
        is not there, it was removed.
        """
        said = read_current(self._record)
        silent = not begun and not os.path.lexists(current_file(self._record))
        # What had ended before this process began it cannot have announced.
        last, self._last = self._last, done[-1] if done else ""
        if silent or (done and said == self._last != last):
            return ""
        over = {*done, *self._found}
        names = self._read_plan()
        left = [each for each in names if each not in over]
        if said in left or (said and not names and said not in over):
            return said
        if left:
            return left[0]
        seen = read_observed(self._record)
        observed = said.startswith(OBSERVING) and said not in over
        return said if observed and said.removeprefix(OBSERVING) not in seen else ""

    def _read_plan(self) -> tuple[str, ...]:
        if self._names is None:
            self._names = tuple(self._plan())
        return self._names
