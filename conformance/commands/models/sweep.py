"""Probe many targets, each in a process of its own that is forked from one.

Importing a framework takes longer than probing a tiny model of it. So it is imported
once, before anything is computed, and each target gets a copy of that process, with
limits of its own: what it does to itself harms nobody else.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from conformance.commands.models.seed import seed_generators
from conformance.commands.models.times import SweepTime, note_time
from conformance.errors import ConformanceError, ResultError
from conformance.probe.child import ProbeOrder, reason_file, run
from conformance.probe.frameworks import names_by_prefix
from conformance.probe.target import load_module, slug
from conformance.records import clean, read
from conformance.records.writing import read_current
from conformance.specification.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.commands.models.library import Library

POLL = 0.1
"""Seconds between two looks at the processes."""

PATIENCE = 5
"""By the clock, a target may take so many times what it may compute: something else
may keep the machine busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepSettings:
    """How a sweep is run.

    Attributes:
        output: The folder of records; each library has one in it.
        workers: Targets that are probed at once.
        shard: Which part of the targets.
        resume: Whether a target that has a record or a reason is left alone.
        quick: Whether only the targets of the gate are probed.
        only: Targets to probe; empty is all.
    """

    output: Path
    workers: int = 2
    shard: Shard = field(default_factory=Shard)
    resume: bool = False
    quick: bool = False
    only: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every target of a library is probed anew."""
        part = self.resume or self.quick or self.only
        return not part and self.shard.of == 1


def list_targets(library: Library, settings: SweepSettings) -> list[str]:
    """Return the names of the targets of a sweep, ``hf:*`` and the like written out."""
    if settings.only:
        return [each for each in settings.only if _has(library, each)]
    listed = library.quick if settings.quick else library.targets
    found: list[str] = []
    for name in listed:
        prefix, _, rest = name.partition(":")
        if rest.startswith("*"):
            found += [f"{prefix}:{each}{rest[1:]}" for each in names_by_prefix(prefix)]
        else:
            found.append(name)
    kept = dict.fromkeys(each for each in found if each not in library.left_out)
    return [each for each in kept if _part(each, settings.shard)]


def _has(library: Library, name: str) -> bool:
    """Tell whether a target is one of a library's, or could be."""
    prefix, _, rest = name.partition(":")
    for each in library.targets:
        mine, _, pattern = each.partition(":*")
        if mine == prefix and ":*" in each and ("@" in rest) == ("@" in pattern):
            return rest.endswith(pattern)
    return name in library.targets


def _part(name: str, shard: Shard) -> bool:
    """Tell whether a target belongs to a shard: whatever else is listed."""
    number = int.from_bytes(sha256(name.encode()).digest()[:8], "big")
    return number % shard.of == shard.number - 1


def sweep(
    library: Library, settings: SweepSettings, say: Callable[[str], object]
) -> list[Path]:
    """Probe a library's targets; return the records, of those that have one.

    A target without a record has a file ``.reason`` in its place, which says why.
    """
    began, computed = monotonic(), 0.0
    os.environ.update(library.variables)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in library.preload:
            load_module(module)
    names = list_targets(library, settings)
    orders = [_order(library, settings, name) for name in names]
    waiting = [each for each in orders if not (settings.resume and _is_done(each))]
    say(f"{library.name}: {len(waiting)} of {len(orders)} targets to probe")
    running: list[_Forked] = []
    while waiting or running:
        while waiting and len(running) < settings.workers:
            running.append(_Forked.start(waiting.pop(0), library))
        sleep(POLL)
        for each in [each for each in running if each.has_ended()]:
            running.remove(each)
            computed += each.computed
            say(f"{len(waiting) + len(running)} left; {each.describe()}")
    took = monotonic() - began
    say(f"{library.name}: took {took:.0f} s, of which {computed:.0f} s of computing")
    if settings.is_whole:
        _note(library, settings, took, computed)
    records = [Path(each.record) for each in orders]
    return [each for each in records if each.exists()]


def _note(
    library: Library, settings: SweepSettings, wall: float, computed: float
) -> None:
    time = SweepTime(
        library=library.name,
        date=datetime.now(UTC).date().isoformat(),
        workers=settings.workers,
        wall=round(wall, 3),
        computed=round(computed, 3),
    )
    note_time(_folder(library, settings), time)


def _folder(library: Library, settings: SweepSettings) -> Path:
    return settings.output / library.name.replace(":", ".")


def _order(library: Library, settings: SweepSettings, name: str) -> ProbeOrder:
    folder = _folder(library, settings)
    return ProbeOrder(
        target=name,
        record=str(folder / f"probe.{slug(name)}.jsonl"),
        settings=library.choose_settings(name),
        known=str(library.known) if library.known.exists() else "",
        distributions=[] if library.title == "torch" else [library.title],
    )


def _is_done(order: ProbeOrder) -> bool:
    record = Path(order.record)
    if reason_file(record).exists():
        return True
    try:
        return record.exists() and read(record).complete
    except ResultError:
        return False


@dataclass(slots=True)
class _Forked:
    """A target under probe."""

    order: ProbeOrder
    pid: int
    began: float
    seconds: float
    memory: int
    computed: float = 0.0
    reason: str = ""

    @classmethod
    def start(cls, order: ProbeOrder, library: Library) -> _Forked:
        """Fork a process for a target."""
        record = Path(order.record)
        record.parent.mkdir(parents=True, exist_ok=True)
        for suffix in (".jsonl", ".py", ".md"):
            record.with_suffix(suffix).unlink(missing_ok=True)
        reason_file(record).unlink(missing_ok=True)
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            _probe(order)  # never returns
        return cls(order, pid, monotonic(), library.seconds, library.memory * 2**20)

    def has_ended(self) -> bool:
        """Tell whether it has ended; end it where it exceeds a limit."""
        computed, memory = _measure(self.pid)
        if computed > self.seconds:
            return self._end(f"took more than {self.seconds:g} s of computing")
        if monotonic() - self.began > PATIENCE * self.seconds:
            return self._end(f"took more than {PATIENCE * self.seconds:g} s")
        if memory > self.memory:
            return self._end(f"took more than {self.memory // 2**20} MiB of memory")
        pid, status, used = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return False
        self.computed = used.ru_utime + used.ru_stime
        code = os.waitstatus_to_exitcode(status)
        if code and not reason_file(Path(self.order.record)).exists():
            self._say(f"its process ended with exit status {code}")
        return True

    def _end(self, reason: str) -> bool:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        _, _, used = os.wait4(self.pid, 0)
        self.computed = used.ru_utime + used.ru_stime
        self._say(reason)
        return True

    def _say(self, reason: str) -> None:
        record = Path(self.order.record)
        doing = read_current(record)
        record.unlink(missing_ok=True)
        text = f"{reason} while it was asked: {doing}" if doing else reason
        reason_file(record).write_text(text, encoding="utf-8")

    def describe(self) -> str:
        """Say in a line what came of it, by the clock and in seconds of computing."""
        record, took = Path(self.order.record), monotonic() - self.began
        if reason_file(record).exists():
            said = reason_file(record).read_text(encoding="utf-8")
            text = f"not driven: {' '.join(clean(said, 200).split())}"
        else:
            found = read(record).results
            bad = sorted(
                {each.clause for each in found if each.outcome in {"failed", "errored"}}
            )
            text = ", ".join(bad).replace("probe.", "") or "clean"
        return f"{self.order.target} ({took:.0f} s, {self.computed:.0f} s): {text}"


def _measure(pid: int) -> tuple[float, int]:
    """Return what a process has taken: seconds of computing, and bytes of memory."""
    import psutil

    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        return times.user + times.system, int(process.memory_info().rss)
    except psutil.Error:
        return 0.0, 0


def _probe(order: ProbeOrder) -> None:
    """Probe a target in a forked process, and end it."""
    record, status = Path(order.record), 1
    try:
        os.setsid()
        log = os.open(record.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        seed_generators()
        run(order)
        status = 0
    except ConformanceError as error:
        record.unlink(missing_ok=True)
        text = str(error).removeprefix(f"{order.target}: ")
        reason_file(record).write_text(text, encoding="utf-8")
    except BaseException:  # noqa: BLE001 - a copy of the sweep must not go on
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def read_reasons(folder: Path) -> dict[str, str]:
    """Return why targets have no record, by the slug of the target."""
    found = {}
    for path in sorted(folder.glob("*.jsonl.reason")):
        name = path.name.removesuffix(".jsonl.reason").removeprefix("probe.")
        found[name] = clean(path.read_text(encoding="utf-8"), 300)
    return found
